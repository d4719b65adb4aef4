// SPDX-License-Identifier: GPL-2.0-only
// test: audit accepts unwind tables where the kernel reads them, but nothing that throws
// flags: -mgeneral-regs-only -fasynchronous-unwind-tables -fexceptions
// audit: --unwind-tables
// expect: try_map(unsigned long): handles exceptions, .* return an error value
// expect: try_map(unsigned long): needs __cxa_begin_catch: nothing can throw here; return an error value
// expect: try_map(unsigned long): needs __cxa_end_catch: nothing can throw here
// expect: DW.ref.__gxx_personality_v0: needs __gxx_personality_v0: nothing can throw here
void map(unsigned long address);

bool try_map(unsigned long address)
{
	try {
		map(address);
		return true;
	} catch (...) {
		return false;
	}
}
