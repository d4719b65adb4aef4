// SPDX-License-Identifier: MIT OR Apache-2.0
//
// LinearMap: every address is mapped to itself plus an offset, which may be negative.
//
//   LinearMap<El1And0, Granule4K> map{pages, {.va_bits = 39, .range = Range::upper},
//                                     0x80'0000'0000};   // 0xffff'ff80'0000'0000 -> 0
#pragma once

#include "vmsa/live_map.hpp"

namespace vmsa
{

// The sum is modulo 2^64, which makes the upper range lie right below 0: an offset leads from either
// range to any output. A sum that has wrapped where it should not is no output address, because
// those have 52 bits at most and inputs that many significant ones: the map refuses it with
// beyond_output, naming it.
struct Offset {
	int64_t bytes = 0; // added to each input

	constexpr Offset() = default;
	// `offset` in bytes; a multiple of the page.
	constexpr Offset(int64_t offset) : bytes{offset}
	{
	}

	// The output is the input plus the offset; contiguous without end.
	constexpr Extent operator()(auto input) const
	{
		return {Pa{input.raw() + static_cast<uint64_t>(bytes)}, ~uint64_t{0}};
	}
};

// A LiveMap that maps every address to itself plus an offset.
template <TranslationStage Stage, PageGranule Granule, unsigned OutputBits = 48,
	  TableMemory Memory = TablePool<Granule>, Cpu C = ThisCpu>
using LinearMap = LiveMap<Stage, Granule, Offset, OutputBits, Memory, C>;

} // namespace vmsa
