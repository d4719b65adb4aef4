// SPDX-License-Identifier: GPL-2.0-only
// test: audit refuses outline atomics
// flags: -mgeneral-regs-only -moutline-atomics
// expect: count(std::atomic<unsigned long>&): needs __aarch64_ldadd8_acq_rel: an outline atomic of libgcc; compile with -mno-outline-atomics
#include <atomic>

void count(std::atomic<unsigned long> &walks)
{
	walks++;
}
