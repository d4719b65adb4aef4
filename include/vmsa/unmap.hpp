// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Unmap: every byte of the region must be mapped, and afterwards none is. Tables that become empty
// are unlinked, and freed by the batch once no walker can be inside them.
#pragma once

#include "vmsa/edit.hpp"

namespace vmsa
{

struct RemoveLeaves {
	static constexpr bool edits = true;
	static constexpr bool removes = true;
	static constexpr bool uniform = true;

	static constexpr bool cuts(Level)
	{
		return false;
	}

	constexpr Errc check(Descriptor, auto, Level) const
	{
		return Errc::none;
	}
};

// Is there anything else in the table in which `entry` stands at `index`?
template <class Granule> constexpr bool has_others(const Descriptor *entry, size_t index)
{
	using L = Lines<Granule>;
	const size_t i = index % L::entries;
	const Descriptor *line = entry - i;

	return (line[i ^ 1] | line[i ^ 2] | line[i ^ 3] | line[i ^ 4] | line[i ^ 5] | line[i ^ 6] |
		line[i ^ 7]) ||
	       !L::empty_but(entry - index, index / L::entries);
}

// The common case, in one descent: one page, of a table in which others survive. False where it is
// not that simple, also where it is an error.
template <class T, class Batch>
[[gnu::always_inline]] constexpr bool unmap_page(const T &tree, Batch &batch,
						 Region<typename T::Input> page)
{
	if (!tree.is_page(page))
		return false;

	const auto slot = tree.slot(page.first);
	const Descriptor d = slot.descriptor;

	if (slot.level != last_level || (d & 3) != 3 || (d & T::Format::contiguous) ||
	    !has_others<typename T::Granule>(slot.entry, tree.index(last_level, page.first)))
		return false;
	store(slot.entry, 0);
	batch.changed(page, last_level);
	return true;
}

// Errors: those of check_region; not_mapped (naming the hole); no_memory (cutting a block takes
// tables, even to unmap); needs_break (where the rules refuse it).
template <class T, class Batch>
[[gnu::always_inline]] constexpr Result<void> unmap(T &tree, Batch &batch,
						    Region<typename T::Input> region)
{
	if (unmap_page(tree, batch, region))
		return {};
	if (const Error e = check_region(tree, region); e.code != Errc::none)
		return e;

	const RemoveLeaves operation;

	return edit(tree, batch, operation, region);
}

} // namespace vmsa
