// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Break-before-make: how a descriptor that hardware may be using gets another shape.
//
// A leaf is broken by clearing its valid bit only. What is left is invalid to every walker, is
// updated by none, and still says what stood there, so that a whole run can be broken, invalidated
// once, and made again from what is in place:
//
//   leaf | 1  ──clear bit 0──>  leaf & ~1  ──invalidate, sync──>  new leaf | 1
#pragma once

#include "vmsa/runs.hpp"
#include "vmsa/tlb.hpp"

namespace vmsa
{

// What was there, with all that hardware noted: where the entry is live, it is exchanged.
[[gnu::always_inline]] constexpr Descriptor break_leaf(Descriptor *entry, bool live)
{
	Descriptor old = load(entry);

	while (!replace(entry, old, old & ~bit(0), live))
		;
	return old;
}

// Fills the table `child` with the leaves that together map what `block` of `level` maps.
template <class Format>
constexpr void fill_from_block(Descriptor *child, Descriptor block, Level level)
{
	fill_leaves<Format>(child, Format::Granule::entries, level + 1,
			    Format::output(block, level), Format::leaf_bits_below(block, level));
}

// Replaces a live block by a table of the same leaves without a break: FEAT_BBM level 1 or 2.
template <class Format, class Batch>
constexpr void split_unbroken(Batch &batch, Descriptor *entry,
			      Region<typename Format::Input> region, Level level, Descriptor *child,
			      Pa child_pa)
{
	// What TLBs hold of it says the same as the block, global or not: an earlier change is complete.
	batch.make(region);
	// Level 1: with nT set, the CPU keeps the block out of the way of smaller entries (Arm ARM
	// D8.16.1).
	if (!batch.rules().at_once(Kind::cut)) {
		replace_bits(entry, Format::nt, Format::nt);
		batch.broken(region, level);
	}

	Descriptor block = load(entry);

	do {
		fill_from_block<Format>(child, block, level);
	} while (!compare_exchange(entry, block, Format::table(child_pa)));
	// The block may be in a TLB beside the leaves that say the same. What takes it out for certain is an
	// invalidation of all its bytes, without a hint (rule R_GRVDR).
	batch.changed(region, unknown_level);
	batch.created();
}

// The same without a break: FEAT_BBM level 1 or 2. As long as a TLB holds the group as one, hardware may note
// in any of its leaves what it saw of another: they are read when no TLB does.
template <class Format, class Batch>
constexpr void set_contiguous_unbroken(Batch &batch, Descriptor *group,
				       Region<typename Format::Input> region, Level level,
				       bool hint)
{
	const size_t n = Format::contiguous_run(level);

	batch.make(region); // as above
	for (size_t i = 0; i < n; i++)
		replace_bits(group + i, Format::contiguous, hint ? Format::contiguous : 0);
	batch.replaced(region, false);
	share_notes<Format>(group, level, batch.rules().dirty_note, true);
	batch.changed(region, level);
}

// Gives the contiguous hint to a group of leaves, or takes it away. It is a promise about all of
// them, so they are broken and made together; AF or dirty state that hardware noted in one of a
// group holds for all.
template <class Format, class Batch>
constexpr void set_contiguous(Batch &batch, Descriptor *group,
			      Region<typename Format::Input> region, Level level, bool hint)
{
	const size_t n = Format::contiguous_run(level);

	if (batch.rules().live && batch.rules().at_once(Kind::hint))
		return set_contiguous_unbroken<Format>(batch, group, region, level, hint);
	if (batch.rules().live) {
		for (size_t i = 0; i < n; i++)
			break_leaf(group + i, true);
		batch.broken(region, level);
	}
	share_notes<Format>(group, level, batch.rules().dirty_note, false);
	for (size_t i = 0; i < n; i++) {
		const Descriptor d = load(group + i) & ~Format::contiguous;

		store(group + i, d | (hint ? Format::contiguous : 0) | Format::valid_bit);
	}
	batch.created();
}

} // namespace vmsa
