// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The shape of a tree follows from the number of input address bits. You need not choose a root level.
//
// Stage 1: the architecture leaves no choice; each level resolves a table's worth of bits, and the
// root what is left. Stage 2: the root may be up to 16 tables side by side ("concatenated"), which
// resolves up to 4 more bits and saves a level. The library always concatenates if possible: otherwise some
// start levels are legal only for some PA sizes (Arm ARM D8.2.8; KVM makes the same choice, kvm_arm.h).
//
//   4K granule, stage 2     IPA bits   start level   root tables
//                           32..34          2           4..16
//                           35..39          1           1
//                           40..43          1           2..16
//                           44..48          0           1
//                           49..52          0           2..16       (LPA2)
#pragma once

#include "vmsa/address.hpp"
#include "vmsa/error.hpp"
#include "vmsa/granule.hpp"

namespace vmsa
{

// Stage 1 regimes with EL0 have two trees: TTBR0 for the lowest addresses, TTBR1 for the highest.
enum class Range : uint8_t { lower, upper };

// The shape of a tree. stage1_geometry and stage2_geometry make one; a default one is none.
struct Geometry {
	unsigned input_bits = 0; // bits of input addresses; 0: no geometry
	unsigned output_bits = 0; // bits of output addresses
	Level start = 0; // the level of the root
	unsigned root_tables = 1; // a power of two, 1..16; more than 1 only at stage 2
	Range range = Range::lower; // upper only at EL1&0 and EL2&0

	// The lowest input address.
	constexpr uint64_t first_input() const
	{
		return range == Range::lower ? 0 : ~low_bits(input_bits);
	}

	// The highest input address.
	constexpr uint64_t last_input() const
	{
		return range == Range::lower ? low_bits(input_bits) : ~uint64_t{0};
	}

	// The highest output address.
	constexpr uint64_t last_output() const
	{
		return low_bits(output_bits);
	}

	// The root holds just the descriptors it needs, more or less than one table.
	template <PageGranule Granule> constexpr size_t root_entries() const
	{
		return size_t{1} << (input_bits - Granule::shift(start));
	}

