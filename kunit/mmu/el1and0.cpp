// SPDX-License-Identifier: GPL-2.0-only
//
// EL1&0, with stage 2 off: asked from EL3, or run on.
#include "live.hpp"
#include "sweep.hpp"

extern "C" int main()
{
	mmu::Report report;

	if (mmu::current_el() == 3)
		mmu::sweep_regime<vmsa::El1And0>(report);
	else
		mmu::live_regime<vmsa::El1And0>(report);
	return report.close();
}
