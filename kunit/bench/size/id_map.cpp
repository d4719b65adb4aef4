// SPDX-License-Identifier: GPL-2.0-only
//
// The smallest use in the manual: an identity map, made and turned on.
#include "vmsa/vmsa.hpp"

using namespace vmsa;

alignas(4096) static unsigned char block[16 * 4096];

extern "C" bool measured()
{
	TablePool<Granule4K> pages{block, sizeof(block)};
	IdMap<El1And0, Granule4K> map{pages, {.va_bits = 39, .asid = 1}};

	return map.map({Va{0x8020'0000}, 2 * MiB}, normal | rw) && map.configure() &&
	       map.activate();
}
