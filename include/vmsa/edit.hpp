// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Edit: apply one operation to every leaf of a region, all of which must be mapped. A block that
// sticks out of the region is cut first. Unmap and protect are edits; they differ in the operation:
//
//   removes                         true when leaves go away, so that tables may become empty
//   accepts(descriptor)             none, or why this leaf may not be edited
//   apply(entry, n) -> bool         edit n leaves; did any change?
//
// Cutting a live block is a break-before-make (rule R_FPXKC: block to table):
//
//   block  ──exchange──>  invalid  ──invalidate, sync──>  table of the edited leaves
//
// The new table is filled and edited before it is linked, so there is one break however much of
// the block changes.
#pragma once

#include "vmsa/change.hpp"

namespace vmsa
{

template <class T, class Batch, class Operation> class Editor {
	using Format = typename T::Format;
	using Granule = typename T::Granule;
	using Input = typename T::Input;

    public:
	constexpr Editor(T &tree, Batch &batch, Operation operation)
	    : tree_{tree}, batch_{batch}, operation_{operation}, reserve_{tree.memory()}
	{
	}

	constexpr Error run(Region<Input> region)
	{
		// Unmap may empty tables all the way up, so it starts at the root.
		const Position p = Operation::removes
					   ? Position{tree_.root(), tree_.geometry().start}
					   : enclosing_table(tree_, region);

		last_ = region.last;
		if (!prepare(p.table, p.level, region.first, region.last))
			return error_;
		if (!reserve_.fill(needed_))
			return {Errc::no_memory, region};
		commit(p.table, p.level, region.first, region.last, true);
		return {};
	}

    private:
	// [at, last] lies within `table`.
	constexpr bool prepare(const Descriptor *table, Level level, Input at, Input last)
	{
		for (;;) {
			const auto part = part_in_entry(at, last, Granule::size(level));
			const Descriptor d = load(table + tree_.index(level, at));

			if (Format::is_table(d, level)) {
				if (!prepare(tree_.child(d), level + 1, part.first, part.last))
					return false;
			} else if (!Format::is_leaf(d, level)) {
				const auto rest = Region<Input>::inclusive(at, last_);

				return fail({Errc::not_mapped, tree_.stretch(rest, false)});
			} else if (const Errc why = operation_.accepts(d); why != Errc::none) {
				return fail({why, part});
			} else if (part.size() != Granule::size(level)) {
				needed_ += tables_to_cut(level, part.first, part.last);
			}
			if (part.last == last)
				return true;
			at = part.last + 1;
		}
	}

	// A block of `level`, of which only [first, last] is edited: one table below it, and more
	// where an end of the range falls inside one of that table's blocks.
	static constexpr size_t tables_to_cut(Level level, Input first, Input last)
	{
		const uint64_t size = Granule::size(++level);
		const bool cuts_first = !first.is_aligned(size);
		const bool cuts_last = !(last + 1).is_aligned(size);

		if (first.align_down(size) == last.align_down(size))
			return 1 +
			       (cuts_first || cuts_last ? tables_to_cut(level, first, last) : 0);
		return 1 +
		       (cuts_first
				? tables_to_cut(level, first, first.align_down(size) + (size - 1))
				: 0) +
		       (cuts_last ? tables_to_cut(level, last.align_down(size), last) : 0);
	}

	// `linked`: the hardware can reach this table.
	constexpr void commit(Descriptor *table, Level level, Input at, Input last, bool linked)
	{
		if (level == last_level) {
			const size_t n = ((last - at) >> Granule::page_shift) + 1;

			edit_leaves(table + tree_.index(level, at), n, level,
				    Region<Input>::inclusive(at, last), linked);
			return;
		}
		for (;;) {
			const auto part = part_in_entry(at, last, Granule::size(level));
			Descriptor *entry = table + tree_.index(level, at);
			const Descriptor d = load(entry);

			if (Format::is_table(d, level))
				commit_below(entry, tree_.child(d), level, part, linked);
			else if (part.size() == Granule::size(level))
				edit_leaves(entry, 1, level, part, linked);
			else
				cut(entry, level, part, linked);
			if (part.last == last)
				return;
			at = part.last + 1;
		}
	}

	constexpr void edit_leaves(Descriptor *entry, size_t n, Level level, Region<Input> part,
				   bool linked)
	{
		if (operation_.apply(entry, n) && linked)
			batch_.changed(part, level);
	}

	constexpr void commit_below(Descriptor *entry, Descriptor *child, Level level,
				    Region<Input> part, bool linked)
	{
		if constexpr (Operation::removes) {
			if (part.size() == Granule::size(level)) {
				unlink(entry, child, level, part);
				return;
			}
		}
		commit(child, level + 1, part.first, part.last, linked);
		if constexpr (Operation::removes) {
			if (is_empty(child, tree_.index(level + 1, part.first)))
				unlink(entry, child, level, part);
		}
	}

	// A subtree goes as a whole: its leaves need no store of their own, but an invalidation that
	// spans them all and the walk caches.
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

	constexpr void cut(Descriptor *entry, Level level, Region<Input> part, bool linked)
	{
		Descriptor *child = reserve_.take();
		Descriptor block = load(entry);

		if (linked) {
			// The hardware may be setting AF or the dirty state: what it wrote last is kept.
			while (!compare_exchange(entry, block, 0))
				;
			const uint64_t size = Granule::size(level);

			batch_.broken({part.first.align_down(size), size}, level);
		}
		fill_leaves(child, Granule::entries, Format::leaf_below(block, level),
			    Granule::size(level + 1));
		commit(child, level + 1, part.first, part.last, false);
		store_release(entry, Format::table(tree_.memory().physical(child)));
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
	Operation operation_;
	Reserve<typename T::Memory, Granule::table_bytes> reserve_;
	Input last_;
	size_t needed_ = 0;
	Error error_;
};

} // namespace vmsa
