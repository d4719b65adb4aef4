// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Unmap: every byte of the region must be mapped, and afterwards none is. Tables that become
// empty are unlinked, and freed by the batch once no walker can be inside them.
#pragma once

#include "vmsa/edit.hpp"

namespace vmsa
{

struct RemoveLeaves {
	static constexpr bool removes = true;

	constexpr Errc accepts(Descriptor) const
	{
		return Errc::none;
	}

	constexpr bool apply(Descriptor *entry, size_t n) const
	{
		fill_leaves(entry, n, 0, 0);
		return true;
	}
};

// Errors: those of check_region; not_mapped (naming the hole); no_memory (cutting a block takes
// tables, even to unmap).
template <class T, class Batch>
constexpr Result<void> unmap(T &tree, Batch &batch, Region<typename T::Input> region)
{
	if (const Error e = check_region(tree, region); e.code != Errc::none)
		return e;
	if (const Error e = Editor{tree, batch, RemoveLeaves{}}.run(region); e.code != Errc::none)
		return e;
	return {};
}

} // namespace vmsa
