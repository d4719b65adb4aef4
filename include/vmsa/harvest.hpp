// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Reads and clears what was noted about the use of memory: the access flag AF (was it accessed?) and the dirty state
// (was it written?). Hardware may note something at the same moment; nothing of that is lost (Format::open_notes).
//
// A TLB that holds a leaf does not look at the tables again. So accesses may go unnoticed until the batch has been
// synced; afterwards none does. Dirty leaves are invalidated before they are reported, so the caller can copy them at
// once. Holes are skipped.
//
// In a contiguous group, hardware may note in any leaf what it saw of another. So the whole group is reported, once.
// For the same reason, software that notes something must note it in all leaves of the group: a TLB may refill from any
// of them (rules R_SKQHL, R_JQQTC).
//
//   visit(region, level)     is called for each leaf, or group, in which it was set
//
// If hardware notes nothing (no HA, no HD), an access or a write faults instead, and the fault handler calls
// note_accessed or note_dirty.
#pragma once

#include "vmsa/change.hpp"
#include "vmsa/live.hpp"

namespace vmsa
{

// What is called with the region and the level of a leaf, or of a group.
template <class V, class Input>
concept LeafVisitor = requires(const V &visit, Region<Input> region, Level level)
{
	visit(region, level);
};

// visit(pointer, n, first input, level) for each run of `n` entries of the region side by side that name no table, in
// order: all of a table of the last level is one, and each entry of another level.
template <class T, class Visit>
constexpr void for_each_run(const T &tree, Descriptor *table, Level level,
			    Region<typename T::Input> region, const Visit &visit)
{
	const uint64_t size = T::Granule::size(level);
	const size_t first = tree.index(level, region.first);

	if (level == last_level) {
		visit(table + first, tree.index(level, region.last) - first + 1,
		      region.first.align_down(size), level);
		return;
	}
	Descriptor *entry = table + first;

	for (auto at = region.first;; entry++) {
		const auto part = part_in_entry(at, region.last, size);
		const Descriptor d = load(entry);

		if (T::Format::is_table(d, level))
			for_each_run(tree, tree.child(d), level + 1, part, visit);
		else
			visit(entry, 1, at.align_down(size), level);
		if (part.last == region.last)
			return;
		at = part.last + 1;
	}
}

// visit(pointer, descriptor, region, level) for each of these entries.
template <class T, class Visit>
constexpr void for_each_entry(const T &tree, Descriptor *table, Level level,
			      Region<typename T::Input> region, const Visit &visit)
{
	for_each_run(
		tree, table, level, region,
		[&](Descriptor *entry, size_t n, typename T::Input at, Level l) {
			const uint64_t size = T::Granule::size(l);

			for (; n; n--, entry++, at = at + size)
				visit(entry, load(entry), Region<typename T::Input>{at, size}, l);
		});
}

namespace detail
{

// The contiguous group that the leaf at `at` is in, or the leaf.
template <class Format>
constexpr Region<typename Format::Input> whole_of(Descriptor d, typename Format::Input at,
						  Level level)
{
	const size_t run = (d & Format::contiguous) ? Format::contiguous_run(level) : 1;
	const uint64_t size = run << Format::Granule::shift(level);

	return {at.align_down(size), size};
}

// The region of the leaf or group at an address; if there is none, just the address.
template <AnyTree T>
constexpr Region<typename T::Input> group_at(const T &tree, typename T::Input at)
{
	const auto e = tree.at(at);

	return e.is_leaf() ? whole_of<typename T::Format>(e.descriptor, at, e.level)
			   : Region<typename T::Input>{at, 1};
}

// Takes what is noted in the leaves of a region, and visits each leaf, or group, where something was.
template <class T, class Batch, class Visit> class Harvester {
	using Format = typename T::Format;
	using Input = typename T::Input;

    public:
	// Any of these `bits`: AF, or software's. Without bits it is the dirty state; one of `notes` is left in its
	// place, and whoever takes them visits the leaf.
	constexpr Harvester(const T &tree, Batch &batch, const Visit &visit, Descriptor bits,
			    Descriptor notes)
	    : tree_{tree}, batch_{batch}, visit_{visit}, bits_{bits}, notes_{notes}, note_{notes &
											   -notes}
	{
	}

	constexpr void run(Region<Input> region)
	{
		walk(group_at(tree_, region.first).hull(group_at(tree_, region.last)),
		     [this](Descriptor *entry, size_t n, Input at, Level level) {
			     take(entry, n, at, level);
		     });
	}

	// The same, in order with the leaves that another one took without a note.
	constexpr void run(Region<Input> region, const Harvester &other)
	{
		const auto &taken = other.unnoted_;

		if (optimized_for_size || !other.any_unnoted_)
			return run(region);
		if (region.first < taken.first)
			run(Region<Input>::inclusive(region.first, taken.first - 1));
		walk(taken,
		     [this](auto, size_t n, Input at, Level level) { visit_each(n, at, level); });
		if (taken.last < region.last)
			run(Region<Input>::inclusive(taken.last + 1, region.last));
	}

    private:
	template <class Act> constexpr void walk(Region<Input> region, const Act &act) const
	{
		for_each_run(tree_, tree_.root(), tree_.geometry().start, region, act);
	}

	constexpr bool is_set(Descriptor d) const
	{
		return bits_ ? (d & bits_) != 0 : Format::is_dirty(d);
	}

	constexpr Descriptor cleared(Descriptor d) const
	{
		if (bits_)
			return d & ~bits_;
		return (d & ~Format::dirty_bit) | (Format::dirty_when ^ Format::dirty_bit) | note_;
	}

	// Hardware ignores software's bits: nothing is invalidated for them.
	constexpr void changed(Region<Input> leaves, Level level)
	{
		if (!bits_ || bits_ == Format::af)
			batch_.changed(leaves, level);
	}

	constexpr void found(Region<Input> leaf, Level level)
	{
		if (!note_)
			visit_(leaf, level);
	}

	constexpr void visit_each(size_t n, Input at, Level level)
	{
		const uint64_t size = T::Granule::size(level);

		for (; n; n--, at = at + size)
			found({at, size}, level);
	}

	// Leaves that are all dirty, and have no note, need none if they are the first, or side by side with those: it
	// is enough to know where they begin and end.
	constexpr bool needs_note(Descriptor d, Region<Input> leaves)
	{
		if (!note_ || (d & notes_) || (any_unnoted_ && leaves.first - unnoted_.last != 1))
			return true;
		unnoted_ = any_unnoted_ ? unnoted_.hull(leaves) : leaves;
		any_unnoted_ = true;
		return false;
	}

	// Mostly all of a run is alike, or of a line.
	constexpr void take(Descriptor *entry, size_t n, Input at, Level level)
	{
		constexpr size_t line = 8;
		const uint64_t size = T::Granule::size(level);

		if (!optimized_for_size) {
			if (n > line && take_alike(entry, n, at, level))
				return;
			for (; n >= line; n -= line, entry += line, at = at + line * size) {
				if (!take_alike(entry, line, at, level))
					take_each(entry, line, at, level);
			}
		}
		take_each(entry, n, at, level);
	}

	// Leaves that are alike, and of no group, lose the same bits: those that are set nobody else clears.
	// False where they are not.
	constexpr bool take_alike(Descriptor *entry, size_t n, Input at, Level level)
	{
		const Common c = common(entry, n);
		const Region<Input> leaves{at, n * T::Granule::size(level)};

		if (batch_.rules().shared || !c.agree(Format::attribute_mask | 3) ||
		    (c.any & Format::contiguous))
			return false;
		if (!Format::is_leaf(c.any, level) || !is_set(c.any))
			return true;

		const Descriptor kept = needs_note(c.any, leaves) ? 0 : note_;

		toggle(entry, n, (c.any ^ cleared(c.any)) & ~kept,
		       !batch_.rules().live	   ? Beside::nobody
		       : Format::open_notes(c.any) ? Beside::hardware
						   : Beside::readers);
		changed(leaves, level);
		visit_each(n, at, level);
		return true;
	}

	constexpr void take_each(Descriptor *entry, size_t n, Input at, Level level)
	{
		for (; n; n--, entry++, at = at + T::Granule::size(level)) {
			Descriptor d = load(entry);

			if (Format::is_leaf(d, level))
				take_leaf(entry, d, at, level);
		}
	}

	constexpr void take_leaf(Descriptor *entry, Descriptor d, Input at, Level level)
	{
		do {
			if (!is_set(d))
				return;
		} while (!replace(
			entry, d, cleared(d),
			is_contended<Format>(d, batch_.rules().live, batch_.rules().shared)));

		const auto leaf = whole_of<Format>(d, at, level);

		if (any_ && leaf == reported_)
			return;
		any_ = true;
		reported_ = leaf;
		changed(leaf, level);
		found(leaf, level);
	}

	const T &tree_;
	Batch &batch_;
	const Visit &visit_;
	Descriptor bits_;
	Descriptor notes_;
	Descriptor note_;
	Region<Input> reported_; // the last
	Region<Input> unnoted_; // what was dirty, and has no note
	bool any_ = false;
	bool any_unnoted_ = false;
};

} // namespace detail

// Reports, and clears, the access flag. A leaf or group that is only partly in the region is treated as a whole. It is
// reported before the batch has invalidated it, so an access in between may go unnoticed. Errors: as check_region.
template <AnyTree T, AnyBatch Batch, LeafVisitor<typename T::Input> Visit>
constexpr Result<void> harvest_accessed(T &tree, Batch &batch, Region<typename T::Input> region,
					const Visit &visit)
{
	using Format = typename T::Format;

	if (const Error e = check_region(tree, region); e.code != Errc::none)
		return e;
	detail::Harvester{tree, batch, visit, Format::af, 0}.run(region);
	return {};
}

// The same for leaves that keep dirty state (DBM): they become writable-clean again. `noted` and the dirty_note of the
// rules are software bits that also mean "dirty", and are also cleared: who ends the dirty state of a leaf sets one, so
// that the fact is not lost. If there is such a bit, a leaf is reported after no TLB holds it as dirty any more, and a
// later write is found by the next call. If there is none, it is reported before that.
template <AnyTree T, AnyBatch Batch, LeafVisitor<typename T::Input> Visit>
constexpr Result<void> harvest_dirty(T &tree, Batch &batch, Region<typename T::Input> region,
				     const Visit &visit, uint8_t noted = 0)
{
	using Format = typename T::Format;
	const Descriptor notes = Format::software.put(noted) | batch.rules().dirty_note;

	if (const Error e = check_region(tree, region); e.code != Errc::none)
		return e;

	detail::Harvester dirty{tree, batch, visit, 0, notes};

	dirty.run(region);
	if (!notes)
		return {};
	batch.sync();
	// Hardware ignores software bits, so nothing is invalidated for them.
	detail::Harvester{tree, batch, visit, notes, 0}.run(region, dirty);
	return {};
}

namespace detail
{

// Replaces the leaf `d` of `level` by noted(leaf), if it has the bits `needed`. True if that changed it.
template <class Format, class Noted>
constexpr bool note_leaf(Descriptor *entry, Descriptor &d, Level level, Descriptor needed,
			 const Noted &noted, const ChangeRules &rules)
{
	while (Format::is_leaf(d, level) && (d & needed) == needed && noted(d) != d) {
		if (replace(entry, d, noted(d), is_contended<Format>(d, rules.live, rules.shared)))
			return true;
	}
	return false;
}

// The same for the leaf at `input`, which must have these bits, and for all of its group. Calls changed(region, level)
// if something changed.
template <class T, class Noted, class Changed>
constexpr Result<void> note(T &tree, const ChangeRules &rules, typename T::Input input,
			    Descriptor needed, const Noted &noted, const Changed &changed)
{
	using Format = typename T::Format;

	if (!tree.space().contains(input))
		return Error{Errc::beyond_input, input.raw(), tree.geometry().last_input()};

	const auto slot = tree.slot(input);
	const Level level = slot.level;
	const uint64_t size = T::Granule::size(level);
	const Region<typename T::Input> leaf{input.align_down(size), size};

	if (!Format::is_leaf(slot.descriptor, level))
		return Error{Errc::not_mapped, leaf};

	Descriptor d = slot.descriptor;
	bool any = note_leaf<Format>(slot.entry(), d, level, needed, noted, rules);

	// Another thread may have cleared them just now.
	if ((d & needed) != needed)
		return Error{Errc::forbidden_attributes, leaf};

	const auto whole = whole_of<Format>(d, input, level);

	Descriptor *entry = slot.entry() - ((leaf.first - whole.first) >> T::Granule::shift(level));

	for (size_t n = ((whole.last - whole.first) >> T::Granule::shift(level)) + 1; n;
	     n--, entry++) {
		Descriptor other = load(entry);

		any |= note_leaf<Format>(entry, other, level, needed, noted, rules);
	}
	if (any)
		changed(whole, level);
	return {};
}

} // namespace detail

// For an access flag fault at `input`: notes that the leaf was accessed. No TLB holds a leaf without AF, so nothing is
// invalidated, except a group: a TLB may hold it because of another of its leaves. Errors: beyond_input; not_mapped,
// with the region of the hole.
template <AnyTree T, AnyBatch Batch>
constexpr Result<void> note_accessed(T &tree, Batch &batch, typename T::Input input)
{
	return detail::note(
		tree, batch.rules(), input, 0, [](Descriptor d) { return d | T::Format::af; },
		[&](auto whole, Level level) {
			batch.created();
			if (whole.last - whole.first >= T::Granule::size(level))
				batch.changed(whole, level);
		});
}

// For a permission fault of a write at `input`: notes that the leaf, which is writable-clean, was written. TLBs may
// hold it without the permission, so it is invalidated. Errors: as note_accessed; forbidden_attributes if the leaf
// keeps no dirty state (DBM is clear), so that the write is not allowed.
template <AnyTree T, AnyBatch Batch>
constexpr Result<void> note_dirty(T &tree, Batch &batch, typename T::Input input)
{
	using Format = typename T::Format;

	return detail::note(
		tree, batch.rules(), input, Format::dbm,
		[](Descriptor d) { return (d & ~Format::dirty_bit) | Format::dirty_when; },
		[&](auto leaf, Level level) { batch.changed(leaf, level); });
}

} // namespace vmsa
