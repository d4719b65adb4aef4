// SPDX-License-Identifier: GPL-2.0-only
//
// operations: a game (kunit/support/game.hpp) whose moves the input chooses. The first byte is the format, the next two
// the shape of the space. All judges watch, and the flat map foretells how each operation ends. operation_formats.cpp
// has the formats.
#include "operations.hpp"
#include "input.hpp"

namespace fuzz
{

// In the order in which the objects are linked.
static std::vector<Player> &players()
{
	static std::vector<Player> all;

	return all;
}

PlayedFormat::PlayedFormat(Player player)
{
	players().push_back(player);
}

} // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz::Input input{data, size};

	if (size < 4)
		return -1;

	const fuzz::Player play = fuzz::players()[input.below(fuzz::players().size())];
	const size_t bits = input.below(256);
	const size_t shape = input.below(256);

	return play(bits, shape, input.rest());
}
