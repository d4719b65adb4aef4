// SPDX-License-Identifier: GPL-2.0-only
// test: audit refuses abort
// flags: -mgeneral-regs-only
// expect: level_shift(int): needs abort: there is no process to end; return an error value
#include <cstdlib>

int level_shift(int level)
{
	if (level > 3)
		std::abort();
	return 39 - 9 * level;
}
