// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Edit: apply one operation to every leaf of a region, all of which must be mapped. A block that
// sticks out of the region is cut first, and so is a contiguous group. Unmap, protect, modify and cut
// are edits; edit_plan.hpp says how their operations differ.
//
// Cutting a live block is a break-before-make (rule R_FPXKC: block to table):
//
//   block  ──break──>  invalid  ──invalidate, sync──>  table of the edited leaves
//
// The new table is filled and edited before it is linked, so there is one break however much of the
// block changes.
#pragma once

#include "vmsa/edit_plan.hpp"
#include "vmsa/unlink.hpp"

namespace vmsa
{

template <class T, class Batch, class Operation> class Editor {
	using Format = typename T::Format;
	using Granule = typename T::Granule;
	using Input = typename T::Input;
	using Plan = EditPlan<T, Operation>;

    public:
	constexpr Editor(T &tree, Batch &batch, const Operation &operation, Region<Input> region)
	    : tree_{tree}, batch_{batch}, operation_{operation}, region_{region},
	      plan_{tree, batch.rules(), operation, region}, reserve_{tree.memory()}
	{
	}

	constexpr Error run()
	{
		const Path<T> path = path_to(tree_, region_);
		const Result<size_t> tables = plan_.make(path);

		if (!tables)
			return tables.error();
		if (tables.value() && !reserve_.fill(tables.value()))
			return {Errc::no_memory, region_};
		commit(path.lowest(), path.level, region_.first, region_.last, batch_.rules().live);
		if (operation_.removes)
			prune(tree_, batch_, path, region_, operation_.left);
		return {};
	}

	// After a cut of what sticks out of the region: all leaves are whole, valid or broken, and go.
	constexpr void remove()
	{
		const Path<T> path = path_to(tree_, region_);

		commit(path.lowest(), path.level, region_.first, region_.last, batch_.rules().live);
		prune(tree_, batch_, path, region_, operation_.left);
	}

    private:
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
			else if (!plan_.must_cut(part, level))
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

		if (plan_.unfolds())
			unfold_groups(entry, level, part);
		if (operation_.removes) {
			fill(entry, n, operation_.left, 0);
			if (live)
				batch_.changed(part, level);
		} else if (!operation_.edits) {
			return;
		} else if (!optimized_for_size && plan_.toggles()) {
			if (!plan_.toggled())
				return;
			toggle(entry, n, plan_.toggled(), live ? plan_.beside() : Beside::nobody);
			if (live)
				batch_.changed(part, level);
		} else if (!live) {
			VMSA_UNROLL
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

				// What another thread has stored may not have left every TLB yet: who shares
				// invalidates it, too. And stores it, too: the barrier before the TLBI waits for
				// stores (Documentation/litmus/promise-for-another.litmus).
				if (change == Change::same && !batch_.rules().shared)
					break;
				if (change == Change::needs_break) {
					break_leaf(entry + i, true);
					broken = true;
					break;
				}
				// No TLB may have a global block beside: it was cut without a break.
				if ((old ^ d) & Format::not_global)
					batch_.make(part);
				if (replace(entry + i, old, d,
					    is_contended<Format>(old, true,
								 batch_.rules().shared))) {
					changed = true;
					break;
				}
			}
		}
		if (changed)
			batch_.changed(with_group(part, level, load(entry)), level);
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

	// A TLB may hold any leaf of a contiguous group by what another one says, so the group is
	// invalidated as a whole also where some of its leaves were as they should be (hardware had
	// found them dirty). Pages come as whole groups, blocks one at a time.
	static constexpr Region<Input> with_group(Region<Input> part, Level level, Descriptor d)
	{
		return level < last_level && (d & Format::contiguous)
			       ? Plan::group_of(part.first, level)
			       : part;
	}

	// Contiguous groups of which only a part is edited lose their hint, all of their leaves.
	constexpr void unfold_groups(Descriptor *entry, Level level, Region<Input> part)
	{
		const size_t n = Format::contiguous_run(level);

		for (Input at = part.first;;) {
			const auto group = Plan::group_of(at, level);
			Descriptor *first = entry + ((at - part.first) >> Granule::shift(level));

			first -= tree_.index(level, at) & (n - 1);
			// An annotation may have any bit, too.
			if ((load(first) & Format::contiguous) &&
			    Format::is_leaf(load(first), level) &&
			    plan_.breaks_group(first, group, level))
				set_contiguous<Format>(batch_, first, group, level, false);
			// With a uniform operation only the groups at the two ends can be partial.
			const Input next = operation_.uniform ? part.last : group.last + 1;

			if (group.last >= part.last || next <= at)
				return;
			at = next;
		}
	}

	constexpr void commit_below(Descriptor *entry, Descriptor *child, Level level,
				    Region<Input> part, bool live)
	{
		if (operation_.removes) {
			if (part.size() == Granule::size(level)) {
				unlink(tree_, batch_, entry, child, level, part, operation_.left);
				return;
			}
		}
		commit(child, level + 1, part.first, part.last, live);
		if (operation_.removes) {
			if (!operation_.left && is_emptied(tree_, entry, child, level + 1, part))
				unlink(tree_, batch_, entry, child, level, part);
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
		if (live && way(Kind::cut, batch_.rules().bbm_level) != Way::broken) {
			split_unbroken<Format>(batch_, entry, whole, level, child, child_pa);
			batch_.cut(whole, level);
			commit(child, level + 1, part.first, part.last, true);
			return;
		}
		if (live) {
			break_leaf(entry, true);
			batch_.broken(whole, level);
		}
		fill_from_block<Format>(child, load(entry) | Format::valid_bit, level);
		commit(child, level + 1, part.first, part.last, false);
		store_release(entry, Format::table(child_pa));
		batch_.created();
		batch_.cut(whole, level);
	}

	constexpr void unfold_group_of(Descriptor *entry, Level level, Region<Input> whole)
	{
		const size_t n = Format::contiguous_run(level);

		set_contiguous<Format>(batch_, entry - (tree_.index(level, whole.first) & (n - 1)),
				       Plan::group_of(whole.first, level), level, false);
	}

	T &tree_;
	Batch &batch_;
	const Operation &operation_;
	Region<Input> region_;
	Plan plan_;
	Reserve<typename T::Memory, Granule::table_bytes> reserve_;
};

// Apart from its callers, so that a common case of theirs does not pay for its frame.
template <class T, class Batch, class Operation>
[[gnu::noinline]] constexpr Error edit(T &tree, Batch &batch, const Operation &operation,
				       Region<typename T::Input> region)
{
	return with_one_body<typename T::Input>(operation, [&](const auto &its) {
		return Editor{tree, batch, its, region}.run();
	});
}

// How many tables would it take? Errors: those of check_region; as edit, but for no_memory.
template <class T, class Operation>
constexpr Result<size_t> tables_to_edit(const T &tree, const ChangeRules &rules,
					const Operation &operation,
					Region<typename T::Input> region)
{
	if (const Error e = check_region(tree, region); e.code != Errc::none)
		return e;
	return with_one_body<typename T::Input>(operation, [&](const auto &its) {
		return EditPlan{tree, rules, its, region}.make(path_to(tree, region));
	});
}

} // namespace vmsa
