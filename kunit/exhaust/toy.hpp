// SPDX-License-Identifier: GPL-2.0-only
//
// The toy granule: tables of two or four entries. What tables can hold is then few enough to see all of it, and
// the library's own code, which is a template of the granule, does not know the difference:
//
//	two entries, three levels      22 21 20 19         0
//	                               +--+--+--+------------+
//	                               | 1| 2| 3|   offset   |
//	                               +--+--+--+------------+
//	                      per entry 4M 2M 1M
//
// Pages are larger than real ones because bit 16 of a block, nT, must not be one of its address.
// Two leaves side by side are a contiguous group, at every level. A table takes a cache line, which the library reads
// as a whole (occupancy.hpp); all but the first entries stay 0.
#pragma once

#include "vmsa/format_stage2.hpp"
#include "vmsa/geometry.hpp"

namespace exhaust
{

using vmsa::Level;

template <unsigned IndexBits> struct ToyGranule {
	static constexpr unsigned page_shift = 20;
	static constexpr unsigned index_bits = IndexBits;
	static constexpr uint64_t page_size = vmsa::bit(page_shift);
	static constexpr size_t entries = size_t{1} << index_bits;
	static constexpr size_t table_bytes = entries < 8 ? 64 : entries * 8;

	static constexpr Level largest_block = 1;

	static constexpr unsigned shift(Level level)
	{
		return page_shift + static_cast<unsigned>(vmsa::last_level - level) * index_bits;
	}
	static constexpr uint64_t size(Level level)
	{
		return vmsa::bit(shift(level));
	}
	static constexpr size_t contiguous_run(Level level)
	{
		return level < largest_block ? 1 : 2;
	}
};

inline constexpr unsigned page_shift = ToyGranule<1>::page_shift;

template <unsigned IndexBits> using Toy = vmsa::Format<vmsa::Stage2, ToyGranule<IndexBits>>;

// Of a tree of `levels` levels, 1 to 3.
template <class F> constexpr vmsa::Geometry toy_geometry(unsigned levels)
{
	return {.input_bits = F::Granule::shift(vmsa::last_level) + levels * F::Granule::index_bits,
		.output_bits = 48,
		.start = vmsa::last_level + 1 - static_cast<Level>(levels)};
}

} // namespace exhaust
