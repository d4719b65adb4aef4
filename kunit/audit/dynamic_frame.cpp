// SPDX-License-Identifier: GPL-2.0-only
// test: audit refuses a stack frame of no fixed size
// flags: -mgeneral-regs-only
// expect: copy(unsigned long const\*, unsigned long): a stack frame of no fixed size; use arrays of constant size
void fill(unsigned long *to, const unsigned long *from, unsigned long count);

void copy(const unsigned long *table, unsigned long count)
{
	fill(static_cast<unsigned long *>(__builtin_alloca(count * sizeof(*table))), table, count);
}
