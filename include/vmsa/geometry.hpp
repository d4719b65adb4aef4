// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The shape of a stage 2 tree, from the number of IPA bits alone. Nobody asks for a root level.
//
// The root may be up to 16 tables side by side ("concatenated"), which resolves up to 4 more bits
// and saves a level. We always concatenate where we can: it makes every start level legal that
// the architecture ties to the PA size (Arm ARM D8.2.8; KVM makes the same choice, kvm_arm.h).
//
//   4K granule     IPA bits   start level   root tables
//                  32..34          2           4..16
//                  35..39          1           1
//                  40..43          1           2..16
//                  44..48          0           1
#pragma once

#include "vmsa/address.hpp"
#include "vmsa/error.hpp"
#include "vmsa/granule.hpp"

namespace vmsa
{

struct Geometry {
	unsigned input_bits = 0;
	unsigned output_bits = 0;
	Level start = 0;
	unsigned root_tables = 1; // a power of two, 1..16

	constexpr uint64_t last_input() const
	{
		return low_bits(input_bits);
	}

	constexpr uint64_t last_output() const
	{
		return low_bits(output_bits);
	}

	// Bytes of the root, and its alignment: concatenated tables are aligned to their total size.
	template <class Granule> constexpr size_t root_bytes() const
	{
		return root_tables * Granule::table_bytes;
	}

	template <class Granule> constexpr size_t root_entries() const
	{
		return root_tables * Granule::entries;
	}
};

inline constexpr unsigned max_concatenated_bits = 4;
inline constexpr unsigned min_stage2_bits = 32;
inline constexpr unsigned max_stage2_bits = 48;

// `ipa_bits` 32..48; `pa_bits` is what the machine implements (ID_AA64MMFR0_EL1.PARange), and an
// input larger than that is refused: the walk would fault at once (rule R_DTLMN).
template <class Granule>
constexpr Result<Geometry> stage2_geometry(unsigned ipa_bits, unsigned pa_bits)
{
	if (ipa_bits < min_stage2_bits || ipa_bits > max_stage2_bits)
		return Error{Errc::input_bits, ipa_bits, max_stage2_bits};
	if (pa_bits > max_stage2_bits)
		pa_bits = max_stage2_bits;
	if (ipa_bits > pa_bits)
		return Error{Errc::output_bits, ipa_bits, pa_bits};

	Level start = last_level - 1; // level 3 alone would need FEAT_TTST (rule R_SRKBC)
	while (ipa_bits > Granule::shift(start) + Granule::index_bits + max_concatenated_bits)
		start--;
	const unsigned one_table = Granule::shift(start) + Granule::index_bits;
	const unsigned extra = ipa_bits > one_table ? ipa_bits - one_table : 0;

	return Geometry{ipa_bits, pa_bits, start, 1u << extra};
}

namespace geometry_truth
{
template <class Granule> consteval bool is(unsigned ipa_bits, Level start, unsigned tables)
{
	const auto g = stage2_geometry<Granule>(ipa_bits, 48);

	return g.ok() && g.value().start == start && g.value().root_tables == tables;
}
static_assert(is<Granule4K>(32, 2, 4) && is<Granule4K>(34, 2, 16) && is<Granule4K>(35, 1, 1));
static_assert(is<Granule4K>(39, 1, 1) && is<Granule4K>(40, 1, 2) && is<Granule4K>(43, 1, 16));
static_assert(is<Granule4K>(44, 0, 1) && is<Granule4K>(48, 0, 1));
// 16K and 48 bits can only start at level 1 with two tables (rule R_DXBSH).
static_assert(is<Granule16K>(48, 1, 2) && is<Granule64K>(32, 2, 1) && is<Granule64K>(48, 1, 1));
static_assert(is<Granule64K>(46, 2, 16) && is<Granule64K>(47, 1, 1));
} // namespace geometry_truth

} // namespace vmsa
