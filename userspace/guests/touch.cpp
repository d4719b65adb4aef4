// SPDX-License-Identifier: GPL-2.0-only
//
// Touches pages in a pattern, for demand faults and the logs of dirty and accessed pages.
//
// Without x1 and x2: 64 pages behind its image.
//
//   x1  first IPA          x3  pattern: 0 one after the other, 1 in strides, 2 at random
//   x2  bytes              x4  how many touches; 0: one a page
//                          x5  0 read, 1 write, 2 both
//                          x6  pages of a stride, or the seed
#include "guest.hpp"

using namespace guest;

namespace
{

constexpr uint64_t page = 4096;

enum Pattern : uint64_t { sequential, stride, random };
enum Access : uint64_t { read, write, both };

// xorshift64: any seed but 0.
uint64_t next_random(uint64_t &state)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

} // namespace

int main(uint64_t, uint64_t first, uint64_t bytes, uint64_t pattern, uint64_t touches,
	 uint64_t access, uint64_t parameter)
{
	if (!first && !bytes) {
		first = ram + 0x20'0000;
		bytes = 64 * page;
	}

	const uint64_t pages = bytes / page;
	uint64_t reads = 0, writes = 0, checksum = 0, state = parameter | 1, at = 0;

	require(pages != 0, "x2 must be at least 4096");
	if (!touches)
		touches = pages;
	for (uint64_t i = 0; i < touches; i++) {
		if (pattern == random)
			at = next_random(state) % pages;

		// A different word of each page: one line of a cache would do else.
		const uint64_t address = first + at * page + at % (page / 8) * 8;

		if (access != write) {
			checksum += load(address);
			reads++;
		}
		if (access != read) {
			store(address, address ^ i);
			writes++;
		}
		checksum = checksum * 31 + address;
		at = (at + (pattern == stride ? parameter : 1)) % pages;
	}
	print("touched ", touches, " pages: ", reads, " reads, ", writes, " writes, checksum ",
	      Hex{checksum}, "\n");
	return 0;
}
