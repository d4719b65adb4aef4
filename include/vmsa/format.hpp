// SPDX-License-Identifier: MIT OR Apache-2.0
//
// A format says what the 64 bits of a descriptor mean. Pure functions, no state.
//
//   Format<Stage, Granule, OutputBits>
//
// Stage is a tag: Stage2 (format_stage2.hpp) or a stage 1 regime (format_stage1.hpp). OutputBits is
// 48 or 52; 52 is LPA with the 64K granule and LPA2 (TCR.DS = 1) with the others. What all formats
// share stands here:
//
//            bit 1 0   level -1..2           level 3
//                x 0   invalid               invalid
//                0 1   block                 reserved, faults
//                1 1   table                 page
//
//   output address        48 bits     52 bits, 64K (LPA)     52 bits, 4K and 16K (LPA2)
//     [47:page shift]     in place    in place               in place
//     [49:48]                         bits 13:12             in place
//     [51:50]                         bits 15:14             bits 9:8, where SH was
#pragma once

#include "vmsa/address.hpp"
#include "vmsa/granule.hpp"
#include "vmsa/speed.hpp"

namespace vmsa
{

// Stage 2, or a regime of stage 1.
template <class S>
concept TranslationStage = requires
{
	requires S::has_upper || !S::has_upper;
};

template <TranslationStage Stage, PageGranule Granule, unsigned OutputBits = 48> struct Format;

template <class F>
concept DescriptorFormat = requires(Descriptor d, Level level)
{
	typename F::Granule;
	typename F::Input;
	typename F::Attributes;
	typename F::Access;
	{F::is_table(d, level)};
	{F::is_leaf(d, level)};
};

// `WritableWhenSet`: bit 7 is S2AP[1] (stage 2), not AP[2] (stage 1).
template <class G, unsigned OutputBits, bool WritableWhenSet = false> struct DescriptorLayout {
	static_assert(OutputBits == 48 || OutputBits == 52);

	using Granule = G;

	static constexpr unsigned output_bits = OutputBits; // 48 or 52
	// 52 bits with 64K (FEAT_LPA).
	static constexpr bool lpa = OutputBits == 52 && Granule::page_shift == 16;
	// 52 bits with 4K or 16K (FEAT_LPA2).
	static constexpr bool lpa2 = OutputBits == 52 && Granule::page_shift != 16;

	// Only LPA2 with the 4K granule has a level above 0, and none of the input is left for
	// level 0 with the 64K granule.
	static constexpr Level first_level = Granule::page_shift == 12	 ? (lpa2 ? -1 : 0)
					     : Granule::page_shift == 14 ? 0
									 : 1;

	static constexpr Descriptor valid_bit = bit(0); // of all descriptors
	static constexpr Descriptor not_block_bit = bit(1); // table, or page at level 3
	static constexpr Descriptor table_type = valid_bit | not_block_bit; // a valid table
	static constexpr Field sh{9, 8}; // not with LPA2: TCR.SH speaks for all then
	static constexpr Descriptor af = bit(10); // access flag
	static constexpr Descriptor nt = bit(16); // block only: FEAT_BBM level 1
	static constexpr Descriptor dbm = bit(51); // dirty bit modifier
	static constexpr Descriptor contiguous = bit(52); // the contiguous hint

	// Bit 0 alone decides (rule I_WZBGY): 0b10 is as invalid as 0b00.
	static constexpr bool is_valid(Descriptor d)
	{
		return d & valid_bit;
	}

	// Does a descriptor of that level point to a table?
	[[gnu::always_inline]] static constexpr bool is_table(Descriptor d, Level level)
	{
		return level < last_level && (d & 3) == 3;
	}

	// A reserved encoding (0b01 at level 3, a block where there are none) is no leaf: it
	// faults.
	static constexpr bool is_leaf(Descriptor d, Level level)
	{
		return (d & 3) == leaf_type(level) && allows_leaf(level);
	}

	// 4K: 4K, 2M, 1G, and 512G with LPA2; 16K: 16K, 32M, and 64G with LPA2; 64K: 64K, 512M, and
	// 4T with LPA (Arm ARM D8.3.1).
	static constexpr bool allows_leaf(Level level)
	{
		return level >= largest_leaf_level && level <= last_level;
	}

	// The lowest level number that can have leaves.
	static constexpr Level largest_leaf_level = Granule::largest_block - (OutputBits == 52);

	// Bits [1:0] of a leaf: a block's, or at level 3 a page's.
	static constexpr Descriptor leaf_type(Level level)
	{
		return level == last_level ? valid_bit | not_block_bit : valid_bit;
	}

	// How many leaves a contiguous group of that level has; 1: there are no groups.
	static constexpr size_t contiguous_run(Level level)
	{
		return Granule::contiguous_run(level);
	}

	// An output address stands in place, except that with 52 bits those from `apart_from` on
	// stand in `apart`.
	static constexpr unsigned apart_from = lpa2 ? 50 : 48;
	static constexpr Field apart = lpa ? Field{15, 12} : Field{9, 8}; // where those bits are
	// 0 with 48 bits.
	static constexpr Descriptor apart_bits = OutputBits == 52 ? apart.mask() : 0;

	// Where an output address stands in a descriptor. `pa` is aligned to the page and has no
	// more than output_bits bits.
	static constexpr Descriptor encode_output(Pa pa)
	{
		if constexpr (OutputBits == 52)
			return (pa.raw() & low_bits(apart_from)) |
			       apart.put(pa.raw() >> apart_from);
		else
			return pa.raw();
	}

	// The inverse: `bits` are those of an address, and nothing else.
	static constexpr Pa decode_output(Descriptor bits)
	{
		if constexpr (OutputBits == 52)
			return Pa{(bits & ~apart_bits) | apart.get(bits) << apart_from};
		else
			return Pa{bits};
	}

	// The output address of a leaf. Masked by level: below the block size lie other fields (nT
	// is bit 16), not address bits.
	static constexpr Pa output(Descriptor d, Level level)
	{
		const Descriptor in_place = low_bits(apart_from) & ~(Granule::size(level) - 1);

		return decode_output(d & (in_place | apart_bits));
	}

	// A descriptor that points to the table at `pa`, and restricts nothing.
	static constexpr Descriptor table(Pa pa)
	{
		return encode_output(pa) | table_type;
	}

	// What a table descriptor has of an address. Those that table() makes have nothing else but
	// the type: they restrict nothing of what lies below.
	static constexpr Descriptor next_table_bits =
		(low_bits(apart_from) & ~(Granule::page_size - 1)) | apart_bits;

	// Does the table descriptor `d` have nothing but an address? Then it restricts nothing. What else
	// it has may be a restriction (below()), or a note of the library (occupancy.hpp).
	static constexpr bool is_plain_table(Descriptor d)
	{
		return !((d - table_type) & ~next_table_bits);
	}

	// The physical address of the table that `d` points to.
	static constexpr Pa next_table(Descriptor d)
	{
		return decode_output(d & next_table_bits);
	}

	// Every bit of a leaf that is neither type nor output address nor nT. Bit 50 is GP of stage 1.
	static constexpr Descriptor attribute_mask =
		~low_bits(50) |
		(low_bits(12) & ~Descriptor{3} & (lpa2 ? ~sh.mask() : ~Descriptor{0}));

	// Dirty state with DBM: hardware that writes to a writable-clean leaf makes bit 7 say
	// "writable". Bit 7 with DBM clear is a permission and no more.
	static constexpr Descriptor dirty_bit = bit(7);
	// Bit 7 of a dirty leaf.
	static constexpr Descriptor dirty_when = WritableWhenSet ? dirty_bit : 0;

	// Does it keep dirty state (DBM), and is it dirty?
	static constexpr bool is_dirty(Descriptor d)
	{
		return (d & dbm) && (d & dirty_bit) == dirty_when;
	}

	// What hardware may have noted in a leaf: AF, and DBM standing for the dirty state.
	static constexpr Descriptor noted_by_hardware(Descriptor d)
	{
		return (d & af) | (is_dirty(d) ? dbm : 0);
	}

	// `d` with that noted, too; dirty only where `d` keeps dirty state.
	static constexpr Descriptor note(Descriptor d, Descriptor noted)
	{
		if (d & noted & dbm)
			d = (d & ~dirty_bit) | dirty_when;
		return d | (noted & af);
	}

	// The bits that hardware may still change in a leaf: it sets an AF that is clear, and makes a leaf with DBM
	// dirty that is clean. What it has noted it does not write again. Permission indirection (FEAT_S1PIE,
	// FEAT_S2PIE), with which that is not so, must be off.
	static constexpr Descriptor open_notes(Descriptor d)
	{
		return d ^ note(d, af | dbm);
	}

	// A table is to map what the block `d` of `level` maps: what its leaves hold besides their
	// output. The same attributes, except the hint that only held for the block's
	// neighbourhood.
	static constexpr Descriptor leaf_bits_below(Descriptor d, Level level)
	{
		return (d & attribute_mask & ~contiguous) | leaf_type(level + 1);
	}
};

static_assert(DescriptorLayout<Granule64K, 52>::encode_output(Pa{0xf'1234'5678'0000}) ==
	      0x1234'5678'f000);
static_assert(DescriptorLayout<Granule64K, 52>::next_table(0x1234'5678'f003).raw() ==
	      0xf'1234'5678'0000);
static_assert(DescriptorLayout<Granule4K, 52>::encode_output(Pa{0xe'0000'0000'1000}) ==
	      0x2'0000'0000'1300);
static_assert(DescriptorLayout<Granule4K, 52>::output(0x2'0000'0000'1303, 3).raw() ==
	      0xe'0000'0000'1000);
static_assert(DescriptorLayout<Granule4K, 52>::allows_leaf(0) &&
	      !DescriptorLayout<Granule4K, 48>::allows_leaf(0));
static_assert(DescriptorLayout<Granule4K, 52>::contiguous_run(0) == 1 &&
	      DescriptorLayout<Granule4K, 52>::contiguous_run(1) == 16);
static_assert(DescriptorLayout<Granule16K, 52>::contiguous_run(1) == 1 &&
	      DescriptorLayout<Granule16K, 52>::contiguous_run(2) == 32 &&
	      DescriptorLayout<Granule16K, 52>::contiguous_run(3) == 128);
static_assert(DescriptorLayout<Granule64K, 52>::contiguous_run(1) == 1 &&
	      DescriptorLayout<Granule64K, 52>::contiguous_run(2) == 32);

} // namespace vmsa
