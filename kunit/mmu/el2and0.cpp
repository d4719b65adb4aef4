// SPDX-License-Identifier: GPL-2.0-only
//
// EL2&0, that is EL2 with HCR_EL2.E2H = 1: asked from EL3, or run on.
#include "live.hpp"
#include "sweep.hpp"

extern "C" int main()
{
	mmu::Report report;

	if (mmu::current_el() == 3)
		mmu::sweep_regime<vmsa::El2And0>(report);
	else
		mmu::live_regime<vmsa::El2And0>(report);
	return report.close();
}
