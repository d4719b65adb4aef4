// SPDX-License-Identifier: MIT OR Apache-2.0
//
// IdMap: every address is mapped to itself. What code runs on while its MMU is turned on.
//
//   TablePool<Granule4K> pages{block, sizeof(block)};
//   IdMap<El1And0, Granule4K> map{pages, {.va_bits = 39, .asid = 1}};
//
//   if (auto done = map.map({Va{0x8020'0000}, 2 * MiB}, normal | rw); !done)
//           return done.error();
#pragma once

#include "vmsa/live_map.hpp"

namespace vmsa
{

// There is no output address in the upper range: the map refuses it with beyond_output.
struct Identity {
	// The output is the input; contiguous without end.
	constexpr Extent operator()(auto input) const
	{
		return {Pa{input.raw()}, ~uint64_t{0}};
	}
};

// A LiveMap that maps every address to itself.
template <TranslationStage Stage, PageGranule Granule, unsigned OutputBits = 48,
	  TableMemory Memory = TablePool<Granule>, Cpu C = ThisCpu>
using IdMap = LiveMap<Stage, Granule, Identity, OutputBits, Memory, C>;

} // namespace vmsa
