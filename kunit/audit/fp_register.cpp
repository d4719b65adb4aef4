// SPDX-License-Identifier: GPL-2.0-only
// test: audit refuses an FP/SIMD register
// flags:
// expect: percent(unsigned long): touches an FP/SIMD register (.*), .* compile with -mgeneral-regs-only
unsigned long percent(unsigned long pages)
{
	return pages * 1.28;
}
