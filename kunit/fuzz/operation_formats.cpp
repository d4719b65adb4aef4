// SPDX-License-Identifier: GPL-2.0-only
//
// One format of the target `operations`, FUZZ_FORMAT: compiled once for each.
#include "home.hpp"
#include "input.hpp"
#include "operations.hpp"

#include "support/annotation_game.hpp"
#include "support/play.hpp"

using namespace vmsa;

namespace
{

using F = Format<FUZZ_FORMAT>;
using Granule = F::Granule;

constexpr unsigned smallest = Stage2Tag<F::Stage> ? 32 : 25;
constexpr bool has_upper = requires
{
	requires F::Stage::has_upper;
};

// As games/all_sizes.hpp has them: every size, both ends, pages of blocks of every level.
int play_game(unsigned bits, Range range, Level level, std::span<const uint8_t> moves)
{
	struct kunit test;
	constexpr size_t blocks = 2;

	if (blocks * Granule::size(level) > bit(bits) ||
	    level < support::geometry_of<F>(bits, range).value().start)
		return -1;

	support::Scenario s = support::scenario<F>(bits, level, blocks, range);

	s.moves = 4096;
	s.tables = 24;
	s.chosen = moves;

	support::Game<F> game{&test, s};

	game.play();
	fuzz::require(game.good(), "a game was lost");
	return 0;
}

// Units of pages, blocks, and parts of blocks, across the end of a table or at the end of the space.
int play_with_annotations(unsigned bits, Range range, size_t shape, std::span<const uint8_t> moves)
{
	struct kunit test;
	using Game = support::AnnotationGame<F>;
	const Geometry g = support::geometry_of<F>(bits, range).value();
	const Level level = 2 + static_cast<Level>(shape % 2);
	const uint64_t unit = Granule::size(level) / (level == 2 && shape & 2 ? 4 : 1);
	const uint64_t window = Game::units * unit;
	const uint64_t middle = g.first_input() + bit(bits - 1);

	if (window > bit(bits - 1))
		return -1;

	Game game{&test,
		  bits,
		  range,
		  unit,
		  shape & 4 ? g.last_input() - (window - 1) : middle - window / 2 / unit * unit,
		  support::Random{moves}};

	fuzz::require(game.play(4096), "a game with annotations was lost");
	return 0;
}

int play(size_t bits, size_t shape, std::span<const uint8_t> moves)
{
	const auto input_bits =
		static_cast<unsigned>(smallest + bits % (F::output_bits - smallest + 1));
	const Range range = has_upper && shape & 1 ? Range::upper : Range::lower;

	if (shape & 2)
		return play_with_annotations(input_bits, range, shape >> 2, moves);
	return play_game(input_bits, range,
			 2 - static_cast<Level>((shape >> 2) % (3 - F::largest_leaf_level)), moves);
}

const fuzz::PlayedFormat played{play};

} // namespace
