// SPDX-License-Identifier: GPL-2.0-only
//
// Stage 2: asked from EL3, or with a guest behind it.
#include "guest.hpp"
#include "sweep.hpp"

// HCR_EL2.FWB changes what MemAttr means and nothing else, so it need not meet every format.
using Fwb4K = vmsa::Format<vmsa::Stage2Fwb, vmsa::Granule4K, 48>;
using Fwb16K = vmsa::Format<vmsa::Stage2Fwb, vmsa::Granule16K, 52>;
using Fwb64K = vmsa::Format<vmsa::Stage2Fwb, vmsa::Granule64K, 52>;

extern "C" int main()
{
	mmu::Report report;
	mmu::Ram ram;

	if (mmu::current_el() == 3) {
		mmu::sweep_regime<vmsa::Stage2>(report);
		mmu::sweep<Fwb4K>(report, ram, vmsa::Range::lower);
		mmu::sweep<Fwb16K>(report, ram, vmsa::Range::lower);
		mmu::sweep<Fwb64K>(report, ram, vmsa::Range::lower);
	} else {
		mmu::live_guests<vmsa::Stage2>(report);
		mmu::live_guest<Fwb4K>(report);
	}
	return report.close();
}
