// SPDX-License-Identifier: GPL-2.0-only
// test: audit refuses a stack frame too big for an immediate
// flags: -mgeneral-regs-only
// expect: copy(unsigned long const\*): a stack frame of 4[0-9]* bytes, the limit is 512
void fill(unsigned long *to, const unsigned long *from, unsigned long count);

unsigned long copy(const unsigned long *table)
{
	unsigned long entries[512];

	fill(entries, table, 512);
	return entries[table[0] % 512];
}
