// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Edit: apply one operation to every leaf of a region, all of which must be mapped. A block that
// sticks out of the region is cut first, and so is a contiguous group. Unmap, protect and modify
// are edits; they differ in the operation:
//
//   removes                  leaves go away, and tables may become empty
//   uniform                  leaves that are alike stay alike: what it does follows from the bits of
//                            the descriptor, never from its place
//   check(d, region, level)  none, or why this leaf may not be edited
//   edit(d, region, level)   the leaf anew; not called when `removes`
//
// Cutting a live block is a break-before-make (rule R_FPXKC: block to table):
//
//   block  ──break──>  invalid  ──invalidate, sync──>  table of the edited leaves
//
// The new table is filled and edited before it is linked, so there is one break however much of the
// block changes.
#pragma once

#include "vmsa/change.hpp"
#include "vmsa/live.hpp"

namespace vmsa
{

template <class T, class Batch, class Operation> class Editor {
	using Format = typename T::Format;
	using Granule = typename T::Granule;
	using Input = typename T::Input;

    public:
	constexpr Editor(T &tree, Batch &batch, const Operation &operation)
	    : tree_{tree}, batch_{batch}, operation_{operation}, reserve_{tree.memory()}
	{
	}

	constexpr Error run(Region<Input> region)
	{
		const Path<T> path = path_to(tree_, region);

		first_ = region.first;
		last_ = region.last;
		if (!prepare(path.lowest(), path.level, region.first, region.last))
			return error_;
		if (needed_ && !reserve_.fill(needed_))
			return {Errc::no_memory, region};
		commit(path.lowest(), path.level, region.first, region.last, batch_.rules().live);
		if constexpr (Operation::removes)
			prune(path, region);
		return {};
	}

    private:
	// ---- Prepare: nothing is stored. [at, last] lies within `table`. ----

	constexpr bool prepare(const Descriptor *table, Level level, Input at, Input last)
	{
		const Descriptor *entry = table + tree_.index(level, at);

		if (level == last_level)
			return prepare_run(entry, level, Region<Input>::inclusive(at, last));
		for (;; entry++) {
			const auto part = part_in_entry(at, last, Granule::size(level));
			const Descriptor d = load(entry);

			if (Format::is_table(d, level)) {
				if (!prepare(tree_.child(d), level + 1, part.first, part.last))
					return false;
			} else {
				if (!prepare_leaf(d, level, part))
					return false;
				if (part.size() != Granule::size(level)) {
					if (!may_break(part))
						return false;
					needed_ += tables_to_cut(level, part.first, part.last);
				}
			}
			if (part.last == last)
				return true;
			at = part.last + 1;
		}
	}

	// Pages. Where they are all alike, one look at the first decides for all.
	constexpr bool prepare_run(const Descriptor *entry, Level level, Region<Input> part)
	{
		const size_t n = ((part.last - part.first) >> Granule::shift(level)) + 1;
		constexpr Descriptor deciding = Format::attribute_mask | 3;

		if (Operation::uniform) {
			const Common c = common(entry, n);

			if (c.agree(deciding) && !(c.any & Format::contiguous))
				return prepare_leaf(load(entry), level,
						    {part.first, Granule::size(level)});
		}
		for (size_t i = 0; i < n; i++) {
			const Input first = part.first + (i << Granule::shift(level));

			if (!prepare_leaf(load(entry + i), level, {first, Granule::size(level)}))
				return false;
		}
		return true;
	}

	constexpr bool prepare_leaf(Descriptor d, Level level, Region<Input> part)
	{
		if (!Format::is_leaf(d, level))
			return fail({Errc::not_mapped,
				     tree_.stretch(Region<Input>::inclusive(part.first, last_),
						   false)});
		if (const Errc why = operation_.check(d, part, level); why != Errc::none)
			return fail({why, part});
		if constexpr (!Operation::removes) {
			if (classify<Format>(d, operation_.edit(d, part, level)) ==
				    Change::needs_break &&
			    !may_break(part))
				return false;
		}
		if ((d & Format::contiguous) && breaks_group(part, level) && !may_break(part))
			return false;
		return true;
	}

	// Does the edit touch only a part of the contiguous group that the leaf at `part` is in?
	constexpr bool breaks_group(Region<Input> part, Level level) const
	{
		const auto group = group_of(part.first, level);

		return !Operation::uniform || group.first < first_ || last_ < group.last;
	}

	static constexpr Region<Input> group_of(Input at, Level level)
	{
		const uint64_t size = Format::contiguous_run(level) << Granule::shift(level);

		return {at.align_down(size), size};
	}

	constexpr bool may_break(Region<Input> part)
	{
		const ChangeRules &rules = batch_.rules();

		if (!rules.live || rules.on_break == OnBreak::perform)
			return true;
		return fail({Errc::needs_break, part});
	}

	// A block of `level`, of which only [first, last] is edited: one table below it, and more
	// where an end of the range falls inside one of that table's blocks.
	static constexpr size_t tables_to_cut(Level level, Input first, Input last)
	{
		const uint64_t size = Granule::size(++level);
		const bool cuts_first = !first.is_aligned(size);
		const bool cuts_last = !(last + 1).is_aligned(size);
		const Input head_last = first.align_down(size) + (size - 1);

		if (last <= head_last)
			return 1 +
			       (cuts_first || cuts_last ? tables_to_cut(level, first, last) : 0);
		return 1 + (cuts_first ? tables_to_cut(level, first, head_last) : 0) +
		       (cuts_last ? tables_to_cut(level, last.align_down(size), last) : 0);
	}

	// ---- Commit: nothing fails. `live`: the hardware can reach this table. ----

	constexpr void commit(Descriptor *table, Level level, Input at, Input last, bool live)
	{
		Descriptor *entry = table + tree_.index(level, at);

		if (level == last_level) {
			edit_run(entry, level, Region<Input>::inclusive(at, last), live);
			return;
		}
		for (;; entry++) {
			const auto part = part_in_entry(at, last, Granule::size(level));
			const Descriptor d = load(entry);

			if (Format::is_table(d, level))
				commit_below(entry, tree_.child(d), level, part, live);
			else if (part.size() == Granule::size(level))
				edit_run(entry, level, part, live);
			else
				cut(entry, level, part, live);
			if (part.last == last)
				return;
			at = part.last + 1;
		}
	}

	// Leaves, side by side in one table, each of them all of its own.
	constexpr void edit_run(Descriptor *entry, Level level, Region<Input> part, bool live)
	{
		const size_t n = ((part.last - part.first) >> Granule::shift(level)) + 1;

		unfold_groups(entry, level, part);
		if constexpr (Operation::removes) {
			fill(entry, n, 0, 0);
			if (live)
				batch_.changed(part, level);
		} else if (!live) {
			for (size_t i = 0; i < n; i++)
				entry[i] = edited(entry[i], part.first, i, level);
		} else {
			edit_live(entry, n, level, part);
		}
	}

	constexpr Descriptor edited(Descriptor d, Input first, size_t i, Level level) const
	{
		const Input at = first + (i << Granule::shift(level));

		return operation_.edit(d, Region<Input>{at, Granule::size(level)}, level);
	}

	// In place where that is allowed. The others are broken, all of them, invalidated at once,
	// and made from what hardware left there.
	constexpr void edit_live(Descriptor *entry, size_t n, Level level, Region<Input> part)
	{
		bool changed = false;
		bool broken = false;

		for (size_t i = 0; i < n; i++) {
			Descriptor old = load(entry + i);

			for (;;) {
				const Descriptor d = edited(old, part.first, i, level);
				const Change change = classify<Format>(old, d);

				if (change == Change::same)
					break;
				if (change == Change::needs_break) {
					break_leaf(entry + i);
					broken = true;
					break;
				}
				if (compare_exchange(entry + i, old, d)) {
					changed = true;
					break;
				}
			}
		}
		if (changed)
			batch_.changed(part, level);
		if (!broken)
			return;
		batch_.broken(part, level);
		for (size_t i = 0; i < n; i++) {
			const Descriptor old = load(entry + i);

			if (!Format::is_valid(old))
				store(entry + i,
				      edited(old | Format::valid_bit, part.first, i, level));
		}
		batch_.created();
	}

	// Contiguous groups of which only a part is edited lose their hint, all of their leaves.
	constexpr void unfold_groups(Descriptor *entry, Level level, Region<Input> part)
	{
		const size_t n = Format::contiguous_run(level);

		for (Input at = part.first;;) {
			const auto group = group_of(at, level);
			Descriptor *first = entry + ((at - part.first) >> Granule::shift(level));

			if ((load(first) & Format::contiguous) && breaks_group(group, level))
				unfold<Format>(batch_, first - (tree_.index(level, at) & (n - 1)),
					       group, level);
			// With a uniform operation only the groups at the two ends can be partial.
			const Input next = Operation::uniform ? part.last : group.last + 1;

			if (group.last >= part.last || next <= at)
				return;
			at = next;
		}
	}

	constexpr void commit_below(Descriptor *entry, Descriptor *child, Level level,
				    Region<Input> part, bool live)
	{
		if constexpr (Operation::removes) {
			if (part.size() == Granule::size(level)) {
				unlink(entry, child, level, part);
				return;
			}
		}
		commit(child, level + 1, part.first, part.last, live);
		if constexpr (Operation::removes) {
			if (is_empty(child, tree_.index(level + 1, part.first)))
				unlink(entry, child, level, part);
		}
	}

	constexpr void cut(Descriptor *entry, Level level, Region<Input> part, bool live)
	{
		const uint64_t size = Granule::size(level);
		const Region<Input> whole{part.first.align_down(size), size};
		Descriptor *child = reserve_.take();
		const Pa child_pa = tree_.memory().physical(child);

		if ((load(entry) & Format::contiguous))
			unfold_group_of(entry, level, whole);
		if (live && batch_.rules().bbm_level > 0) {
			split_unbroken<Format>(batch_, entry, whole, level, child, child_pa);
			commit(child, level + 1, part.first, part.last, true);
			return;
		}
		if (live) {
			break_leaf(entry);
			batch_.broken(whole, level);
		}
		fill_from_block<Format>(child, load(entry) | Format::valid_bit, level);
		commit(child, level + 1, part.first, part.last, false);
		store_release(entry, Format::table(child_pa));
		batch_.created();
	}

	constexpr void unfold_group_of(Descriptor *entry, Level level, Region<Input> whole)
	{
		const size_t n = Format::contiguous_run(level);

		unfold<Format>(batch_, entry - (tree_.index(level, whole.first) & (n - 1)),
			       group_of(whole.first, level), level);
	}

	// ---- Empty tables, after leaves were removed. ----

	// Up from the lowest table of the path, as far as tables are empty. The root stays.
	constexpr void prune(const Path<T> &path, Region<Input> region)
	{
		for (Level level = path.level; level > path.start; level--) {
			Descriptor *table = path.table[level - path.start];

			if (!is_empty(table, tree_.index(level, region.first)))
				return;
			unlink(path.table[level - 1 - path.start] +
				       tree_.index(level - 1, region.first),
			       table, level - 1, region);
		}
	}

	// A subtree goes as a whole: its leaves need no store of their own, but an invalidation
	// that spans them all and the walk caches.
	constexpr void unlink(Descriptor *entry, Descriptor *child, Level level, Region<Input> part)
	{
		store(entry, 0);
		batch_.changed(part, unknown_level);
		retire(child, level + 1);
	}

	constexpr void retire(Descriptor *table, Level level)
	{
		tree_.for_each_child(table, level,
				     [&](Descriptor *below, Level l) { retire(below, l); });
		batch_.retire(table);
	}

	// Looks outward from where leaves were just removed: a neighbour is the likeliest survivor,
	// and no count has to be kept anywhere.
	static constexpr bool is_empty(const Descriptor *table, size_t hint)
	{
		size_t below = hint;
		size_t above = hint;

		while (below > 0 || above < Granule::entries) {
			if (above < Granule::entries && load(table + above++))
				return false;
			if (below > 0 && load(table + --below))
				return false;
		}
		return true;
	}

	constexpr bool fail(Error error)
	{
		error_ = error;
		return false;
	}

	T &tree_;
	Batch &batch_;
	const Operation &operation_;
	Reserve<typename T::Memory, Granule::table_bytes> reserve_;
	Input first_; // of the whole request
	Input last_;
	size_t needed_ = 0;
	Error error_;
};

} // namespace vmsa
