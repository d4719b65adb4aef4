// SPDX-License-Identifier: GPL-2.0-only
//
// Ten operations on two formats.
#include "kunit/bench/size/memory.hpp"

#include "vmsa/vmsa.hpp"

using namespace vmsa;

enum class Note : uint64_t { taken = 1 };

template <class Format>
static bool all(Mapping<Format, Memory, HardwareTlb<Format>> &map,
		Region<typename Format::Input> region, Pa ram)
{
	size_t seen = 0;
	const auto count = [&seen](auto, Level) {
		seen++;
	};
	const auto flip = [](auto, auto attributes) {
		attributes.software ^= 1;
		return attributes;
	};

	return map.map(region, Linear{region.first, ram}, normal | rw) && map.protect(region, r) &&
	       map.modify(region, flip) && map.cut(region) && map.fold(region) &&
	       map.harvest_accessed(region, count) && map.harvest_dirty(region, count) && seen &&
	       map.translate(region.first) && map.unmap(region) &&
	       map.annotate(region, Note::taken);
}

extern "C" bool measured(Mapping<Stage2_4K, Memory, HardwareTlb<Stage2_4K>> &guest,
			 Region<Ipa> guests,
			 Mapping<Format<El1And0, Granule4K>, Memory,
				 HardwareTlb<Format<El1And0, Granule4K>>> &kernel,
			 Region<Va> kernels, Pa ram)
{
	return all(guest, guests, ram) && all(kernel, kernels, ram);
}
