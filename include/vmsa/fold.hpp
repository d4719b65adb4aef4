// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Fold: replace small leaves by large ones that mean the same. If all leaves of a table have the same attributes, and
// their output is contiguous and aligned, one block replaces the table. A contiguous group of such leaves gets the
// hint. Empty tables are freed, too (only adopted tables can be empty).
//
//   table of 512 like leaves  ──break──>  invalid  ──invalidate, sync──>  block
//
// Hardware may note AF and dirty state in the leaves until the invalidation is complete, and a note may come later
// still. So each leaf is broken after it. If they differ then, all are made valid, and the table is linked again.
#pragma once

#include "vmsa/change.hpp"
#include "vmsa/live.hpp"
#include "vmsa/occupancy.hpp"

namespace vmsa
{

// How far fold goes.
struct FoldLimits {
	Level largest = -1; // the lowest level a block may have
	bool contiguous = false; // give groups that stay leaves the contiguous hint
};

template <class T, class Batch> class Folder {
	using Format = typename T::Format;
	using Granule = typename T::Granule;
	using Input = typename T::Input;

    public:
	constexpr Folder(T &tree, Batch &batch, FoldLimits limits)
	    : tree_{tree}, batch_{batch}, limits_{limits}
	{
	}

	// Deepest tables first, so that pages may become blocks and those larger blocks.
	constexpr void run(Descriptor *table, Level level, Input at, Input last)
	{
		while (level < last_level) {
			const uint64_t size = Granule::size(level);
			const auto part = part_in_entry(at, last, size);
			Descriptor *entry = table + tree_.index(level, at);
			const Descriptor d = load(entry);

			if (Format::is_table(d, level)) {
				run(tree_.child(d), level + 1, part.first, part.last);
				// A table of which only a part was asked for stays.
				if (part.size() == size)
					fold_table(entry, part, level);
				if (emptied_ && Format::is_table(load(entry), level))
					know(entry, 0);
			}
			if (part.last == last)
				break;
			at = part.last + 1;
		}
	}

	// Groups of like leaves within one table of `level`; [at, last] lies within it.
	constexpr void hint(Descriptor *table, Level level, Input at, Input last)
	{
		const uint64_t size = Format::contiguous_run(level) << Granule::shift(level);

		for (;;) {
			const auto part = part_in_entry(at, last, Granule::size(level));
			Descriptor *entry = table + tree_.index(level, at);
			const Descriptor d = load(entry);
			Input end = part.last;

			if (Format::is_table(d, level)) {
				hint(tree_.child(d), level + 1, part.first, part.last);
			} else if (at.is_aligned(size) && last - at >= size - 1 &&
				   hint_group(entry, {at, size}, level)) {
				end = at + (size - 1);
			}
			if (end == last)
				return;
			at = end + 1;
		}
	}

    private:
	static constexpr Descriptor ignored = Format::af | Format::contiguous;

	// The bits in which any of `n` leaves of `level` differs from what the first one says of it, or all bits where
	// that is no leaf, or not one that could be `n` times as large.
	static constexpr Descriptor differences(const Descriptor *entry, size_t n, Level level)
	{
		const Descriptor first = load(entry);

		if (!Format::is_leaf(first, level) ||
		    !Format::output(first, level).is_aligned(n << Granule::shift(level)))
			return ~Descriptor{0};

		// No addition carries out of the output: that is aligned to all of them.
		const uint64_t size = Granule::size(level);
		Descriptor next = first;
		Descriptor differ = 0;

		if (has_pairs && count_up(entry, n, first, size)) // mostly they do not
			return 0;
		look_at(
			entry, n, [&](Descriptor d) __attribute__((always_inline)) {
				differ |= d ^ next;
				next += size;
			});
		return differ;
	}

	// Do they say what one leaf could say? Their AF may differ: the block is accessed when any of them was.
	static constexpr bool alike(Descriptor differ, Level level)
	{
		return !(differ & (((Format::attribute_mask | 3) & ~ignored) | Format::apart_bits |
				   (low_bits(Format::apart_from) & ~(Granule::size(level) - 1))));
	}

	constexpr void fold_table(Descriptor *entry, Region<Input> part, Level level)
	{
		const Descriptor d = load(entry);
		Descriptor *child = tree_.child(d);
		const bool empty = !load(child) && is_empty(child, Granule::entries);
		Descriptor differ = 0;

		if (!empty &&
		    (level < limits_.largest || !Format::allows_leaf(level) ||
		     !alike(differ = differences(child, Granule::entries, level + 1), level + 1) ||
		     restricts(d, load(child)) || !batch_.rules().allow(Kind::fold)))
			return;

		if (empty) {
			store(entry, 0);
			emptied_ = true;
			batch_.changed(part, unknown_level);
			batch_.retire(child);
			return;
		}

		const bool open = batch_.rules().live && may_be_noted(load(child), differ);

		// FEAT_BBM level 2: the block may be stored while TLBs hold the leaves. Hardware may go on
		// noting in those, and it would be lost.
		if (batch_.rules().live && batch_.rules().at_once(Kind::fold) && !open) {
			batch_.make(part); // live.hpp, split_unbroken
			store_release(entry, block_of(child, differ, level)); // a page may be new
			batch_.folded(part, level);
			batch_.replaced(part, true);
			batch_.retire(child);
			return;
		}
		if (batch_.rules().live) {
			if (batch_.rules().on_break == OnBreak::refuse)
				return;
			differ = break_table(entry, part, level, differ, open);
			if (!alike(differ, level + 1))
				return;
		}
		store(entry, block_of(child, differ, level));
		batch_.created();
		batch_.folded(part, level);
		batch_.retire(child);
	}

	// Breaks the entry that names a table, and answers as differences(), by what hardware has noted last. The table
	// is made again where that tells its leaves apart.
	[[gnu::noinline]] constexpr Descriptor break_table(Descriptor *entry, Region<Input> part,
							   Level level, Descriptor differ,
							   bool open)
	{
		const Descriptor d = load(entry);
		Descriptor *child = tree_.child(d);

		store(entry, d & ~Format::valid_bit);
		batch_.broken(part, level, true);
		if (!open)
			return differ;
		differ = break_leaves(child, level + 1);
		if (!alike(differ, level + 1)) {
			for (size_t i = 0; i < Granule::entries; i++)
				store(child + i, load(child + i) | Format::valid_bit);
			store_release(entry, d);
			batch_.created();
		}
		return differ;
	}

	// Of leaves of `level`. No walk comes here any more, but the note of one that did may be late: no invalidation
	// waits for it (Documentation/litmus/late-note.litmus). So each leaf is broken: that finds a note, or stops it.
	static constexpr Descriptor break_leaves(Descriptor *child, Level level)
	{
		const uint64_t size = Granule::size(level);
		Descriptor next = break_leaf(child, true);
		Descriptor differ = 0;

		for (size_t i = 1; i < Granule::entries; i++) {
			next += size;
			differ |= break_leaf(child + i, true) ^ next;
		}
		return differ;
	}

	// Does the table descriptor `d` take from a leaf what a block in its place would not?
	static constexpr bool restricts(Descriptor d, Descriptor leaf)
	{
		if (Format::is_plain_table(d))
			return false;

		const auto attributes = Format::attributes(leaf);

		return Format::below(attributes, d) != attributes;
	}

	// Could hardware set AF or the dirty state of a leaf that is being replaced?
	static constexpr bool may_be_noted(Descriptor first, Descriptor differ)
	{
		return (first & Format::dbm) || !(first & ~differ & Format::af);
	}

	static constexpr Descriptor block_of(const Descriptor *child, Descriptor differ,
					     Level level)
	{
		const Descriptor first = load(child);
		const Descriptor accessed = (first | differ) & Format::af;

		return (first & Format::attribute_mask & ~ignored) | accessed |
		       Format::encode_output(Format::output(first, level + 1)) |
		       Format::leaf_type(level);
	}

	constexpr bool hint_group(Descriptor *group, Region<Input> part, Level level)
	{
		const size_t n = Format::contiguous_run(level);

		if (n == 1 || !alike(differences(group, n, level), level) ||
		    !batch_.rules().allow(Kind::hint))
			return false;
		if (!(common(group, n).all & Format::contiguous))
			set_contiguous<Format>(batch_, group, part, level, true);
		return true;
	}

	T &tree_;
	Batch &batch_;
	FoldLimits limits_;
	bool emptied_ = false; // an entry went: what was known of its table may be too much
};

// Folds everything that is completely in `region`. What cannot be folded stays as it is, and is no error. With rules
// that refuse breaks, nothing live is folded. It never allocates. Errors: those of check_region.
template <AnyTree T, AnyBatch Batch>
constexpr Result<void> fold(T &tree, Batch &batch, Region<typename T::Input> region,
			    FoldLimits limits = {})
{
	if (const Error e = check_region(tree, region); e.code != Errc::none)
		return e;

	Folder folder{tree, batch, limits};

	folder.run(tree.root(), tree.geometry().start, region.first, region.last);
	if (limits.contiguous)
		folder.hint(tree.root(), tree.geometry().start, region.first, region.last);
	return {};
}

} // namespace vmsa
