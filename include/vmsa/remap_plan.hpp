// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The first half of a remap (remap.hpp): what the region is to become, what of that needs a break or a table, and
// whether it may be. Nothing is stored.
#pragma once

#include "vmsa/harvest.hpp"
#include "vmsa/map.hpp"

namespace vmsa
{

template <class T, class Rule> class RemapPlan : protected Mapper<T, Rule> {
	using Base = Mapper<T, Rule>;
	using Format = typename T::Format;
	using Granule = typename T::Granule;
	using Input = typename T::Input;

	using Base::error_;
	using Base::fail;
	using Base::last_;
	using Base::leaves_here;
	using Base::needed_;
	using Base::over_;
	using Base::rule_;

    public:
	// `bits` as leaf_bits gives them.
	constexpr RemapPlan(T &tree, const ChangeRules &rules, const Rule &rule, Descriptor bits,
			    MapLimits limits)
	    : Base{tree, rule, bits, limits}, rules_{rules}
	{
	}

	// May it be done, and how many tables will it take? Errors: all but no_memory.
	template <class P> constexpr Result<size_t> make(const P &path, Region<Input> region)
	{
		last_ = region.last;
		if (!prepare(path.lowest(), 0, path.level, region.first, region.last))
			return error_;
		return needed_;
	}

    protected:
	using Base::bits_;
	using Base::reserve_;
	using Base::tree_;

	// ---- What [at, last], which lies within one table of `level`, becomes ----

	// leaves(part, pa) for each run of leaves, below(part, extent) for each entry that leads to a table. They
	// answer whether to go on, and so does this.
	template <class Leaves, class Below>
	constexpr bool each_part(Level level, Input at, Input last, const Leaves &leaves,
				 const Below &below) const
	{
		for (;;) {
			const Extent extent = rule_(at);
			const size_t n = leaves_here(level, at, last, extent);
			const auto part = n ? Region<Input>{at, n << Granule::shift(level)}
					    : part_in_entry(at, last, Granule::size(level));

			if (!(n ? leaves(part, extent.pa) : below(part, extent)))
				return false;
			if (part.last == last)
				return true;
			at = part.last + 1;
		}
	}

	static constexpr Region<Input> group_of(Input at, Level level)
	{
		return detail::whole_of<Format>(Format::contiguous, at, level);
	}

	// The leaf at `at`, of a run of leaves whose output begins at `pa`.
	constexpr Descriptor wanted(Region<Input> run, Pa pa, Level level, Input at) const
	{
		const Descriptor d = Format::encode_output(pa + (at - run.first)) |
				     Format::leaf_type(level) | (bits_ & ~Format::contiguous);
		const auto group = group_of(at, level);

		if (Format::contiguous_run(level) == 1 || !run.contains(group) ||
		    !Pa{pa.raw() - run.first.raw()}.is_aligned(group.size()))
			return d;
		return d | (bits_ & Format::contiguous);
	}

	// What takes the place of `d`: where it changes in place, with all that hardware noted.
	constexpr Descriptor kept(Descriptor d, Descriptor want) const
	{
		if (classify<Format>(d, want) == Change::needs_break)
			return want;

		const Descriptor noted = Format::note(want, Format::noted_by_hardware(d));
		const bool ends = Format::is_dirty(d) && !Format::is_dirty(noted);

		return noted | ((ends ? ~Descriptor{0} : d) & rules_.dirty_note);
	}

	// act(its first entry, group) for each contiguous group that does not go as a whole: the region has
	// only a part of it, or one of its leaves is to be a table. Answers as act.
	template <class D, class Act>
	constexpr bool each_torn_group(D *table, Level level, Input at, Input last,
				       const Act &act) const
	{
		if (Format::contiguous_run(level) == 1)
			return true;
		for (Input next = at;;) {
			const auto group = group_of(next, level);
			D *first = table + tree_.index(level, group.first);
			const Descriptor d = load(first);

			if ((d & Format::contiguous) && Format::is_leaf(d, level) &&
			    is_torn(group, level, at, last) && !act(first, group))
				return false;
			if (group.last >= last)
				return true;
			next = group.last + 1;
			// Of groups of pages only the first and the last can stick out.
			if (level == last_level && last - next > group.last - group.first)
				next = last;
		}
	}

	constexpr bool is_torn(Region<Input> group, Level level, Input at, Input last) const
	{
		if (group.first < at || last < group.last)
			return true;
		return level < last_level &&
		       !each_part(
			       level, group.first, group.last, [](auto, Pa) { return true; },
			       [](auto, Extent) { return false; });
	}

	// Are all leaves of the run to be others, which takes a break? `entry`: the first of those that stand there.
	constexpr bool all_go(const Descriptor *entry, size_t n, Level level, Pa pa) const
	{
		const Descriptor bits = bits_ | Format::leaf_type(level);

		return (leaves_ || all_leaves<Format>(entry, n, level)) &&
		       all_differ<Format>(entry, n, level, pa, bits,
					  needing_break<Format>(bits) & ~Format::contiguous);
	}

	const ChangeRules &rules_;

    private:
	// What stands at `at`: in `table` or, where that is null, in a table that `above` will be cut into.
	constexpr Descriptor standing(const Descriptor *table, Descriptor above, Level level,
				      Input at) const
	{
		if (table)
			return load(table + tree_.index(level, at));
		if (!Format::is_leaf(above, level - 1))
			return above;

		const uint64_t offset = at.raw() & (Granule::size(level - 1) - 1);
		const Pa pa = Format::output(above, level - 1) + offset;

		return Format::encode_output(pa) | Format::leaf_bits_below(above, level - 1);
	}

	constexpr bool prepare(const Descriptor *table, Descriptor above, Level level, Input at,
			       Input last)
	{
		if (!table)
			pause(tree_.memory());
		if (is_cancelled(tree_.memory()))
			return fail({Errc::cancelled, Region<Input>::inclusive(at, last)});
		if (table && !rules_.allow(Kind::hint) &&
		    !each_torn_group(table, level, at, last, [&](auto, Region<Input> group) {
			    return fail({Errc::needs_break, group});
		    }))
			return false;
		return each_part(
			level, at, last,
			[&](Region<Input> run, Pa pa) {
				return this->output_fits(run, pa) &&
				       may_replace(table, above, level, run, pa, at, last);
			},
			[&](Region<Input> part, Extent extent) {
				if (!this->is_of_pages(extent, part.first, last))
					return false;

				const Descriptor d = standing(table, above, level, part.first);

				if (Format::is_table(d, level))
					return prepare(tree_.child(d), 0, level + 1, part.first,
						       part.last);
				return may_replace(d, level, part) &&
				       prepare_table(d, level, part, extent);
			});
	}

	constexpr bool output_fits(Region<Input> run, Pa pa)
	{
		return Base::output_fits(pa, run);
	}

	// A new table in the place of `d`, of `level`.
	constexpr bool prepare_table(Descriptor d, Level level, Region<Input> part, Extent extent)
	{
		const bool cuts = Format::is_leaf(d, level);

		if (cuts && !rules_.allow(Kind::cut))
			return fail({Errc::needs_break, part});
		needed_++;
		if (!this->fills_alike(level, part, extent))
			return prepare(nullptr, d, level + 1, part.first, part.last);
		needed_ += this->tables_below(level, part.first, part.last, extent);
		// All leaves alike: the first one decides.
		do {
			d = standing(nullptr, d, ++level, part.first);
		} while (!leaves_here(level, part.first, part.last, extent));
		return !cuts || may_change(d, wanted(part, extent.pa, level, part.first),
					   Region<Input>{part.first, Granule::size(level)});
	}

	// A run of leaves over what stands there, within [at, last] of a table.
	constexpr bool may_replace(const Descriptor *table, Descriptor above, Level level,
				   Region<Input> run, Pa pa, Input at, Input last)
	{
		const uint64_t size = Granule::size(level);
		const size_t n = ((run.last - run.first) >> Granule::shift(level)) + 1;

		// Mostly there is nothing to refuse.
		if (!optimized_for_size && table && rules_.allow(Kind::output)) {
			const Descriptor *entry = table + tree_.index(level, run.first);

			if (all_leaves<Format>(entry, n, level))
				return true;
			leaves_ = false;
			if (Base::all_free(entry, n))
				return true;
		}
		leaves_ = false;

		// What a cut will leave there has been looked at already.
		if (!table && (rules_.allow(Kind::output) || !Format::is_leaf(above, level - 1)))
			return true;
		for (Region<Input> leaf{run.first, size};; leaf = {leaf.last + 1, size}) {
			Descriptor d = standing(table, above, level, leaf.first);

			// The hint of a torn group is gone by then.
			if ((d & Format::contiguous) && Format::is_leaf(d, level) &&
			    is_torn(group_of(leaf.first, level), level, at, last))
				d &= ~Format::contiguous;
			if (Format::is_table(d, level)) {
				if (!may_bury(d, level, leaf))
					return false;
			} else if (d &&
				   (!may_replace(d, level, leaf) ||
				    (Format::is_leaf(d, level) &&
				     !may_change(d, wanted(run, pa, level, leaf.first), leaf)))) {
				return false;
			}
			if (leaf.last == run.last)
				return true;
		}
	}

	// A leaf in the place of a table, and of all below it.
	constexpr bool may_bury(Descriptor d, Level level, Region<Input> whole)
	{
		bool may = true;

		for_each_entry(tree_, tree_.child(d), level + 1, whole,
			       [&](auto, Descriptor below, Region<Input> part, Level l) {
				       if (!may)
					       return;
				       may = may_replace(below, l, part) &&
					     (!Format::is_leaf(below, l) ||
					      rules_.allow(Kind::output) ||
					      fail({Errc::needs_break, whole}));
			       });
		return may;
	}

	// Is `d` nothing, a leaf, or what may be mapped over?
	constexpr bool may_replace(Descriptor d, Level level, Region<Input> part)
	{
		if (!d || d == over_ || Format::is_leaf(d, level))
			return true;
		if (Format::is_valid(d))
			return fail({Errc::overlap, part}); // reserved
		return fail({Errc::annotated,
			     same_stretch(tree_, Region<Input>::inclusive(part.first, last_))});
	}

	constexpr bool may_change(Descriptor d, Descriptor want, Region<Input> leaf)
	{
		if (rules_.allow(Kind::output) || classify<Format>(d, want) != Change::needs_break)
			return true;
		return fail({Errc::needs_break, leaf});
	}

	bool leaves_ = true; // nothing but leaves stands where leaves shall be
};

} // namespace vmsa
