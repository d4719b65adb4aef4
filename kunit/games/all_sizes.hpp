// SPDX-License-Identifier: GPL-2.0-only
//
// Long games of one format: in spaces of every size, at both ends of the address space, with blocks of
// every level, with ever new seeds, until the format has had its share of the million operations.
#pragma once

#include "support/play.hpp"

namespace games
{

// A granule's share of the million: the larger its tables, the longer an operation takes. Each has 8
// formats: 4 suites, 48 and 52 bits.
template <class Granule>
inline constexpr unsigned long share = Granule::page_shift == 12   ? 84'000
				       : Granule::page_shift == 14 ? 35'000
								   : 6'000;

static_assert(8 * (share<vmsa::Granule4K> + share<vmsa::Granule16K> + share<vmsa::Granule64K>) >=
	      1'000'000);

template <class F> class AllSizes {
	using Granule = typename F::Granule;
	using Range = vmsa::Range;
	using Scenario = support::Scenario;

    public:
	explicit AllSizes(struct kunit *test) : test_{test}
	{
	}

	void play()
	{
		const unsigned long enough = share<Granule> * test_effort();
		const long only = test_only_game();
		Scenario s;

		for (long number = 0; played_ < enough && good_; number++) {
			if (only != EVERY_GAME && number != only)
				continue;
			if (scenario(number, s))
				play(s);
			if (number == only)
				break;
		}
		test_played(test_, played_);
	}

    private:
	// Game `number`. False where such blocks do not fit into such a space.
	static bool scenario(long number, Scenario &s)
	{
		// A step that visits every size, none after its neighbour; and another range and level
		// the next time round.
		const auto bits = static_cast<unsigned>(smallest + number * 5 % sizes);
		const long turn = number + number / sizes;
		const Range range = has_upper && turn % 2 ? Range::upper : Range::lower;
		const auto level = 2 - static_cast<vmsa::Level>(turn / 2 % levels);

		if (blocks * Granule::size(level) > vmsa::bit(bits) ||
		    level < support::geometry_of<F>(bits, range).value().start)
			return false;
		s = support::scenario<F>(bits, level, blocks, range);
		s.number = number;
		s.seed = vmsa::bit(32) + number;
		s.moves = Granule::page_shift == 16 ? 250 : 1000;
		return true;
	}

	[[gnu::noinline]] void play(const Scenario &s)
	{
		support::Game<F> game{test_, s};

		played_ += game.play();
		good_ = game.good();
	}

	static constexpr bool has_upper = requires
	{
		requires F::Stage::has_upper;
	};
	static constexpr unsigned smallest = vmsa::Stage2Tag<typename F::Stage> ? 32 : 25;
	static constexpr unsigned sizes = F::output_bits - smallest + 1;
	static constexpr unsigned levels = 3 - F::largest_leaf_level;
	static constexpr size_t blocks = Granule::page_shift == 12 ? 4 : 2;

	static_assert(sizes % 5 != 0);

	struct kunit *test_;
	unsigned long played_ = 0;
	bool good_ = true;
};

} // namespace games
