// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Remap: give a region of input addresses an output, whatever was mapped there. It is map (map.hpp) without the
// error overlap: it replaces holes, pages, blocks and whole tables. The part of a block or of a contiguous group
// that is outside of the region stays mapped as it was. Of annotations it replaces only MapLimits::over.
//
//   map.remap(text, Linear{text.first, pa}, normal | rx);     // text within RAM that was mapped as one
//
// Entries of one table are broken together, invalidated once, and made again:
//
//   leaf, table  ──break──>  invalid  ──invalidate, sync──>  leaf of its new size
//
// A leaf that is already as it should be is not touched. If only permissions, AF, dirty state or software bits
// differ, the leaf is changed in place, and keeps what hardware noted in it.
#pragma once

#include "vmsa/remap_plan.hpp"

namespace vmsa
{

template <class T, class Batch, class Rule, class Visit> class Remapper : RemapPlan<T, Rule> {
	using Plan = RemapPlan<T, Rule>;
	using Format = typename T::Format;
	using Granule = typename T::Granule;
	using Input = typename T::Input;

	using Plan::each_part;
	using Plan::reserve_;
	using Plan::rules_;
	using Plan::tree_;
	using Plan::wanted;

    public:
	// `bits` as leaf_bits gives them.
	constexpr Remapper(T &tree, Batch &batch, const Rule &rule, Descriptor bits,
			   MapLimits limits, const Visit &visit)
	    : Plan{tree, batch.rules(), rule, bits, limits}, batch_{batch}, visit_{visit}
	{
	}

	constexpr Error run(Region<Input> region)
	{
		const Path<T> path = path_to(tree_, region);
		const Result<size_t> tables = this->make(path, region);

		if (!tables)
			return tables.error();
		if (!reserve_.fill(tables.value()))
			return {Errc::no_memory, region};
		batch_.make(region);
		order_contents();
		will_fill(tree_, path, region);
		commit(path.lowest(), path.level, region.first, region.last, rules_.live);
		return {};
	}

    private:
	static constexpr bool shows = !std::same_as<Visit, ShowNothing>;

	// ---- Commit: nothing fails. `live`: the hardware can reach this table. ----

	constexpr void commit(Descriptor *table, Level level, Input at, Input last, bool live)
	{
		this->each_torn_group(
			table, level, at, last, [&](Descriptor *first, Region<Input> group) {
				set_contiguous<Format>(batch_, first, group, level, false);
				return true;
			});
		const bool clear = break_old(table, level, at, last, live);

		make_new(table, level, at, last, live, clear);
		batch_.created();
	}

	// Whatever cannot become what it shall in place is invalid afterwards, on every CPU. It still says what
	// it was, unless all of its run goes and nobody is to see it; an annotation, which is not 0 and invalid either,
	// goes. True: nothing is left where leaves shall be.
	constexpr bool break_old(Descriptor *table, Level level, Input at, Input last, bool live)
	{
		const uint64_t size = Granule::size(level);
		Region<Input> broken;
		bool any = false;
		bool tables = false;
		bool clear = !shows && !optimized_for_size;

		each_part(
			level, at, last,
			[&](Region<Input> run, Pa pa) {
				Descriptor *entry = table + tree_.index(level, run.first);
				const size_t n = leaves_in(run, level);

				if (!shows && !optimized_for_size &&
				    this->all_go(entry, n, level, pa)) {
					fill(entry, n, 0, 0);
					broken = any ? broken.hull(run) : run;
					any = true;
					return true;
				}
				clear = clear && this->all_free(entry, n);
				for (Region<Input> leaf{run.first, size};;
				     leaf = {leaf.last + 1, size}, entry++) {
					const Descriptor d = load(entry);
					const bool is_table = Format::is_table(d, level);

					if (!Format::is_valid(d)) {
						store(entry, 0);
					} else if (is_table ||
						   classify<Format>(
							   d, wanted(run, pa, level, leaf.first)) ==
							   Change::needs_break) {
						break_leaf(entry, live);
						broken = any ? broken.hull(leaf) : leaf;
						any = true;
						tables |= is_table;
					}
					if (leaf.last == run.last)
						return true;
				}
			},
			[](auto, Extent) { return true; });
		if (any && live)
			batch_.broken(broken, level, tables);
		if (shows && any)
			share_all_notes(table, level, at, last);
		return clear;
	}

	static constexpr size_t leaves_in(Region<Input> run, Level level)
	{
		return ((run.last - run.first) >> Granule::shift(level)) + 1;
	}

	// Of the groups that were broken. Only in a run is what is invalid, and not 0, a broken leaf: elsewhere it may
	// be an annotation. Torn groups are none any more.
	constexpr void share_all_notes(Descriptor *table, Level level, Input at, Input last)
	{
		const uint64_t size = Granule::size(level);

		each_part(
			level, at, last,
			[&](Region<Input> run, Pa) {
				for (Input leaf = run.first;; leaf = leaf + size) {
					Descriptor *entry = table + tree_.index(level, leaf);
					const Descriptor d = load(entry);

					if (d && !Format::is_valid(d) &&
					    Format::is_leaf(d | Format::valid_bit, level) &&
					    begins_group<Format>(d, leaf, level))
						share_notes<Format>(entry, level, rules_.dirty_note,
								    false);
					if (run.last - leaf < size)
						return true;
				}
			},
			[](auto, Extent) { return true; });
	}

	constexpr void make_new(Descriptor *table, Level level, Input at, Input last, bool live,
				bool clear)
	{
		const uint64_t size = Granule::size(level);

		each_part(
			level, at, last,
			[&](Region<Input> run, Pa pa) {
				Descriptor *entry = table + tree_.index(level, run.first);

				if (!optimized_for_size && clear) {
					this->write_leaves(entry, leaves_in(run, level), level,
							   run.first, pa);
					return true;
				}
				for (Region<Input> leaf{run.first, size};;
				     leaf = {leaf.last + 1, size}, entry++) {
					const Descriptor d = load(entry);
					const Descriptor want = wanted(run, pa, level, leaf.first);

					if (Format::is_valid(d))
						change_in_place(entry, want, leaf, level, live);
					else
						make_leaf(entry, d, want, leaf, level);
					if (leaf.last == run.last)
						return true;
				}
			},
			[&](Region<Input> part, Extent) {
				make_table(table + tree_.index(level, part.first), level, part,
					   live);
				return true;
			});
	}

	constexpr void change_in_place(Descriptor *entry, Descriptor want, Region<Input> leaf,
				       Level level, bool live)
	{
		Descriptor old = load(entry);

		while (this->kept(old, want) != old) {
			// No TLB may have a global block beside: it was cut without a break.
			if ((this->kept(old, want) ^ old) & Format::not_global)
				batch_.make(leaf);
			if (!replace(entry, old, this->kept(old, want), live))
				continue;
			if (live)
				batch_.changed(detail::whole_of<Format>(old, leaf.first, level),
					       level);
			return;
		}
	}

	// `d` is what was broken there, or 0.
	constexpr void make_leaf(Descriptor *entry, Descriptor d, Descriptor want,
				 Region<Input> leaf, Level level)
	{
		const Descriptor old = d ? d | Format::valid_bit : 0;

		if (!Format::is_table(old, level)) {
			if (shows && old)
				visit_(Entry<Format>{leaf, old, level});
			store(entry, want);
			return;
		}

		Descriptor *child = tree_.child(old);

		if constexpr (shows) {
			for_each_entry(tree_, child, level + 1, leaf,
				       [this](Descriptor *below, Descriptor its, Region<Input> part,
					      Level l) {
					       if (Format::is_leaf(its, l))
						       show_below(below, its, part, l);
				       });
		}
		store(entry, want);
		batch_.folded(leaf, level);
		retire(tree_, batch_, child, level + 1);
	}

	// A leaf, or the group that it begins, of a table that was broken: each is broken, too, for a note may be late,
	// as in a fold. So the others of the group are no leaves any more when their turn comes.
	[[gnu::noinline]] constexpr void show_below(Descriptor *entry, Descriptor d,
						    Region<Input> part, Level level)
	{
		const bool group = begins_group<Format>(d, part.first, level);
		size_t n = group ? Format::contiguous_run(level) : 1;

		for (size_t i = 0; i < n; i++)
			break_leaf(entry + i, rules_.live);
		if (group)
			share_notes<Format>(entry, level, rules_.dirty_note, false);
		for (; n; n--, entry++, part = {part.last + 1, Granule::size(level)})
			visit_(Entry<Format>{part, load(entry) | Format::valid_bit, level});
	}

	// An entry that leads, or shall lead, to a table.
	constexpr void make_table(Descriptor *entry, Level level, Region<Input> part, bool live)
	{
		const Descriptor d = load(entry);

		if (Format::is_table(d, level)) {
			will_fill(tree_, entry, tree_.child(d), level + 1, part);
			commit(tree_.child(d), level + 1, part.first, part.last, live);
			return;
		}

		Descriptor *child = reserve_.take();
		const Pa child_pa = tree_.memory().physical(child);
		const Region<Input> whole{part.first.align_down(Granule::size(level)),
					  Granule::size(level)};

		if (!Format::is_leaf(d, level)) {
			// Beside the region an annotation stays.
			if (d)
				fill(child, Granule::entries, d, 0);
		} else if (live && way(Kind::cut, rules_.bbm_level) != Way::broken) {
			split_unbroken<Format>(batch_, entry, whole, level, child, child_pa);
			batch_.cut(whole, level);
			commit(child, level + 1, part.first, part.last, true);
			return;
		} else {
			if (live) {
				break_leaf(entry, true);
				batch_.broken(whole, level);
			}
			fill_from_block<Format>(child, load(entry) | Format::valid_bit, level);
			batch_.cut(whole, level);
		}
		commit(child, level + 1, part.first, part.last, false);
		store_release(entry, Format::table(child_pa));
		batch_.created();
	}

	Batch &batch_;
	const Visit &visit_;
};

// Maps all of `region`, or changes nothing. `region` is of whole pages, the rule as in map.hpp. visit(Entry),
// where it is given, shows every leaf, or piece of a block, that went, when no TLB has it any more and with all
// that hardware noted; not what was changed in place. The tree is not to be looked at meanwhile. Cost: a look at
// every descriptor of the region, and one invalidation for each table in which something is broken.
// Locking: a writer. Errors: as map, but no overlap with what is mapped (only with a reserved encoding);
// needs_break, naming the leaf, the group or the table, where the rules refuse it.
template <AnyTree T, AnyBatch Batch, OutputRule<typename T::Input> Rule,
	  EntryVisitor<typename T::Format> Visit = ShowNothing>
constexpr Result<void> remap(T &tree, Batch &batch, Region<typename T::Input> region,
			     const Rule &rule, typename T::Format::Attributes attributes,
			     MapLimits limits = {}, const Visit &visit = {})
{
	const auto bits = checked_leaf_bits(tree, batch.rules(), region, attributes, limits);

	if (!bits)
		return bits.error();
	if (const Error e = Remapper{tree, batch, rule, bits.value(), limits, visit}.run(region);
	    e.code != Errc::none)
		return e;
	return {};
}

// How many tables would that take? Errors: as remap, but for no_memory.
template <AnyTree T, OutputRule<typename T::Input> Rule>
constexpr Result<size_t> tables_to_remap(const T &tree, const ChangeRules &rules,
					 Region<typename T::Input> region, const Rule &rule,
					 const typename T::Format::Attributes &attributes,
					 MapLimits limits = {})
{
	const auto bits = checked_leaf_bits(tree, rules, region, attributes, limits);

	if (!bits)
		return bits.error();
	return RemapPlan{tree, rules, rule, bits.value(), limits}.make(path_to(tree, region),
								       region);
}

} // namespace vmsa
