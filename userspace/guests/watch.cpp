// SPDX-License-Identifier: GPL-2.0-only
//
// Looks at one word until it changes: what the tables say about its page has changed, or who runs
// the guest has written there. What its TLB remembers is what it looks through.
//
//   x1  IPA of the word
#include "guest.hpp"

using namespace guest;

int main(uint64_t, uint64_t ipa, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t)
{
	const uint64_t before = load(ipa);
	uint64_t now;

	print("sees ", Hex{before}, "\n");
	do {
		now = load(ipa);
	} while (now == before);
	print("sees ", Hex{now}, "\n");
	return 0;
}
