// SPDX-License-Identifier: MIT OR Apache-2.0
//
// What a program for a lower exception level is made of: a function that is LOWER. It is given away as one page
// (.lower, image.lds), and runs wherever that is mapped: it has no variables, and calls nothing but these.
#pragma once

#include <cstdint>

#define LOWER [[gnu::section(".lower"), gnu::used]]

[[gnu::always_inline]] inline volatile uint64_t &word(uint64_t address)
{
	return *reinterpret_cast<volatile uint64_t *>(address);
}

// x0 says what is wanted, x1 of which address, or what the answer is.
[[gnu::always_inline]] inline void hypercall(uint64_t call, uint64_t argument)
{
	register uint64_t x0 asm("x0") = call;
	register uint64_t x1 asm("x1") = argument;

	asm volatile("hvc #0" : "+r"(x0) : "r"(x1) : "memory");
}

// x0 is what it has to say.
[[gnu::always_inline]] inline void syscall(uint64_t value)
{
	register uint64_t x0 asm("x0") = value;

	asm volatile("svc #0" : "+r"(x0)::"memory");
}
