// SPDX-License-Identifier: GPL-2.0-only
//
// What a small hypervisor needs of stage 2: map, unmap, protect.
#include "kunit/bench/size/memory.hpp"

#include "vmsa/vmsa.hpp"

using namespace vmsa;

using Guest = Mapping<Stage2_4K, Memory, HardwareTlb<Stage2_4K>>;

extern "C" bool measured(Guest &guest, Region<Ipa> region, Pa ram)
{
	return guest.map(region, Linear{region.first, ram}, normal | rwx) &&
	       guest.protect(region, r) && guest.unmap(region);
}
