// SPDX-License-Identifier: GPL-2.0-only
//
// Looks at one word over and over, until another says that the page of the first has changed: from
// then on nothing that its TLB remembers may be true.
//
//   x1  IPA of the word    x3  not 0: it stores there, too
//   x2  IPA of the other, which is 0 until then
#include "guest.hpp"

using namespace guest;

int main(uint64_t, uint64_t word, uint64_t changed, uint64_t stores, uint64_t, uint64_t, uint64_t)
{
	require(word != 0,
		"x1 must be the IPA of a word that it reads, and x2 that of one that ends it");

	bool last = false;
	uint64_t seen;

	do {
		last = load(changed) != 0;
		seen = load(word);
		if (stores)
			store(word, seen);
	} while (!last);
	print("sees ", Hex{seen}, "\n");
	return 0;
}
