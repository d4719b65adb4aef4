// SPDX-License-Identifier: GPL-2.0-only
// Names: Cpu
#include "vmsa/vmsa.hpp"

using namespace vmsa;

struct Core {
	void dsb_ishst();
	void dsb_ish();
	void isb();
};

HardwareTlb<Stage2_4K, Core> tlb{{}, {}};
