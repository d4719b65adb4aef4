// SPDX-License-Identifier: GPL-2.0-only
//
// Walker: hardware that may act at one step of an operation. It notes that a page is accessed, or written, in the
// leaf that it finds from the root; or in the table where the leaf stood when the operation began, as long as a
// walk cache may lead there; or in the other leaf of its group, as long as a TLB may hold that as one (R_JQQTC). Or it
// is late: it read the leaf before the operation began, and no invalidation waits for its note. That is an exchange: it
// finds what was read, or does nothing (Documentation/litmus/late-note.litmus). Only in a valid leaf, and only what
// FEAT_HAFDBS lets it note.
#pragma once

#include "exhaust/meaning.hpp"
#include "exhaust/steps.hpp"
#include "support/lab.hpp"

namespace exhaust
{

// How the hardware gets to a leaf.
enum class By : uint8_t { root, walk_cache, group, late };

template <class F> class Walker {
    public:
	explicit Walker(support::Lab<F> &lab) : lab_{lab}
	{
	}

	// What it will note, of which page, and how. False where that is no other way than from the root.
	bool prepare(size_t page, bool write, By by)
	{
		page_ = page;
		write_ = write;
		noted_ = 0;
		by_ = by;
		syncs_ = lab_.tlb().syncs();
		from_ = {lab_.tree().root(), lab_.tree().geometry().start};
		if (by == By::root)
			return true;

		const Found leaf = find();

		read_ = *leaf.entry;
		late_ = leaf.entry;
		from_ = {leaf.entry - index(leaf.level), leaf.level};
		return by != By::group || (*leaf.entry & arm::contiguous);
	}

	// At step `n` of what `operation` does.
	template <class Operation> void at(unsigned long n, const Operation &operation)
	{
		steps = {0, n, [](void *self) { static_cast<Walker *>(self)->act(); }, this};
		operation();
		steps = {};
	}

	// access_flag and writable, as far as it noted them.
	Descriptor noted() const
	{
		return noted_;
	}

    private:
	struct Found {
		Descriptor *entry;
		Level level;
	};

	size_t index(Level level) const
	{
		return page_ >> (F::Granule::shift(level) - page_shift) & (F::Granule::entries - 1);
	}

	// On from where the walk begins: the root, or the table that a walk cache knows.
	Found find() const
	{
		auto [table, level] = from_;

		for (;; level++) {
			Descriptor *entry = table + index(level);

			if (level == 3 || (*entry & 3) != arm::table_or_page)
				return {entry, level};
			table = lab_.memory().pointer(vmsa::Pa{*entry & arm::address});
		}
	}

	bool may_walk(const Descriptor *table) const
	{
		return lab_.shadow().is_linked(table) ||
		       lab_.tlb().may_walk(lab_.memory().physical(table));
	}

	void act()
	{
		if (by_ == By::late ? *late_ != read_ : !may_walk(from_.entry))
			return;

		Descriptor *entry = by_ == By::late ? late_ : find().entry;

		// Whatever was synced since, it may have been the group.
		if (by_ == By::group) {
			constexpr Descriptor walked = arm::valid | arm::contiguous;

			if (lab_.tlb().syncs() != syncs_ && (*entry & walked) != walked)
				return;
			entry = from_.entry + (index(from_.level) ^ 1);
			if (from_.level < 3 && (*entry & 3) == arm::table_or_page)
				return;
		}
		if (!(*entry & arm::valid))
			return;

		Descriptor d = *entry | arm::access_flag;

		if (write_ && (d & arm::dbm))
			d |= arm::writable;
		noted_ = d ^ *entry;
		lab_.shadow().noted(entry, noted_);
		*entry = d;
	}

	support::Lab<F> &lab_;
	size_t page_ = 0;
	bool write_ = false;
	By by_ = By::root;
	size_t syncs_ = 0;
	Found from_{}; // the first entry of a table
	Descriptor *late_ = nullptr; // a leaf, and what it was
	Descriptor read_ = 0;
	Descriptor noted_ = 0;
};

} // namespace exhaust
