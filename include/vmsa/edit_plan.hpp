// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The first half of an edit (edit.hpp): look at every leaf of the region, refuse, and count the
// tables that cutting will take. Nothing is stored.
#pragma once

#include "vmsa/change.hpp"
#include "vmsa/edit_operation.hpp"
#include "vmsa/live.hpp"

#include <initializer_list>

namespace vmsa
{

template <class T, class Operation> class EditPlan {
    public:
	using Format = typename T::Format;
	using Granule = typename T::Granule;
	using Input = typename T::Input;

	constexpr EditPlan(const T &tree, const ChangeRules &rules, const Operation &operation,
			   Region<Input> region)
	    : tree_{tree}, rules_{rules}, operation_{operation}, region_{region}
	{
	}

	// May it be done, and how many tables will it take? Errors: all but no_memory.
	constexpr Result<size_t> make(const Path<T> &path)
	{
		if (!prepare(path.lowest(), path.level, region_.first, region_.last))
			return error_;
		return needed_;
	}

	// Does the edit touch only a part of a contiguous group, or leave leaves that differ? `first`: the
	// group's first leaf.
	constexpr bool breaks_group(const Descriptor *first, Region<Input> group, Level level) const
	{
		if (group.first < region_.first || region_.last < group.last)
			return true;
		if (!operation_.uniform) {
			const uint64_t size = Granule::size(level);
			const Descriptor like = edited(load(first), {group.first, size}, level);

			for (size_t i = 0; i < Format::contiguous_run(level); i++) {
				if (!becomes(load(first + i), {group.first + i * size, size}, level,
					     like))
					return true;
			}
		}
		return false;
	}

	// Has any leaf been seen of which that is so?
	constexpr bool unfolds() const
	{
		return unfolds_;
	}

	// Is the edit of every leaf the same toggle of bits, whatever hardware notes meanwhile in others? With no bits
	// at all, they are as they should be. Not where a group is undone, be it to cut a block of it: its leaves get
	// the notes of each other first, and are not what the plan saw.
	constexpr bool toggles() const
	{
		return toggles_ && !unfolds_ && !rules_.shared;
	}
	constexpr Descriptor toggled() const
	{
		return toggled_;
	}
	// Who is beside a toggle, where tables are live?
	constexpr Beside beside() const
	{
		return open_ ? Beside::hardware : Beside::readers;
	}

	static constexpr Region<Input> group_of(Input at, Level level)
	{
		const uint64_t size = Format::contiguous_run(level) << Granule::shift(level);

		return {at.align_down(size), size};
	}

	constexpr bool must_cut(Region<Input> part, Level level) const
	{
		return part.size() != Granule::size(level) || level < operation_.largest;
	}

    private:
	// What hardware may note in a leaf of a group at any moment, and not in the others.
	static constexpr Descriptor notes(Descriptor d)
	{
		return Format::af | ((d & Format::dbm) ? Format::dirty_bit : 0);
	}

	// All that the leaves of a group have to agree in.
	constexpr Descriptor edited(Descriptor d, Region<Input> leaf, Level level) const
	{
		const Descriptor e = operation_.edit(d, leaf, level);

		return e & Format::attribute_mask & ~notes(e);
	}

	// Will a leaf of a group be like that, whatever hardware notes? Blocks are made anew one at a time,
	// which no group survives.
	constexpr bool becomes(Descriptor d, Region<Input> leaf, Level level, Descriptor like) const
	{
		const Descriptor dirty = notes(d) & ~Format::af;

		if (!Format::is_leaf(d, level))
			return false;
		for (Descriptor noted : {Descriptor{0}, Format::af, dirty, Format::af | dirty}) {
			if (edited(d ^ noted, leaf, level) != like)
				return false;
		}
		return level == last_level ||
		       classify<Format>(d, operation_.edit(d, leaf, level)) != Change::needs_break;
	}

	// The group of the leaf at `entry`: only whoever asks for its first looks at all of it.
	constexpr bool breaks_group_of(const Descriptor *entry, Region<Input> part,
				       Level level) const
	{
		const auto group = group_of(part.first, level);

		if (part.first != group.first)
			return group.first < region_.first;
		return breaks_group(entry, group, level);
	}

	// [at, last] lies within `table`.
	constexpr bool prepare(const Descriptor *table, Level level, Input at, Input last)
	{
		const Descriptor *entry = table + tree_.index(level, at);

		if (is_cancelled(tree_.memory()))
			return fail({Errc::cancelled, Region<Input>::inclusive(at, last)});
		if (level == last_level)
			return prepare_run(entry, level, Region<Input>::inclusive(at, last));
		for (;; entry++) {
			const auto part = part_in_entry(at, last, Granule::size(level));
			const Descriptor d = load(entry);

			if (Format::is_table(d, level)) {
				if (!prepare(tree_.child(d), level + 1, part.first, part.last))
					return false;
			} else if (!must_cut(part, level)) {
				if (!prepare_leaf(d, level, part, entry))
					return false;
			} else if (!prepare_cut(d, level, part)) {
				return false;
			}
			if (part.last == last)
				return true;
			at = part.last + 1;
		}
	}

	// Pages. Where they are all alike, one look at the first decides for all, and for all like
	// them that follow.
	constexpr bool prepare_run(const Descriptor *entry, Level level, Region<Input> part)
	{
		const size_t n = ((part.last - part.first) >> Granule::shift(level)) + 1;
		constexpr Descriptor deciding = Format::attribute_mask | 3;

		// What is to go has to be there, and no more; of groups only those at the ends can stick out.
		if (!optimized_for_size && operation_.removes &&
		    all_leaves<Format>(entry, n, level))
			return prepare_end(load(entry), level, part.first) &&
			       prepare_end(load(entry + n - 1), level, part.last);
		// A look that is no atomic one, when only hardware may be there.
		if (operation_.uniform && !rules_.shared) {
			const Common c = common(entry, n);

			if (c.agree(deciding) && !(c.any & Format::contiguous)) {
				const Descriptor kind = c.any & deciding;

				if (kind == passed_)
					return true;
				passed_ = kind;
				return prepare_leaf(kind, level,
						    {part.first, Granule::size(level)});
			}
		}
		for (size_t i = 0; i < n; i++) {
			const Input first = part.first + (i << Granule::shift(level));

			if (!prepare_leaf(load(entry + i), level, {first, Granule::size(level)},
					  entry + i))
				return false;
		}
		return true;
	}

	constexpr bool prepare_end(Descriptor d, Level level, Input at)
	{
		const auto group = group_of(at, level);

		if (!(d & Format::contiguous) || region_.contains(group))
			return true;
		unfolds_ = true;
		return may(Kind::hint, {group.first < region_.first ? region_.first : group.first,
					Granule::size(level)});
	}

	// `entry`: where it stands, but for one that a cut will make.
	constexpr bool prepare_leaf(Descriptor d, Level level, Region<Input> part,
				    const Descriptor *entry = nullptr)
	{
		if (!Format::is_leaf(d, level))
			return fail(
				{Errc::not_mapped,
				 tree_.stretch(Region<Input>::inclusive(part.first, region_.last),
					       false)});
		if (const Errc why = operation_.check(d, part, level); why != Errc::none)
			return fail({why, part});
		if (!operation_.removes) {
			const Descriptor after = operation_.edit(d, part, level);
			const Change change = classify<Format>(d, after);

			if (change == Change::needs_break && !may(Kind::attributes, part))
				return false;
			if (!optimized_for_size)
				note_toggle(d, after, change, part, level);
		}
		// Two that share would leave a group of which some leaves are as the one wants it, and some as the
		// other.
		if (entry && (d & Format::contiguous) &&
		    (rules_.shared || breaks_group_of(entry, part, level))) {
			unfolds_ = true;
			return may(Kind::hint, part);
		}
		return true;
	}

	constexpr void note_toggle(Descriptor d, Descriptor after, Change change,
				   Region<Input> part, Level level)
	{
		const Descriptor toggle = d ^ after;

		if (toggled_ == unknown_toggle)
			toggled_ = toggle;
		toggles_ = toggles_ && toggle == toggled_;
		if (!toggles_ || !rules_.live)
			return;

		// No TLB may have a global block beside what becomes non-global.
		toggles_ = change != Change::needs_break && !(toggle & Format::not_global);

		const Descriptor open = Format::open_notes(d);

		open_ |= open;
		for (Descriptor noted : {open & Format::af, open & ~Format::af, open}) {
			if (noted && toggles_)
				toggles_ =
					operation_.uniform &&
					operation_.edit(d ^ noted, part, level) == (after ^ noted);
		}
	}

	// A block, or a hole, of which `part` is to stand on its own.
	constexpr bool prepare_cut(Descriptor d, Level level, Region<Input> part)
	{
		if (operation_.uniform || !Format::is_leaf(d, level)) {
			if (!prepare_leaf(d, level, part))
				return false;
		} else if (!prepare_pieces(Format::leaf_bits_below(d, level), level + 1, part)) {
			return false;
		}
		if (!may(Kind::cut, part))
			return false;
		if (d & Format::contiguous) { // a leaf, or it was refused
			unfolds_ = true;
			if (!may(Kind::hint, part))
				return false;
		}
		needed_ += tables_to_cut(level, part.first, part.last);
		return true;
	}

	// The leaves `d` of `level` that the cut will make there.
	constexpr bool prepare_pieces(Descriptor d, Level level, Region<Input> part)
	{
		pause(tree_.memory());
		if (is_cancelled(tree_.memory()))
			return fail({Errc::cancelled, part});
		for (Input at = part.first;;) {
			const auto piece = part_in_entry(at, part.last, Granule::size(level));

			if (!must_cut(piece, level)) {
				if (!prepare_leaf(d, level, piece))
					return false;
			} else if (!prepare_pieces(Format::leaf_bits_below(d, level), level + 1,
						   piece)) {
				return false;
			}
			if (piece.last == part.last)
				return true;
			at = piece.last + 1;
		}
	}

	constexpr bool may(Kind kind, Region<Input> part)
	{
		if (rules_.allow(kind))
			return true;
		return fail({Errc::needs_break, part});
	}

	// A block of `level`, of which [first, last] is to stand on its own: one table below it, and
	// those that its leaves need in turn.
	constexpr size_t tables_to_cut(Level level, Input first, Input last) const
	{
		size_t n = 1;

		if (++level == last_level)
			return n;
		pause(tree_.memory());
		for (Input at = first;;) {
			const auto part = part_in_entry(at, last, Granule::size(level));

			if (must_cut(part, level))
				n += tables_to_cut(level, part.first, part.last);
			if (part.last == last)
				return n;
			at = part.last + 1;
		}
	}

	constexpr bool fail(Error error)
	{
		error_ = error;
		return false;
	}

	const T &tree_;
	const ChangeRules &rules_;
	const Operation &operation_;
	Region<Input> region_;
	size_t needed_ = 0;
	bool unfolds_ = false;
	static constexpr Descriptor unknown_toggle = ~Descriptor{0};
	bool toggles_ = true;
	Descriptor toggled_ = unknown_toggle;
	Descriptor open_ = 0;
	Descriptor passed_ = ~Descriptor{0}; // what like pages are alike in; none so far
	Error error_;
};

} // namespace vmsa
