// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Read and clear what was noted of the use of memory: AF (was it accessed?) and the dirty state (was
// it written?). Hardware may note more at the same moment, so each leaf is exchanged.
//
// A TLB that still holds the leaf need not look at the tables again, so until the batch has been
// synced accesses may go unnoticed; after it, none does. Holes are skipped.
//
// Hardware may note for a contiguous group what it saw of any leaf in it, in any of its leaves: the
// region reported is the group's then.
//
//   visit(region, level)     for each leaf where it was set
#pragma once

#include "vmsa/change.hpp"

namespace vmsa
{

// visit(pointer, region, level) for each leaf of the region, in order.
template <class T, class Visit>
constexpr void for_each_leaf(const T &tree, Descriptor *table, Level level, typename T::Input at,
			     typename T::Input last, const Visit &visit)
{
	using Format = typename T::Format;

	for (;;) {
		const uint64_t size = T::Granule::size(level);
		const auto part = part_in_entry(at, last, size);
		Descriptor *entry = table + tree.index(level, at);
		const Descriptor d = load(entry);

		if (Format::is_table(d, level))
			for_each_leaf(tree, tree.child(d), level + 1, part.first, part.last, visit);
		else if (Format::is_leaf(d, level))
			visit(entry, Region<typename T::Input>{at.align_down(size), size}, level);
		if (part.last == last)
			return;
		at = part.last + 1;
	}
}

namespace detail
{

// The contiguous group that an address is in, or just the address.
template <class T> constexpr Region<typename T::Input> group_at(const T &tree, typename T::Input at)
{
	const auto e = tree.at(at);

	if (!e.is_leaf() || !(e.descriptor & T::Format::contiguous))
		return {at, 1};

	const uint64_t size = T::Format::contiguous_run(e.level) << T::Granule::shift(e.level);

	return {at.align_down(size), size};
}

template <class T, class Batch, class IsSet, class Clear, class Visit>
constexpr Result<void> harvest(T &tree, Batch &batch, Region<typename T::Input> region,
			       const IsSet &is_set, const Clear &clear, const Visit &visit)
{
	if (const Error e = check_region(tree, region); e.code != Errc::none)
		return e;
	for_each_leaf(tree, tree.root(), tree.geometry().start, group_at(tree, region.first).first,
		      group_at(tree, region.last).last,
		      [&](Descriptor *entry, auto leaf, Level level) {
			      Descriptor d = load(entry);

			      do {
				      if (!is_set(d))
					      return;
			      } while (!compare_exchange(entry, d, clear(d)));
			      if (d & T::Format::contiguous) {
				      const uint64_t size = T::Format::contiguous_run(level)
							    << T::Granule::shift(level);

				      leaf = {leaf.first.align_down(size), size};
			      }
			      batch.changed(leaf, level);
			      visit(leaf, level);
		      });
	return {};
}

} // namespace detail

// A leaf, or a group, that sticks out of the region is read, cleared and reported whole. Errors: those of
// check_region.
template <class T, class Batch, class Visit>
constexpr Result<void> harvest_accessed(T &tree, Batch &batch, Region<typename T::Input> region,
					const Visit &visit)
{
	using Format = typename T::Format;

	return detail::harvest(
		tree, batch, region, [](Descriptor d) { return (d & Format::af) != 0; },
		[](Descriptor d) { return d & ~Format::af; }, visit);
}

// The same for leaves that keep dirty state (DBM): they become writable-clean again.
template <class T, class Batch, class Visit>
constexpr Result<void> harvest_dirty(T &tree, Batch &batch, Region<typename T::Input> region,
				     const Visit &visit)
{
	using Format = typename T::Format;

	return detail::harvest(
		tree, batch, region, Format::is_dirty,
		[](Descriptor d) {
			return (d & ~Format::dirty_bit) | (Format::dirty_when ^ Format::dirty_bit);
		},
		visit);
}

} // namespace vmsa
