// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Unlink: a table that holds nothing any more leaves the tree. Its entry is cleared, and the batch owns
// it, and all below it, until no walker can be inside. What is left in the entry is 0, or an annotation.
#pragma once

#include "vmsa/change.hpp"
#include "vmsa/occupancy.hpp"

namespace vmsa
{

template <class T, class Batch>
constexpr void retire(const T &tree, Batch &batch, Descriptor *table, Level level)
{
	tree.for_each_child(table, level,
			    [&](Descriptor *below, Level l) { retire(tree, batch, below, l); });
	batch.retire(table);
}

// A subtree goes as a whole: its leaves need no store of their own, but an invalidation that spans
// `part`, in which they all lie, and the walk caches.
template <class T, class Batch>
constexpr void unlink(const T &tree, Batch &batch, Descriptor *entry, Descriptor *child,
		      Level level, Region<typename T::Input> part, Descriptor left = 0)
{
	const uint64_t size = T::Granule::size(level);

	store(entry, left);
	batch.changed(part, unknown_level, {part.first.align_down(size), size});
	retire(tree, batch, child, level + 1);
}

// Does the region cover the entry of `level` in which it lies?
template <class T> constexpr bool covers_entry(Region<typename T::Input> region, Level level)
{
	return region.last - region.first == T::Granule::size(level) - 1;
}

// The same for the table `child` of `level`, which `entry` names, and what of it decides `part`.
template <class T>
constexpr void will_fill(const T &tree, Descriptor *entry, Descriptor *child, Level level,
			 Region<typename T::Input> part)
{
	will_fill(entry, child, tree.index(level, part.first), tree.index(level, part.last));
}

template <class T>
constexpr bool is_emptied(const T &tree, Descriptor *entry, Descriptor *child, Level level,
			  Region<typename T::Input> part)
{
	return is_emptied(entry, child, T::Granule::entries, tree.index(level, part.first),
			  tree.index(level, part.last));
}

// The entry that names the table of `level` on the path; there is none for the root.
template <class T>
constexpr Descriptor *above(const T &tree, const Path<T> &path, Level level,
			    Region<typename T::Input> region)
{
	return path.table[level - 1 - path.start] + tree.index(level - 1, region.first);
}

template <class T>
constexpr void will_fill(const T &tree, const Path<T> &path, Region<typename T::Input> region)
{
	if (path.level > path.start)
		will_fill(tree, above(tree, path, path.level, region), path.lowest(), path.level,
			  region);
}

// Nothing is left of the region, or in all of it what says `left`. Up from the lowest table of the path,
// as far as tables are empty, or say that and nothing else. The root stays.
template <class T, class Batch>
constexpr void prune(const T &tree, Batch &batch, const Path<T> &path,
		     Region<typename T::Input> region, Descriptor left)
{
	for (Level level = path.level; level > path.start; level--) {
		Descriptor *table = path.table[level - path.start];

		Descriptor *entry = above(tree, path, level, region);

		if (left ? !covers_entry<T>(region, level - 1)
			 : !is_emptied(tree, entry, table, level, region))
			return;
		unlink(tree, batch, entry, table, level - 1, region, left);
	}
}

} // namespace vmsa
