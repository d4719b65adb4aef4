// SPDX-License-Identifier: GPL-2.0-only
// test: audit refuses a local static built at run time
// flags: -mgeneral-regs-only
// expect: first_counter()::first: a static constructed at run time, .* make it constinit
unsigned long read_counter();

unsigned long first_counter()
{
	static const unsigned long first = read_counter();

	return first;
}
