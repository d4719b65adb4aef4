// SPDX-License-Identifier: GPL-2.0-only
//
// Shadow: a copy of every table that can be reached from the root, as it was at the last look. A
// look tells what changed since, descriptor by descriptor. When a table is unlinked, all that was
// valid below it has gone; when one is linked, all in it has come. What is written to a table between
// the two, or before it is freed, is told apart: walk caches may still lead there.
#pragma once

#include "support/scratch_memory.hpp"
#include "vmsa/tree.hpp"

namespace support
{

template <class Format> struct Change {
	vmsa::Region<typename Format::Input> region;
	vmsa::Level level;
	vmsa::Descriptor before;
	vmsa::Descriptor after;
};

template <class Format> class Shadow {
	using Granule = typename Format::Granule;
	using Input = typename Format::Input;
	using Change = support::Change<Format>;

    public:
	Shadow(struct kunit *test, Verdict &verdict, ScratchMemory &memory)
	    : verdict_{verdict}, memory_{memory}
	{
		copy_ = scratch<vmsa::Descriptor>(test, memory.pages() * Granule::entries);
		places_ = scratch<Place>(test, memory.pages());
		if (!verdict.expect(!copy_.empty() && !places_.empty(), "scratch memory for copies",
				    memory.pages(), Granule::entries))
			places_ = {};
	}

	// Concatenated tables are as many, side by side.
	void start(vmsa::Descriptor *root, const vmsa::Geometry &geometry)
	{
		for (Place &place : places_)
			place = {};
		const uint64_t span = Granule::size(geometry.start) * Granule::entries;

		for (size_t i = 0; i < geometry.root_tables; i++)
			adopt(root + i * Granule::entries, geometry.start,
			      geometry.first_input() + i * span, [](const Change &) {});
	}

	// From the root down: what was written to a table that was also unlinked is a late write.
	template <class Visit> void look(Visit &&visit)
	{
		for (vmsa::Level level = Format::first_level; level <= vmsa::last_level; level++) {
			for (size_t page = 0; page < places_.size(); page++) {
				if (places_[page].linked && places_[page].level == level)
					compare(page, visit);
			}
		}
	}

	// Whoever knows all atomic accesses says before each one, after a look, what it is of.
	void watch(bool on)
	{
		accessed_ = on ? copy_.data() : nullptr; // nothing of a table
	}
	void will_access(const volatile vmsa::Descriptor *word)
	{
		accessed_ = word;
	}

	// Then nothing else in tables that can be reached has changed since the last look.
	void judge_stores() const
	{
		if (accessed_)
			verdict_.expect(!has_changed_beside(accessed_),
					"what hardware can see is stored whole", 0, 0);
	}

	// Was something written to a table that is not linked any more? visit(table, change)
	template <class Visit> void look_at_unlinked(Visit &&visit)
	{
		for (size_t page = 0; page < places_.size(); page++) {
			if (places_[page].unlinked)
				each_change(page, [&](const Change &change) {
					visit(memory_.page(page), change);
				});
		}
	}

	// Tables that can be reached.
	size_t linked() const
	{
		size_t n = 0;

		for (const Place &place : places_)
			n += place.linked;
		return n;
	}

	// Says an entry, in bits [58:53], that more lines of its table hold something than do?
	bool is_overstated() const
	{
		for (size_t page = 0; page < places_.size(); page++) {
			if (places_[page].linked && places_[page].level < vmsa::last_level &&
			    is_overstated_in(memory_.page(page), places_[page].level))
				return true;
		}
		return false;
	}

	bool is_linked(const vmsa::Descriptor *table) const
	{
		return places_[memory_.page_of(table)].linked;
	}

	// The hardware changed these bits of an entry: no change of ours.
	void noted(const vmsa::Descriptor *entry, vmsa::Descriptor bits)
	{
		const size_t page = memory_.page_of(entry);

		copy_[page * Granule::entries + (entry - memory_.page(page))] ^= bits;
	}

	// It is freed: what is written to it is no concern of any walk.
	void forget(const vmsa::Descriptor *table)
	{
		places_[memory_.page_of(table)].unlinked = false;
	}

    private:
	// Which part of the input space a table decides.
	struct Place {
		uint64_t first;
		vmsa::Level level;
		bool linked;
		bool unlinked; // it was linked, and is not free yet
	};

	template <class Visit> void compare(size_t page, Visit &&visit)
	{
		each_change(page, [&](const Change &change) {
			const vmsa::Level level = change.level;

			if (Format::is_table(change.before, level) &&
			    !is_same_table(change.before, change.after, level))
				disown(change.before, visit);
			visit(change);
			if (Format::is_table(change.after, level) &&
			    !is_same_table(change.after, change.before, level))
				adopt(memory_.pointer(Format::next_table(change.after)), level + 1,
				      change.region.first.raw(), visit);
		});
	}

	// Of one table, since the last look; it is copied anew.
	template <class Visit> void each_change(size_t page, Visit &&visit)
	{
		const vmsa::Descriptor *now = memory_.page(page);
		vmsa::Descriptor *then = copy_.data() + page * Granule::entries;

		if (__builtin_memcmp(now, then, Granule::table_bytes) == 0)
			return;
		for (size_t i = 0; i < Granule::entries; i++) {
			const Change change{slot(places_[page], i), places_[page].level, then[i],
					    now[i]};

			if (change.before == change.after)
				continue;
			then[i] = change.after;
			visit(change);
		}
	}

	bool has_changed_beside(const volatile vmsa::Descriptor *word) const
	{
		for (size_t page = 0; page < places_.size(); page++) {
			const vmsa::Descriptor *now = memory_.page(page);
			const vmsa::Descriptor *then = copy_.data() + page * Granule::entries;

			for (size_t i = 0; places_[page].linked && i < Granule::entries; i++) {
				if (now[i] != then[i] && now + i != word)
					return true;
			}
		}
		return false;
	}

	bool is_overstated_in(const vmsa::Descriptor *table, vmsa::Level level) const
	{
		for (size_t i = 0; i < Granule::entries; i++) {
			const vmsa::Descriptor known = table[i] >> 53 & 63;

			if (known && Format::is_table(table[i], level) &&
			    lines(memory_.pointer(Format::next_table(table[i]))) < known)
				return true;
		}
		return false;
	}

	// Of eight entries, not all of which are 0.
	static size_t lines(const vmsa::Descriptor *table)
	{
		size_t n = 0;

		for (size_t i = 0; i < Granule::entries; i += 8) {
			bool any = false;

			for (size_t k = 0; k < 8; k++)
				any |= table[i + k] != 0;
			n += any;
		}
		return n;
	}

	static bool is_same_table(vmsa::Descriptor a, vmsa::Descriptor b, vmsa::Level level)
	{
		return Format::is_table(b, level) && Format::next_table(a) == Format::next_table(b);
	}

	template <class Visit>
	void adopt(const vmsa::Descriptor *table, vmsa::Level level, uint64_t first, Visit &&visit)
	{
		const size_t page = memory_.page_of(table);

		if (page >= places_.size() ||
		    !verdict_.expect(!places_[page].linked, "one entry names a table", first, page))
			return;
		places_[page] = {first, level, true, false};
		for (size_t i = 0; i < Granule::entries; i++)
			copy_[page * Granule::entries + i] = 0;
		compare(page, visit);
	}

	template <class Visit> void disown(vmsa::Descriptor entry, Visit &&visit)
	{
		const size_t page = memory_.page_of(memory_.pointer(Format::next_table(entry)));

		if (page >= places_.size() || !places_[page].linked)
			return;
		places_[page].linked = false;
		places_[page].unlinked = true;
		for (size_t i = 0; i < Granule::entries; i++) {
			const vmsa::Level level = places_[page].level;
			const vmsa::Descriptor d = copy_[page * Granule::entries + i];

			if (!d)
				continue;
			if (Format::is_table(d, level))
				disown(d, visit);
			visit(Change{slot(places_[page], i), level, d, 0});
		}
	}

	static vmsa::Region<Input> slot(const Place &place, size_t i)
	{
		const uint64_t size = Granule::size(place.level);

		return {Input{place.first + i * size}, size};
	}

	Verdict &verdict_;
	ScratchMemory &memory_;
	std::span<vmsa::Descriptor> copy_;
	std::span<Place> places_;
	const volatile vmsa::Descriptor *accessed_ = nullptr; // last, if one is told
};

} // namespace support
