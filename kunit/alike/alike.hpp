// SPDX-License-Identifier: GPL-2.0-only
//
// Alike: the library at -O2, which goes by runs of descriptors, and at -Os, which goes leaf by leaf (vmsa/speed.hpp).
// Both are compiled into one program, and play the same games.
#pragma once

#include <cstdint>
#include <vector>

namespace alike
{

// What one call came to: which it was, what it answered and told a visitor, and what the leaves say afterwards.
struct Said {
	unsigned call;
	uint64_t answer;
	uint64_t leaves;

	bool operator==(const Said &) const = default;
};

constexpr unsigned formats = 3;

// A game of one of the formats.
std::vector<Said> play_fast(unsigned format, uint64_t seed);
std::vector<Said> play_small(unsigned format, uint64_t seed);

} // namespace alike
