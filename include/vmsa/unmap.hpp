// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Unmap: every byte of the region must be mapped, and afterwards none is. Tables that become empty
// are unlinked, and freed by the batch once no walker can be inside them.
#pragma once

#include "vmsa/edit.hpp"

namespace vmsa
{

struct RemoveLeaves {
	static constexpr bool removes = true;
	static constexpr bool uniform = true;

	constexpr Errc check(Descriptor, auto, Level) const
	{
		return Errc::none;
	}
};

// Errors: those of check_region; not_mapped (naming the hole); no_memory (cutting a block takes
// tables, even to unmap); needs_break (where the rules refuse it).
template <class T, class Batch>
constexpr Result<void> unmap(T &tree, Batch &batch, Region<typename T::Input> region)
{
	if (const Error e = check_region(tree, region); e.code != Errc::none)
		return e;

	const RemoveLeaves operation;

	return Editor{tree, batch, operation}.run(region);
}

} // namespace vmsa
