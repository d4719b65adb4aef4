// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Extent: what a rule of a map answers (map.hpp), and the rule of one contiguous piece.
#pragma once

#include "vmsa/address.hpp"

#include <concepts>

namespace vmsa
{

struct Extent {
	Pa pa;
	uint64_t bytes;
};

template <class R, class Input>
concept OutputRule = requires(const R &rule, Input at)
{
	{
		rule(at)
		} -> std::convertible_to<Extent>;
};

// The output is one contiguous piece: input `first` lies at `pa`.
template <class Input> struct Linear {
	Input first;
	Pa pa;

	constexpr Extent operator()(Input input) const
	{
		return {pa + (input - first), ~uint64_t{0}};
	}
};

} // namespace vmsa
