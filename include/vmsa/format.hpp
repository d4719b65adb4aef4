// SPDX-License-Identifier: MIT OR Apache-2.0
//
// A format says what the 64 bits of a descriptor mean. Pure functions, no state.
//
//   Format<Stage, Granule>   Stage is a tag (Stage2), Granule one of granule.hpp
//
// The bits every format shares stand here; a stage adds its attributes (format_stage2.hpp).
//
//            bit 1 0   level -1..2           level 3
//                x 0   invalid               invalid
//                0 1   block                 reserved, faults
//                1 1   table                 page
#pragma once

#include "vmsa/address.hpp"
#include "vmsa/granule.hpp"

namespace vmsa
{

template <class Stage, class Granule> struct Format;

template <class Granule> struct DescriptorLayout {
	static constexpr Descriptor valid_bit = bit(0);
	static constexpr Descriptor not_block_bit = bit(1); // table, or page at level 3
	static constexpr Descriptor contiguous = bit(52);
	static constexpr unsigned output_bits = 48;

	// Bit 0 alone decides (rule I_WZBGY): 0b10 is as invalid as 0b00.
	static constexpr bool is_valid(Descriptor d)
	{
		return d & valid_bit;
	}

	static constexpr bool is_table(Descriptor d, Level level)
	{
		return level < last_level && (d & 3) == 3;
	}

	// A reserved encoding (0b01 at level 3, a block where there are none) is no leaf: it faults.
	static constexpr bool is_leaf(Descriptor d, Level level)
	{
		return is_valid(d) && (d & 3) == leaf_type(level) && allows_leaf(level);
	}

	// 4K: 4K, 2M, 1G; 16K: 16K, 32M; 64K: 64K, 512M (Arm ARM D8.3.1, no LPA or LPA2).
	static constexpr bool allows_leaf(Level level)
	{
		return level >= (Granule::page_shift == 12 ? 1 : 2) && level <= last_level;
	}

	static constexpr Descriptor leaf_type(Level level)
	{
		return level == last_level ? valid_bit | not_block_bit : valid_bit;
	}

	// The output address of a leaf. Masked by level: below the block size lie other fields
	// (nT is bit 16), not address bits.
	static constexpr Pa output(Descriptor d, Level level)
	{
		return Pa{d & low_bits(output_bits) & ~(Granule::size(level) - 1)};
	}

	// The first leaf of a table that is to map what the block `d` of `level` maps: the same
	// attributes, except the hint that only held for the block's neighbourhood.
	static constexpr Descriptor leaf_below(Descriptor d, Level level)
	{
		constexpr Descriptor attributes = ~low_bits(51) | (low_bits(12) & ~Descriptor{3});

		return (d & attributes & ~contiguous) | output(d, level).raw() |
		       leaf_type(level + 1);
	}

	static constexpr Descriptor table(Pa pa)
	{
		return pa.raw() | valid_bit | not_block_bit;
	}

	static constexpr Pa next_table(Descriptor d)
	{
		return Pa{d & low_bits(output_bits) & ~(Granule::page_size - 1)};
	}
};

} // namespace vmsa
