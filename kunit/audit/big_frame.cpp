// SPDX-License-Identifier: GPL-2.0-only
// test: audit refuses a big stack frame
// flags: -mgeneral-regs-only
// expect: copy(unsigned long const\*): a stack frame of 6[0-9][0-9] bytes, the limit is 512; let the caller pass the memory in
void fill(unsigned long *to, const unsigned long *from, unsigned long count);

unsigned long copy(const unsigned long *table)
{
	unsigned long entries[72];

	fill(entries, table, 72);
	return entries[table[0] % 72];
}
