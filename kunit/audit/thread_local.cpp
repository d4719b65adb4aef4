// SPDX-License-Identifier: GPL-2.0-only
// test: audit refuses a thread-local variable
// flags: -mgeneral-regs-only
// expect: depth: thread_local: the kernel has no TLS pointer
thread_local int depth;

int enter()
{
	return ++depth;
}
