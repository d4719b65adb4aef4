// SPDX-License-Identifier: GPL-2.0-only
//
// Snapshot: every table reachable from the root, byte for byte, to show that a failed operation
// changed nothing: not a bit, and not the page a table lies in.
#pragma once

#include "support/scratch_memory.hpp"
#include "vmsa/tree.hpp"

namespace support
{

template <class T> class Snapshot {
	using Granule = typename T::Granule;

    public:
	// Room for as many tables as `memory` has.
	Snapshot(struct kunit *test, const ScratchMemory &memory)
	{
		tables_ = scratch<const vmsa::Descriptor *>(test, memory.pages());
		bytes_ = scratch<vmsa::Descriptor>(test, memory.pages() * Granule::entries);
	}

	void take(const T &tree)
	{
		count_ = 0;
		each_table(tree, tree.root(), tree.geometry().start, [&](vmsa::Descriptor *table) {
			__builtin_memcpy(&bytes_[count_ * Granule::entries], table,
					 Granule::table_bytes);
			tables_[count_++] = table;
			return true;
		});
	}

	bool matches(const T &tree) const
	{
		size_t i = 0;
		const bool same = each_table(
			tree, tree.root(), tree.geometry().start, [&](vmsa::Descriptor *table) {
				if (i == count_ || tables_[i] != table)
					return false;
				return !__builtin_memcmp(&bytes_[i++ * Granule::entries], table,
							 Granule::table_bytes);
			});

		return same && i == count_;
	}

	size_t tables() const
	{
		return count_;
	}

    private:
	// visit(table) -> go on?
	template <class Visit>
	static bool each_table(const T &tree, vmsa::Descriptor *table, vmsa::Level level,
			       Visit &&visit)
	{
		bool on = true;

		for (size_t i = 0; i < tree.entries(level); i += Granule::entries)
			on = on && visit(table + i);
		tree.for_each_child(table, level, [&](vmsa::Descriptor *child, vmsa::Level l) {
			on = on && each_table(tree, child, l, visit);
		});
		return on;
	}

	std::span<const vmsa::Descriptor *> tables_;
	std::span<vmsa::Descriptor> bytes_;
	size_t count_ = 0;
};

} // namespace support