	// What is allocated for the root: whole tables. It is aligned to its size.
	template <PageGranule Granule> constexpr size_t root_bytes() const
	{
		return root_tables * Granule::table_bytes;
	}
};

// PS, IPS and ID_AA64MMFR0_EL1.PARange share one encoding of the physical address size.
constexpr unsigned pa_bits_of(unsigned parange)
{
	constexpr uint8_t bits[] = {32, 36, 40, 42, 44, 48, 52, 56};

	return bits[parange & 7];
}

// The largest encoded size that is no more than `pa_bits`; 32 bits is the least there is.
constexpr unsigned parange_of(unsigned pa_bits)
{
	unsigned parange = 0;

	while (parange < 7 && pa_bits_of(parange + 1) <= pa_bits)
		parange++;
	return parange;
}

// What a tree may use of `pa_bits`: no more than its format can write, nor than PS can say.
constexpr unsigned usable_output_bits(unsigned pa_bits, unsigned format_bits)
{
	return pa_bits_of(parange_of(pa_bits < format_bits ? pa_bits : format_bits));
}

inline constexpr unsigned max_concatenated_bits = 4; // 16 tables
inline constexpr unsigned min_stage2_bits = 32; // the least that stage2_geometry has
inline constexpr unsigned max_stage2_bits = 48; // 52 with LPA and LPA2
inline constexpr unsigned min_stage1_bits = 25; // T0SZ <= 39; fewer need FEAT_TTST

// `ipa_bits` 32..48, or 52 where OutputBits is; `pa_bits` is what the machine implements
// (ID_AA64MMFR0_EL1.PARange). An input larger than that is refused: the walk would fault at once
// (rule R_DTLMN). Errors: input_bits, output_bits, with what was asked and the limit.
template <PageGranule Granule, unsigned OutputBits = 48>
constexpr Result<Geometry> stage2_geometry(unsigned ipa_bits, unsigned pa_bits)
{
	if (ipa_bits < min_stage2_bits || ipa_bits > OutputBits)
		return Error{Errc::input_bits, ipa_bits, OutputBits};
	if (ipa_bits > pa_bits)
		return Error{Errc::output_bits, ipa_bits, pa_bits};
	pa_bits = usable_output_bits(pa_bits, OutputBits);

	Level start = last_level - 1; // level 3 alone would need FEAT_TTST (rule R_SRKBC)
	while (ipa_bits > Granule::shift(start) + Granule::index_bits + max_concatenated_bits)
		start--;
	const unsigned one_table = Granule::shift(start) + Granule::index_bits;
	const unsigned extra = ipa_bits > one_table ? ipa_bits - one_table : 0;

	return Geometry{ipa_bits, pa_bits, start, 1u << extra};
}

// `va_bits` 25..48, or 52 where OutputBits is (FEAT_LVA, LPA2). Errors: input_bits, with what was
// asked and the limit.
template <PageGranule Granule, unsigned OutputBits = 48>
constexpr Result<Geometry> stage1_geometry(unsigned va_bits, unsigned pa_bits,
					   Range range = Range::lower)
{
	if (va_bits < min_stage1_bits || va_bits > OutputBits)
		return Error{Errc::input_bits, va_bits, OutputBits};
	pa_bits = usable_output_bits(pa_bits, OutputBits);

	Level start = last_level;
	while (va_bits > Granule::shift(start) + Granule::index_bits)
		start--;
	return Geometry{va_bits, pa_bits, start, 1, range};
}

// How many tables a region of leaves of level `leaf` needs at most: the root's, and one for each entry of each higher
// level that the region touches. This is what a map of that region takes in an empty tree.
template <PageGranule Granule, class Input>
constexpr size_t tables_at_most(const Geometry &g, Region<Input> region, Level leaf = last_level)
{
	size_t tables = g.root_tables;

	for (Level level = g.start; level < leaf; level++)
		tables += (region.last.raw() >> Granule::shift(level)) -
			  (region.first.raw() >> Granule::shift(level)) + 1;
	return tables;
}

namespace geometry_truth
{
template <PageGranule Granule, unsigned OutputBits = 48>
consteval bool stage2(unsigned ipa_bits, Level start, unsigned tables)
{
	const auto g = stage2_geometry<Granule, OutputBits>(ipa_bits, OutputBits);

	return g.ok() && g.value().start == start && g.value().root_tables == tables;
}
static_assert(stage2<Granule4K>(32, 2, 4) && stage2<Granule4K>(34, 2, 16));
static_assert(stage2<Granule4K>(35, 1, 1) && stage2<Granule4K>(39, 1, 1));
static_assert(stage2<Granule4K>(40, 1, 2) && stage2<Granule4K>(43, 1, 16));
static_assert(stage2<Granule4K>(44, 0, 1) && stage2<Granule4K>(48, 0, 1));
static_assert(stage2<Granule4K, 52>(49, 0, 2) && stage2<Granule4K, 52>(52, 0, 16));
// 16K and 48 bits can only start at level 1 with two tables (rule R_DXBSH).
static_assert(stage2<Granule16K>(48, 1, 2) && stage2<Granule16K, 52>(52, 0, 1));
static_assert(stage2<Granule64K>(32, 2, 1) && stage2<Granule64K>(48, 1, 1));
static_assert(stage2<Granule64K>(46, 2, 16) && stage2<Granule64K, 52>(52, 1, 1));

template <PageGranule Granule, unsigned OutputBits = 48>
consteval bool stage1(unsigned va_bits, Level start, size_t entries)
{
	const auto g = stage1_geometry<Granule, OutputBits>(va_bits, OutputBits);

	return g.ok() && g.value().start == start &&
	       g.value().template root_entries<Granule>() == entries;
}
static_assert(stage1<Granule4K>(25, 2, 16) && stage1<Granule4K>(39, 1, 512));
static_assert(stage1<Granule4K>(40, 0, 2) && stage1<Granule4K>(48, 0, 512));
static_assert(stage1<Granule4K, 52>(49, -1, 2) && stage1<Granule4K, 52>(52, -1, 16));
static_assert(stage1<Granule16K>(36, 2, 2048) && stage1<Granule16K>(48, 0, 2));
static_assert(stage1<Granule64K>(25, 3, 512) && stage1<Granule64K>(42, 2, 8192));
static_assert(stage1<Granule64K>(48, 1, 64) && stage1<Granule64K, 52>(52, 1, 1024));
} // namespace geometry_truth

} // namespace vmsa
