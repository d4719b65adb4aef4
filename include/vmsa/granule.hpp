// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The translation granule: every shift and size that follows from the size of a page.
//
// Levels are numbered as the Arm ARM does: 3 is the last, -1 exists only with LPA2. Each level
// resolves page_shift - 3 bits, because a table fills one page with 8-byte descriptors:
//
//   4K      47      39 38      30 29      21 20      12 11         0
//          +----------+----------+----------+----------+------------+
//          | level 0  | level 1  | level 2  | level 3  |   offset   |
//          +----------+----------+----------+----------+------------+
//            512 GiB     1 GiB      2 MiB      4 KiB     per descriptor
#pragma once

#include "vmsa/bits.hpp"

#include <cstddef>

namespace vmsa
{

// A level of the walk, as the Arm ARM numbers it: -1..3.
using Level = int;
// The level of pages.
inline constexpr Level last_level = 3;

// An entry of a table.
using Descriptor = uint64_t;

// A granule: pages of 2^PageShift bytes, with PageShift 12, 14 or 16.
template <unsigned PageShift> struct Granule {
	static constexpr unsigned page_shift = PageShift; // log2 of the page
	static constexpr unsigned index_bits = PageShift - 3; // that a level resolves
	static constexpr uint64_t page_size = bit(PageShift); // in bytes
	static constexpr size_t entries = size_t{1} << index_bits; // of a table
	static constexpr size_t table_bytes = entries * sizeof(Descriptor); // one page

	// log2 of the bytes that one descriptor of `level` maps.
	static constexpr unsigned shift(Level level)
	{
		return page_shift + static_cast<unsigned>(last_level - level) * index_bits;
	}

	// How many bytes one descriptor of `level` maps.
	[[gnu::always_inline]] static constexpr uint64_t size(Level level)
	{
		return bit(shift(level));
	}

	// The level of the largest blocks: 1G, 32M, 512M. With 52 bits of output it is one less (D8.3.1).
	static constexpr Level largest_block = page_shift == 12 ? 1 : 2;

	// How many leaves of `level` side by side, aligned to as many, the contiguous hint spans (D8.7.1). 1:
	// there is no hint. Of the largest blocks, which came with 52 bits of output, the bit is RES0.
	static constexpr size_t contiguous_run(Level level)
	{
		if (level < largest_block)
			return 1;
		return page_shift == 12 ? 16 : page_shift == 14 && level == last_level ? 128 : 32;
	}
};

// One of the three granules.
template <class G>
concept PageGranule = requires(Level level)
{
	requires G::entries * sizeof(Descriptor) <= G::table_bytes;
	{G::shift(level)};
	{G::contiguous_run(level)};
};

using Granule4K = Granule<12>; // pages of 4 KiB
using Granule16K = Granule<14>; // pages of 16 KiB
using Granule64K = Granule<16>; // pages of 64 KiB

static_assert(Granule4K::size(2) == 2 * MiB && Granule4K::size(1) == GiB);
static_assert(Granule4K::size(0) == 512 * GiB && Granule4K::shift(-1) == 48);
static_assert(Granule16K::size(2) == 32 * MiB && Granule16K::size(1) == 64 * GiB);
static_assert(Granule64K::size(2) == 512 * MiB && Granule64K::size(1) == 4 * TiB);

} // namespace vmsa
