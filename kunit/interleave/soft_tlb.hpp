// SPDX-License-Identifier: GPL-2.0-only
//
// What the TLBs of all CPUs may hold of each page: every permission that its leaf had since the last invalidation that
// is complete. And what of that a thread has to see gone before it returns: whatever allows more than the
// leaf did when the thread last looked at it.
//
//   cached      rw ──────────────────────── may still be there ──────────────────── gone
//   leaf        rw ──> r  (thread A)                                                 |
//   thread B          reads r: B, too, promises that no TLB allows w      invalidate, sync
#pragma once

#include "exhaust/meaning.hpp"
#include "interleave/fibers.hpp"

namespace interleave
{

using exhaust::most_pages;

// A set of permissions, each of them a number of two bits, S2AP.
class PermissionSet {
    public:
	void add(unsigned permission)
	{
		set_ |= 1u << permission;
	}
	void remove(PermissionSet other)
	{
		set_ &= ~other.set_;
	}
	// Those that allow what `permission` does not.
	PermissionSet beyond(unsigned permission) const
	{
		PermissionSet more;

		for (unsigned p = 0; p < 4; p++) {
			if ((set_ >> p & 1) && (p & ~permission))
				more.add(p);
		}
		return more;
	}
	bool empty() const
	{
		return !set_;
	}
	unsigned raw() const
	{
		return set_;
	}

    private:
	unsigned set_ = 0;
};

struct SoftTlb {
	using PerPage = std::array<PermissionSet, most_pages>;

	PerPage cached{};
	std::array<PerPage, most_fibers> going{}; // invalidated by that thread, and not synced
	std::array<PerPage, most_fibers> promised{}; // has to be gone when that thread returns

	void fill(size_t page, unsigned permission)
	{
		cached[page].add(permission);
	}

	void looked_at(size_t thread, size_t page, unsigned permission)
	{
		promised[thread][page] = cached[page].beyond(permission);
	}

	void invalidate(size_t thread, size_t first, size_t last)
	{
		for (size_t p = first; p <= last && p < most_pages; p++)
			going[thread][p] = cached[p];
	}

	void sync(size_t thread)
	{
		for (size_t p = 0; p < most_pages; p++) {
			const PermissionSet gone = going[thread][p];

			cached[p].remove(gone);
			for (PerPage &its : promised)
				its[p].remove(gone);
			going[thread][p] = {};
		}
	}

	template <class Mix> void show(const Mix &mix) const
	{
		for (const PermissionSet &s : cached)
			mix(s.raw());
		for (size_t i = 0; i < most_fibers; i++) {
			for (size_t p = 0; p < most_pages; p++)
				mix(going[i][p].raw() << 4 | promised[i][p].raw());
		}
	}
};

} // namespace interleave
