// SPDX-License-Identifier: GPL-2.0-only
//
// Works on its memory and checks that it keeps what was written, until it is told to stop: what it runs
// on may change meanwhile, what it sees may not.
//
//   x1  first IPA          x3  IPA of the word that is 0 while it is to go on
//   x2  bytes, up to 16M
#include "guest.hpp"

using namespace guest;

namespace
{

constexpr uint64_t page = 4096;
constexpr uint64_t most = 4096;

uint64_t written[most]; // what each page should hold

uint64_t next_random(uint64_t &state)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

} // namespace

int main(uint64_t, uint64_t first, uint64_t bytes, uint64_t stop, uint64_t, uint64_t, uint64_t)
{
	const uint64_t pages = bytes / page;
	uint64_t state = 1, touched = 0;

	require(pages != 0 && pages <= most, "x2 must be at least 4096, and at most 16M");
	require(stop != 0, "x3 must be the IPA of a word that is 0 until it is to stop");
	for (; !load(stop); touched++) {
		const uint64_t value = next_random(state);
		const uint64_t i = value % pages;
		const uint64_t address = first + i * page + i % (page / 8) * 8;
		const uint64_t found = load(address);

		if (found != written[i]) {
			print(Hex{address}, " holds ", Hex{found}, ", not ", Hex{written[i]}, "\n");
			return 1;
		}
		store(address, written[i] = value);
	}
	print("all as it was written\n");
	return touched > pages ? 0 : 2;
}
