// SPDX-License-Identifier: GPL-2.0-only
//
// What one exit costs, by the clock the guest can read (CNTVCT_EL0): where that advances by one an
// instruction, in instructions.
//
//   x1  0: an HVC with a function that nobody knows; 1: the first touch of a page
//   x2  how many of them in a round (1000), x3: rounds (10)
//   x4  first IPA of the pages, which are touched in order
//
// Prints the ticks of the shortest round: what else the machine does meanwhile only makes it longer.
#include "guest.hpp"

using namespace guest;

namespace
{

constexpr uint64_t nobody_knows = 0xc600'ffff;

uint64_t now()
{
	uint64_t ticks;

	asm volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks)::"memory");
	return ticks;
}

uint64_t exits(uint64_t n)
{
	const uint64_t before = now();

	for (; n; n--) {
		register uint64_t x0 asm("x0") = nobody_knows;

		asm volatile("hvc #0" : "+r"(x0)::"x1", "x2", "x3", "memory");
	}
	return now() - before;
}

uint64_t touches(uint64_t n, uint64_t ipa)
{
	const uint64_t before = now();

	for (; n; n--, ipa += 4096)
		store(ipa, n);
	return now() - before;
}

} // namespace

int main(uint64_t, uint64_t what, uint64_t n, uint64_t rounds, uint64_t ipa, uint64_t, uint64_t)
{
	uint64_t least = ~uint64_t{0};

	n = n ? n : 1000;
	rounds = rounds ? rounds : 10;
	require(!what || ipa, "x4 must be the first IPA of the pages");

	for (uint64_t round = 0; round < rounds; round++) {
		const uint64_t ticks = what ? touches(n, ipa + round * n * 4096) : exits(n);

		if (ticks < least)
			least = ticks;
	}
	print("ticks ", least, "\n");
	return 0;
}
