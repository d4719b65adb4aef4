// SPDX-License-Identifier: GPL-2.0-only
//
// Plays a game (game.hpp) in the scenario that a format and a number of address bits suggest.
#pragma once

#include "support/game.hpp"

namespace support
{

// `blocks` blocks of level 2, in units of pages, around the first seam between two root tables;
// where the root is one table, up to the end of the space.
template <class F>
[[gnu::noinline]] void play(struct kunit *test, unsigned bits, size_t blocks,
			    vmsa::Range range = vmsa::Range::lower)
{
	using Granule = typename F::Granule;
	const vmsa::Geometry g = geometry_of<F>(bits, range).value();
	const uint64_t block = Granule::size(2);
	const uint64_t window = blocks * block;
	const uint64_t seam = Granule::size(g.start) * Granule::entries;
	const uint64_t first =
		g.root_tables > 1 ? seam - window / 2 : g.last_input() - (window - 1);

	Game<F>{test,
		{bits, range, first, Granule::page_size, window >> Granule::page_shift, block,
		 (Granule::page_shift == 12 ? 200u : 60u) * test_effort()}}
		.play();
}

} // namespace support
