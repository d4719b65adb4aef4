// SPDX-License-Identifier: GPL-2.0-only
//
// BbmAutomaton: break-before-make, descriptor by descriptor (trap 3):
//
//            ┌── permissions, AF, DBM, software bits ──┐
//            v                                         │
//         valid ─────────────────────────────────────> valid
//            │ break                                     ^
//            v                                           │ make
//         invalid ── invalidate ── sync ──> forgotten ───┘
//
// Any other way from one valid descriptor to another is refused: output address, memory type,
// shareability, contiguous and nT bit, block to table and back, one table to another.
//
// FEAT_BBM adds ways, between a block and a table of leaves that say the same, and for the contiguous hint:
//
//   level 1   block ── set nT ── invalidate, sync ──> table
//   level 2   block <──> table
//   both      contiguous <──> not
#pragma once

#include "support/tlb_model.hpp"

namespace support
{

template <class Format> constexpr bool needs_break(vmsa::Descriptor before, vmsa::Descriptor after)
{
	// Stage 1, bit 11, nG: to set it creates no global entry.
	constexpr vmsa::Descriptor ng = requires
	{
		Format::ng;
	}
	? vmsa::bit(11) : 0;

	return ((before ^ after) & ~(may_change_in_place<Format> | (after & ng))) != 0;
}

inline constexpr vmsa::Descriptor nt_bit = vmsa::bit(16);
inline constexpr vmsa::Descriptor hint_bit = vmsa::bit(52);

// May this pass without a break, on a machine with FEAT_BBM of `bbm_level`?
template <class Format>
constexpr bool may_change_size(const TlbModel<Format> &tlb, const Change<Format> &c,
			       unsigned bbm_level)
{
	if (Format::is_leaf(c.before, c.level) && Format::is_leaf(c.after, c.level) &&
	    ((c.before ^ c.after) & hint_bit))
		return bbm_level > 0 && !needs_break<Format>(c.before ^ hint_bit, c.after);

	const bool was_block = Format::is_leaf(c.before, c.level) && c.level < 3;
	const bool is_block = Format::is_leaf(c.after, c.level) && c.level < 3;

	if (was_block && is_block)
		return bbm_level > 0 && !needs_break<Format>(c.before | nt_bit, c.after);
	if (was_block && bbm_level == 1)
		return (c.before & nt_bit) && !tlb.may_hold(c.region);
	return bbm_level == 2 && was_block != is_block;
}

template <class Format>
void judge_break_before_make(Verdict &verdict, const TlbModel<Format> &tlb, const Change<Format> &c,
			     unsigned bbm_level)
{
	if (!(c.after & 1))
		return;
	if (c.before & 1)
		verdict.expect(!needs_break<Format>(c.before, c.after) ||
				       may_change_size(tlb, c, bbm_level),
			       "a break before this make", c.before, c.after);
	if (!bbm_level)
		verdict.expect((c.before & 1) || !tlb.may_hold(c.region),
			       "a completed invalidation before this make", c.region.first.raw(),
			       c.region.last.raw());
	else if (!(c.before & 1))
		verdict.expect(!tlb.may_walk_from(c.region, c.level),
			       "no walk leads past what is made", c.region.first.raw(),
			       c.region.last.raw());
	// What changes in place has contradicted nothing before, either.
	const bool in_place =
		Format::is_leaf(c.before, c.level) && !needs_break<Format>(c.before, c.after);

	if (bbm_level && !in_place && Format::is_leaf(c.after, c.level))
		verdict.expect(!tlb.may_contradict(c.region, c.level, c.after),
			       "no TLB says otherwise than what is made", c.region.first.raw(),
			       c.region.last.raw());
}

} // namespace support
