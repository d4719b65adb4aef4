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
#pragma once

#include "support/tlb_model.hpp"

namespace support
{

// Bits as the Arm ARM numbers them, on purpose not the library's: [7:6] S2AP, 10 AF, 51 DBM,
// [54:53] XN, [63:55] ignored or software's.
inline constexpr vmsa::Descriptor may_change_in_place = 0xffe8'0000'0000'04c0;

constexpr bool needs_break(vmsa::Descriptor before, vmsa::Descriptor after)
{
	return ((before ^ after) & ~may_change_in_place) != 0;
}

template <class Format>
void judge_break_before_make(Verdict &verdict, const TlbModel<Format> &tlb, const Change &c)
{
	if (!(c.after & 1))
		return;
	if (c.before & 1)
		verdict.expect(!needs_break(c.before, c.after), "a break before this make",
			       c.before, c.after);
	else
		verdict.expect(!tlb.may_hold(c.region), "a completed invalidation before this make",
			       c.region.first.raw(), c.region.last.raw());
}

} // namespace support
