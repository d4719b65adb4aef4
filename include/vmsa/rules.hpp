// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Which changes of a live descriptor need break-before-make, and how the caller wants them to be made.
#pragma once

#include "vmsa/features.hpp"
#include "vmsa/mair.hpp"

namespace vmsa
{

// The kinds of change for which the architecture has rules. All other changes (permissions, AF, dirty state, software
// bits, global to non-global) are one store, followed by an invalidation.
enum class Kind : uint8_t {
	attributes, // memory type, shareability
	output,
	global, // a leaf becomes global
	hint, // the contiguous hint is set or cleared
	cut, // a block becomes a table of leaves that mean the same
	fold, // such a table becomes a block
};

// How a live descriptor is changed.
enum class Way : uint8_t {
	make, // one store, followed by an invalidation
	nt, // nT is set first; a CPU may fault on that, as on an invalid entry
	broken, // break, invalidate, make
};

// Rule R_WHZWS, and what FEAT_BBM relaxes (R_KHRBC): by Kind, and by level 0, 1, 2 of FEAT_BBM. At level 1 a fold could
// use nT instead of a break, but a CPU may fault on that just as well.
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

// What it takes to change one live leaf into another.
enum class Change : uint8_t { same, in_place, needs_break };

// The bits that a leaf cannot get in place from another one. It may become non-global so; it needs a break to become
// global.
template <class Format> constexpr Descriptor needing_break(Descriptor to)
{
	return ~(Format::in_place_bits | (to & Format::not_global));
}

// What changing a valid leaf into another one at the same level takes; the contiguous hint is ignored. A change from or
// to an invalid descriptor needs no break, and is not classified.
template <class Format> constexpr Change classify(Descriptor from, Descriptor to)
{
	const Descriptor differ = from ^ to;

	if (!differ)
		return Change::same;
	return (differ & needing_break<Format>(to)) ? Change::needs_break : Change::in_place;
}

// What to do if a change needs break-before-make.
enum class OnBreak : uint8_t {
	perform, // break, invalidate, make: for a moment accesses fault
	refuse, // Errc::needs_break, with the region; nothing is changed
};

// How a tree is changed: Mapping::rules().
struct ChangeRules {
	// A table walker may use the tables: a TTBR in use points to them, or did so and the TLBs have not been
	// invalidated since.
	bool live = true;
	OnBreak on_break = OnBreak::perform; // only where `live`
	// FEAT_BBM: 0, 1 or 2 (ID_AA64MMFR2_EL1.BBM). With 2, a CPU may report a TLB conflict; the caller must then
	// invalidate its TLB.
	unsigned bbm_level = 0;
	// A software bit with the meaning: this leaf keeps no dirty state any more, but it was written, and
	// harvest_dirty has not reported that yet. protect sets it, harvest_dirty reads it. 0 means that there is no
	// such bit; then call harvest_dirty before protect.
	Descriptor dirty_note = bit(58);
	// Which index of a stage 1 leaf means which memory type.
	Mair mair = {};
	// What the machine can do. Attributes that need more are refused. By default nothing is known about it.
	Features features = {};
	// Other threads may be changing the same leaves at the same moment (shared_mapping.hpp, which sets it).
	bool shared = false;

	// The features that these attributes need and the machine lacks.
	template <class Asking> constexpr uint32_t missing(const Asking &asking) const
	{
		return features.missing(features_asked(asking));
	}

	// True if the leaf has the right index as encoded: the MAIR is ours, or the attributes name an index.
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

	// Is it made by one store?
	constexpr bool at_once(Kind kind) const
	{
		return !live || way(kind, bbm_level) == Way::make;
	}
};

// The rules of a Batch that was given none.
inline constexpr ChangeRules usual_rules{};

} // namespace vmsa
