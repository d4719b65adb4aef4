// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The parameters of map and remap, and the checks that need no table.
#pragma once

#include "vmsa/change.hpp"

namespace vmsa
{

// What map and remap may use.
struct MapLimits {
	Level largest = -1; // the lowest level, that is the largest block; 3 is "pages only"
	bool contiguous = false; // give aligned groups of leaves the contiguous hint
	Descriptor over =
		0; // annotation(a): addresses with that annotation count as free (annotation.hpp)
};

// All of a leaf but its type and its output. The attribute and the limit are the same wish for the
// contiguous hint: it is set here where either asks for it, and written only to whole groups.
template <class Format>
VMSA_INLINE constexpr Descriptor leaf_bits(const typename Format::Attributes &attributes,
					   MapLimits limits)
{
	return Format::encode(attributes) | (limits.contiguous ? Format::contiguous : 0);
}

// The same, looked at. Errors: those of check_region; reserved_attributes, forbidden_attributes; no_feature;
// bad_limit.
template <class T>
constexpr Result<Descriptor> checked_leaf_bits(const T &tree, const ChangeRules &rules,
					       Region<typename T::Input> region,
					       const typename T::Format::Attributes &attributes,
					       MapLimits limits)
{
	if (const Error e = check_region(tree, region); e.code != Errc::none)
		return e;
	if (const Errc e = T::Format::check(attributes); e != Errc::none)
		return Error{e, region};
	if (const uint32_t missing = rules.missing(attributes))
		return missing_feature(missing);
	if (limits.largest > last_level)
		return Error{Errc::bad_limit, region};

	Descriptor bits = leaf_bits<typename T::Format>(attributes, limits);

	// By the type of memory, unless an index is given.
	if constexpr (requires { T::Format::attr_index; }) {
		constexpr Field index = T::Format::attr_index;

		if (!rules.indexes(attributes)) {
			const unsigned its = rules.mair.index(attributes.memory);

			if (its == Mair::indices)
				return Error{Errc::reserved_attributes, region};
			bits = (bits & ~index.mask()) | index.put(its);
		}
	}
	return bits;
}

} // namespace vmsa
