// SPDX-License-Identifier: GPL-2.0-only
// test: audit refuses a libgcc helper
// flags: -mgeneral-regs-only
// expect gcc: valid_entries(unsigned long): needs __popcountdi2: a bit-counting helper of libgcc
// expect: per_page(unsigned __int128, unsigned __int128): needs __udivti3: wide arithmetic of libgcc
#include <bit>

int valid_entries(unsigned long bitmap)
{
	return std::popcount(bitmap);
}

unsigned __int128 per_page(unsigned __int128 cycles, unsigned __int128 pages)
{
	return cycles / pages;
}
