// SPDX-License-Identifier: GPL-2.0-only
//
// Plays a game (game.hpp) in the scenario that a format and a number of address bits suggest.
#pragma once

#include "support/game.hpp"

namespace support
{

// Where a game is played: around the first seam between two root tables or, where the root is one
// table, up to the end of the space. `blocks` blocks of `level`, which the root has or a table below, in
// units of what one is cut into. There are tables for every unit, and too few for a cut that goes far.
template <class F>
constexpr Scenario scenario(unsigned bits, Level level, size_t blocks, vmsa::Range range)
{
	using Granule = typename F::Granule;
	const vmsa::Geometry g = geometry_of<F>(bits, range).value();
	const uint64_t block = Granule::size(level);
	const uint64_t unit = Granule::size(level + 1);
	const uint64_t window = blocks * block;
	const uint64_t seam = Granule::size(g.start) * Granule::entries;

	return {.input_bits = bits,
		.range = range,
		.first = g.root_tables > 1 ? seam - window / 2 : g.last_input() - (window - 1),
		.unit = unit,
		.units = window / unit,
		.block = block,
		.tables = g.root_tables + (Granule::page_shift == 12 ? 32u : 12u),
		.seed = bits + unit};
}

// The usual game: pages, and blocks of level 2. Returns how many operations it had.
template <class F>
[[gnu::noinline]] unsigned long play(struct kunit *test, unsigned bits, size_t blocks,
				     vmsa::Range range = vmsa::Range::lower, Level level = 2)
{
	Scenario s = scenario<F>(bits, level, blocks, range);

	s.moves = test_moves(F::Granule::page_shift == 12 ? 200 : 60);
	return Game<F>{test, s}.play();
}

} // namespace support
