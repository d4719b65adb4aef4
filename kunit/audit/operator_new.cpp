// SPDX-License-Identifier: GPL-2.0-only
// test: audit refuses operator new
// flags: -mgeneral-regs-only
// expect: make_table(): needs operator new\[\](unsigned long): there is no heap; take memory from the caller
unsigned long *make_table()
{
	return new unsigned long[512];
}
