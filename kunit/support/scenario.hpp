// SPDX-License-Identifier: GPL-2.0-only
//
// Scenario: where, and on what, a game of random operations (game.hpp) is played.
#pragma once

#include "support/draw.hpp"
#include "support/flat_map.hpp"
#include "support/lab.hpp"
#include "support/snapshot.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/rows.hpp"

namespace support
{

// The flat map's window begins at `first`. Every operation is of whole units, and prefers the edges
// of blocks.
struct Scenario {
	unsigned input_bits;
	vmsa::Range range;
	uint64_t first;
	uint64_t unit;
	size_t units;
	uint64_t block;
	size_t tables; // the most there are, the root included
	uint64_t seed;
	unsigned moves = 0;
	long number = EVERY_GAME; // among those of its test (games/all_sizes.hpp)
	std::span<const uint8_t> chosen = {}; // by a fuzzer, in place of the seed
};

} // namespace support
