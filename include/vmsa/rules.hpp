// SPDX-License-Identifier: MIT OR Apache-2.0
//
// What a change of a leaf asks of the hardware, and what the caller wants done about it.
//
//   same         nothing changes
//   in_place     permissions, AF, dirty state, software bits: one store, then an invalidation
//   needs_break  anything else (rule R_FPXKC: output, memory type, shareability, size, global,
//                contiguous): break, invalidate, make
#pragma once

#include "vmsa/granule.hpp"

namespace vmsa
{

enum class Change : uint8_t { same, in_place, needs_break };

// Of one valid leaf into another at the same level. From or to an invalid descriptor there is
// nothing to classify: neither needs a break.
template <class Format> constexpr Change classify(Descriptor from, Descriptor to)
{
	const Descriptor differ = from ^ to;

	if (!differ)
		return Change::same;
	return (differ & ~Format::in_place_bits) ? Change::needs_break : Change::in_place;
}

enum class OnBreak : uint8_t {
	perform, // break, invalidate, make: for a moment the address faults
	refuse, // Errc::needs_break, naming the region; nothing is touched
};

struct ChangeRules {
	// A table walker may be using the tables: they are the target of an active TTBR, or were
	// and the TLBs have not been invalidated since.
	bool live = true;
	OnBreak on_break = OnBreak::perform;
	// FEAT_BBM: 0, or 1 (a block may become a table with nT set meanwhile, on which a CPU may fault
	// as on a break), or 2 (also without, and back; a CPU may report a TLB conflict, which the
	// caller handles by invalidating).
	unsigned bbm_level = 0;
};

} // namespace vmsa
