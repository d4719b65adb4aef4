// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Extent: the answer of a map's rule (map.hpp); and the rule for one contiguous piece.
#pragma once

#include "vmsa/address.hpp"

#include <concepts>

namespace vmsa
{

// What a rule answers: the output of an input address, and how far it goes on from there.
struct Extent {
	Pa pa; // must be a multiple of the page
	uint64_t bytes; // contiguous from pa on; at least a page
};

// A rule of map and remap: a callable, rule(input) -> Extent. It is asked twice, and must answer the same.
template <class R, class Input>
concept OutputRule = requires(const R &rule, Input at)
{
	{
		rule(at)
		} -> std::convertible_to<Extent>;
};

// The output is one contiguous piece: input `first` lies at `pa`.
template <class Input> struct Linear {
	Input first; // lowest input address
	Pa pa; // its output

	// The output of `input`; contiguous without end.
	constexpr Extent operator()(Input input) const
	{
		return {pa + (input - first), ~uint64_t{0}};
	}
};

} // namespace vmsa
