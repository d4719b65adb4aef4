// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Modify: an updater says, leaf by leaf, what its attributes shall be. It is given attributes and
// gives attributes back: it can neither forge a table nor move a leaf elsewhere. The contiguous hint
// is not its to give: a group of which a leaf is modified loses it.
//
//   update(region, attributes) -> attributes
//
// It is called once to find out what is needed, again to do it, and once more when hardware changed
// a leaf in between: it must answer the same for the same.
#pragma once

#include "vmsa/attributes.hpp"
#include "vmsa/edit.hpp"

namespace vmsa
{

template <class Format, class Update> struct UpdateLeaves {
	static constexpr bool edits = true;
	static constexpr bool removes = false;
	static constexpr bool uniform = false;

	static constexpr bool cuts(Level)
	{
		return false;
	}

	using Input = typename Format::Input;

	const Update &update;

	// Where the region is only a part of a block, the updater sees what the cut will make of it.
	constexpr Errc check(Descriptor d, Region<Input> region, Level) const
	{
		return Format::check(update(region, Format::attributes(d)));
	}

	constexpr Descriptor edit(Descriptor d, Region<Input> region, Level) const
	{
		constexpr Descriptor bits = Format::encoded_bits & ~Format::contiguous;

		return (d & ~bits) | (Format::encode(update(region, Format::attributes(d))) & bits);
	}
};

// Errors: those of check_region; not_mapped (naming the hole); reserved_attributes, forbidden_attributes,
// no_memory and needs_break (naming the leaf).
template <class T, class Batch, class Update>
constexpr Result<void> modify(T &tree, Batch &batch, Region<typename T::Input> region,
			      const Update &update)
{
	if (const Error e = check_region(tree, region); e.code != Errc::none)
		return e;

	const UpdateLeaves<typename T::Format, Update> operation{update};

	return edit(tree, batch, operation, region);
}

// How many tables would that take? Errors: as modify, but for no_memory.
template <class T, class Update>
constexpr Result<size_t> tables_to_modify(const T &tree, const ChangeRules &rules,
					  Region<typename T::Input> region, const Update &update)
{
	return tables_to_edit(tree, rules, UpdateLeaves<typename T::Format, Update>{update},
			      region);
}

} // namespace vmsa
