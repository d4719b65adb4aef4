// SPDX-License-Identifier: GPL-2.0-only
//
// EL3: asked through the keyhole, then run on.
#include "live.hpp"
#include "sweep.hpp"

extern "C" int main()
{
	mmu::Report report;

	mmu::sweep_regime<vmsa::El3>(report);
	mmu::live_regime<vmsa::El3>(report);
	return report.close();
}
