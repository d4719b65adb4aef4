// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Cut: make leaves smaller, without a change of what they map. Afterwards no leaf of the region is larger than one
// of `level`, and none crosses an end of the region. Memory type, permissions, AF, dirty state and software bits
// stay; the contiguous hint is removed.
#pragma once

#include "vmsa/edit.hpp"

namespace vmsa
{

struct CutLeaves : LeafOperation {
	static constexpr bool edits = false;

	Level largest;
};

// Errors: those of check_region; not_mapped (naming the hole); no_memory; needs_break (if the rules refuse breaks).
template <AnyTree T, AnyBatch Batch>
constexpr Result<void> cut(T &tree, Batch &batch, Region<typename T::Input> region,
			   Level level = last_level)
{
	if (const Error e = check_region(tree, region); e.code != Errc::none)
		return e;

	const CutLeaves operation{{}, level};

	return edit(tree, batch, operation, region);
}

// How many tables would that take? Errors: as cut, but for no_memory.
template <AnyTree T>
constexpr Result<size_t> tables_to_cut(const T &tree, const ChangeRules &rules,
				       Region<typename T::Input> region, Level level = last_level)
{
	return tables_to_edit(tree, rules, CutLeaves{{}, level}, region);
}

} // namespace vmsa
