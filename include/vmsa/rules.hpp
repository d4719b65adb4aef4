// SPDX-License-Identifier: MIT OR Apache-2.0
//
// What a change of a valid descriptor into another asks of the hardware, and what the caller wants done about
// it.
#pragma once

#include "vmsa/features.hpp"
#include "vmsa/mair.hpp"

namespace vmsa
{

// The kinds of change for which there are rules. All else (permissions, AF, dirty state, software bits,
// global to non-global) is one store, with an invalidation behind.
enum class Kind : uint8_t {
	attributes, // memory type, shareability
	output,
	global, // a leaf becomes global
	hint, // the contiguous hint comes or goes
	cut, // a block becomes a table of leaves that say the same
	fold, // and such a table a block
};

// How a live descriptor is changed.
enum class Way : uint8_t {
	make, // one store, with an invalidation behind
	nt, // nT is set first; a CPU may fault on that as on a break
	broken, // break, invalidate, make
};

// Rule R_WHZWS, and what FEAT_BBM takes from it (R_KHRBC): by Kind, and by FEAT_BBM's level 0, 1, 2. With
// nT a fold could do without a break at level 1, too; it would fault all the same.
inline constexpr Way ways[6][3] = {
	{Way::broken, Way::broken, Way::broken}, {Way::broken, Way::broken, Way::broken},
	{Way::broken, Way::broken, Way::broken}, {Way::broken, Way::make, Way::make},
	{Way::broken, Way::nt, Way::make},	 {Way::broken, Way::broken, Way::make},
};

// How a change of that kind is made on a machine with that level of FEAT_BBM.
constexpr Way way(Kind kind, unsigned bbm_level)
{
	return ways[static_cast<unsigned>(kind)][bbm_level < 2 ? bbm_level : 2];
}

static_assert(way(Kind::attributes, 0) == Way::broken && way(Kind::attributes, 1) == Way::broken &&
	      way(Kind::attributes, 2) == Way::broken);
static_assert(way(Kind::output, 0) == Way::broken && way(Kind::output, 1) == Way::broken &&
	      way(Kind::output, 2) == Way::broken);
static_assert(way(Kind::global, 0) == Way::broken && way(Kind::global, 1) == Way::broken &&
	      way(Kind::global, 2) == Way::broken);
static_assert(way(Kind::hint, 0) == Way::broken && way(Kind::hint, 1) == Way::make &&
	      way(Kind::hint, 2) == Way::make);
static_assert(way(Kind::cut, 0) == Way::broken && way(Kind::cut, 1) == Way::nt &&
	      way(Kind::cut, 2) == Way::make);
static_assert(way(Kind::fold, 0) == Way::broken && way(Kind::fold, 1) == Way::broken &&
	      way(Kind::fold, 2) == Way::make);

// What it takes to make one live leaf of another.
enum class Change : uint8_t { same, in_place, needs_break };

// Of one valid leaf into another at the same level, the hint left alone. From or to an invalid descriptor
// there is nothing to classify: neither needs a break.
template <class Format> constexpr Change classify(Descriptor from, Descriptor to)
{
	const Descriptor differ = from ^ to;

	if (!differ)
		return Change::same;
	// Whatever becomes non-global may: the bit is set now.
	return (differ & ~(Format::in_place_bits | (to & Format::not_global))) ? Change::needs_break
									       : Change::in_place;
}

// What a change does that needs break-before-make.
enum class OnBreak : uint8_t {
	perform, // break, invalidate, make: for a moment the address faults
	refuse, // Errc::needs_break, naming the region; nothing is touched
};

// How a tree is changed: Mapping::rules().
struct ChangeRules {
	// A table walker may be using the tables: they are the target of an active TTBR, or were
	// and the TLBs have not been invalidated since.
	bool live = true;
	OnBreak on_break = OnBreak::perform; // only where `live`
	// FEAT_BBM: 0, 1 or 2 (ID_AA64MMFR2_EL1.BBM). Of 2 a CPU may report a TLB conflict, which the
	// caller handles by invalidating.
	unsigned bbm_level = 0;
	// A software bit that says of a leaf without dirty state: it was written, and nobody has read that
	// yet. protect leaves it, harvest_dirty reads it. 0: none, and who protects has harvested before.
	Descriptor dirty_note = bit(58);
	// What the types of memory of stage 1 are called in leaves.
	Mair mair = {};
	// What the machine can do: attributes that ask for more are refused. By default nothing is known of it.
	Features features = {};
	// Other threads may be changing the same leaves at the same moment (shared_mapping.hpp, which sets it).
	bool shared = false;

	// Which of what attributes ask for has the machine not?
	template <class Asking> constexpr uint32_t missing(const Asking &asking) const
	{
		return features.missing(features_asked(asking));
	}

	// Does an encoding say of these attributes what the MAIR does?
	constexpr bool indexes(const Stage1Attributes &a) const
	{
		return mair.is_ours() || a.index != index_of_type;
	}
	// Stage 2 has no MAIR.
	constexpr bool indexes(const Stage2Attributes &) const
	{
		return true;
	}

	// May a change of that kind be made?
	constexpr bool allow(Kind kind) const
	{
		return !live || on_break == OnBreak::perform || way(kind, bbm_level) == Way::make;
	}

	// And is it made by one store?
	constexpr bool at_once(Kind kind) const
	{
		return !live || way(kind, bbm_level) == Way::make;
	}
};

// What a Batch goes by that is not told otherwise.
inline constexpr ChangeRules usual_rules{};

} // namespace vmsa
