// SPDX-License-Identifier: GPL-2.0-only
//
// A guest that says that it is there, and never ends.
#include "guest.hpp"

int main(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t)
{
	guest::print("spinning\n");
	for (;;)
		asm volatile("");
}
