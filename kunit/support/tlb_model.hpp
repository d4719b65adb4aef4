// SPDX-License-Identifier: GPL-2.0-only
//
// TlbModel: a TLB that forgets only what it must. Whatever was once valid stays cached, leaf or
// table entry, until
//
//   an invalidation covers it   every byte of a leaf, because a TLB may hold it in pieces (a table
//                               entry is used for each of its addresses, so any will do); with
//                               the level of the leaf, or none, as hint; with `tables` for a
//                               table entry, and without hint
//   and a sync follows.
//
// What the tables still hold is no concern of it: only what they no longer say is remembered.
#pragma once

#include "support/shadow.hpp"
#include "vmsa/tlb.hpp"

namespace support
{

template <class Format> class TlbModel {
    public:
	using Region = vmsa::Region<vmsa::Ipa>;

	TlbModel(struct kunit *test, Verdict &verdict, size_t capacity) : verdict_{verdict}
	{
		stale_ = scratch<Stale>(test, capacity);
	}

	void changed(const Change &c)
	{
		const bool table = Format::is_table(c.before, c.level);

		published_ = false;
		if (!table && !Format::is_leaf(c.before, c.level))
			return;
		// A run of leaves is remembered as one.
		if (Stale *s = count_ ? &stale_[count_ - 1] : nullptr;
		    s && !table && !s->table && !s->invalidated && s->level == c.level &&
		    s->last + 1 == c.region.first.raw()) {
			s->last = c.region.last.raw();
			return;
		}
		remember({c.region.first.raw(), c.region.last.raw(),
			  table ? Format::next_table(c.before).raw() : 0, c.level, table, false});
	}

	void invalidate(Region region, vmsa::Level level, bool tables)
	{
		const bool hinted = level != vmsa::unknown_level;

		invalidations_++;
		// Trap 8: below the level that is hinted at, address bits must be zero.
		verdict_.expect(
			!hinted || (region.first.is_aligned(Format::Granule::size(level)) &&
				    (region.last + 1).is_aligned(Format::Granule::size(level))),
			"a hint fits its region", region.first.raw(), region.last.raw());
		for (size_t i = count_; i-- > 0;) {
			Stale &s = stale_[i];

			if (s.invalidated || s.last < region.first.raw() ||
			    s.first > region.last.raw())
				continue;
			if (s.table)
				s.invalidated = tables && !hinted;
			else if (!hinted || s.level == level)
				invalidate_part(s, region);
		}
	}

	void sync()
	{
		size_t kept = 0;

		for (size_t i = 0; i < count_; i++) {
			if (!stale_[i].invalidated)
				stale_[kept++] = stale_[i];
		}
		count_ = kept;
		published_ = true;
		syncs_++;
	}

	// What must hold when an operation is over.
	void expect_settled()
	{
		const Stale s = count_ ? stale_[0] : Stale{};

		verdict_.expect(!count_, "no TLB holds what the tables no longer say", s.first,
				s.last);
		verdict_.expect(published_, "new descriptors are visible before the caller goes on",
				0, 0);
		count_ = 0;
		published_ = true;
	}

	bool may_hold(Region region) const
	{
		for (const Stale &s : stale_.first(count_)) {
			if (s.first <= region.last.raw() && region.first.raw() <= s.last)
				return true;
		}
		return false;
	}

	bool may_walk(vmsa::Pa table) const
	{
		for (const Stale &s : stale_.first(count_)) {
			if (s.table && s.names == table.raw())
				return true;
		}
		return false;
	}

	size_t invalidations() const
	{
		return invalidations_;
	}
	size_t syncs() const
	{
		return syncs_;
	}

    private:
	struct Stale {
		uint64_t first;
		uint64_t last;
		uint64_t names; // a table entry: the table
		vmsa::Level level;
		bool table;
		bool invalidated; // but not yet for certain: the sync is missing
	};

	void remember(Stale s)
	{
		if (verdict_.expect(count_ < stale_.size(), "the model has room", s.first, s.last))
			stale_[count_++] = s;
	}

	// What sticks out of the region stays.
	void invalidate_part(Stale &s, Region region)
	{
		Stale before = s;
		Stale after = s;

		before.last = region.first.raw() - 1;
		after.first = region.last.raw() + 1;
		s.invalidated = true;
		if (s.first < region.first.raw()) {
			s.first = region.first.raw();
			remember(before);
		}
		if (s.last > region.last.raw()) {
			s.last = region.last.raw();
			remember(after);
		}
	}

	Verdict &verdict_;
	std::span<Stale> stale_;
	size_t count_ = 0;
	size_t invalidations_ = 0;
	size_t syncs_ = 0;
	bool published_ = true;
};

} // namespace support
