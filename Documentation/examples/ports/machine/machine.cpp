// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Printing, ending, new code, and what the compiler takes for granted.
#include "machine.hpp"

namespace
{

bool all_hold = true;

void put(char c)
{
	*reinterpret_cast<volatile uint32_t *>(uart) = static_cast<unsigned char>(c);
}

// Semihosting's SYS_EXIT: QEMU ends with this status.
[[noreturn]] void power_off(uint64_t status)
{
	const volatile uint64_t reason[] = {0x20026, status}; // ADP_Stopped_ApplicationExit
	register uint64_t operation asm("x0") = 0x18;
	register auto argument asm("x1") = reason;

	for (;;)
		asm volatile("hlt #0xf000" ::"r"(operation), "r"(argument) : "memory");
}

} // namespace

void say(const char *text)
{
	while (*text)
		put(*text++);
}

void say(const char *text, uint64_t number)
{
	say(text);
	say("0x");
	for (int shift = 60; shift >= 0; shift -= 4)
		if (shift == 0 || number >> shift)
			put("0123456789abcdef"[number >> shift & 15]);
	say("\n");
}

void check(bool holds, const char *what)
{
	all_hold &= holds;
	say(holds ? "ok    " : "FAIL  ");
	say(what);
	say("\n");
}

void finish()
{
	power_off(all_hold ? 0 : 1);
}

void fail(const char *what, const vmsa::Error &error)
{
	say("FAIL  ");
	say(what);
	say(": ");
	print(error, put);
	say("\n");
	power_off(2);
}

void sync_code(const void *page)
{
	for (uint64_t at = address_of(page); at < address_of(page) + 4096;
	     at += 16) // no line is smaller
		asm volatile("dc cvau, %0" ::"r"(at) : "memory");
	asm volatile("dsb ish; ic ialluis; dsb ish; isb" ::: "memory");
}

extern "C" {

[[noreturn]] void unexpected_exception(uint64_t syndrome, uint64_t pc, uint64_t address)
{
	say("FAIL  an exception: ESR ", syndrome);
	say("      at ", pc);
	say("      FAR ", address);
	power_off(3);
}

// The compiler copies and clears by these, whatever it is told.
void *memcpy(void *to, const void *from, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		static_cast<char *>(to)[i] = static_cast<const char *>(from)[i];
	return to;
}

void *memset(void *to, int value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		static_cast<char *>(to)[i] = static_cast<char>(value);
	return to;
}
}
