// SPDX-License-Identifier: GPL-2.0-only
//
// Accesses that may fault, made for real: through the TLB, at a given exception level. AT cannot
// ask about execution, nor see what a TLB still remembers; this can.
#pragma once

#include "machine.hpp"

namespace mmu
{

enum class Outcome : uint8_t {
	done,
	translation_fault,
	access_flag_fault,
	permission_fault,
	other
};

constexpr const char *name(Outcome outcome)
{
	constexpr const char *names[] = {"done", "translation fault", "access flag fault",
					 "permission fault", "something else"};

	return names[static_cast<unsigned>(outcome)];
}

// What the syndrome (ESR) of an attempt says. BRK is how the probe comes back.
constexpr Outcome outcome(uint64_t esr)
{
	const auto reason = (esr >> 26) & 0x3f;

	if (esr == 0 || reason == 0x3c) // nothing happened, or BRK
		return Outcome::done;
	if (reason != 0x20 && reason != 0x21 && reason != 0x24 && reason != 0x25)
		return Outcome::other; // no instruction abort (0x20, 0x21) and no data abort
	if ((esr & 0x3f) == 0b101011) // at level -1
		return Outcome::translation_fault;
	switch (esr & 0x3c) {
	case 0b000100:
		return Outcome::translation_fault;
	case 0b001000:
		return Outcome::access_flag_fault;
	case 0b001100:
		return Outcome::permission_fault;
	default:
		return Outcome::other;
	}
}

// What becomes of an access that is permitted, or is not.
constexpr Outcome permitted(bool is)
{
	return is ? Outcome::done : Outcome::permission_fault;
}

inline Outcome load_from(uint64_t address)
{
	return outcome(attempt_load(address));
}

inline Outcome store_to(uint64_t address)
{
	return outcome(attempt_store(address));
}

// At the current exception level, or one below it that gets there by ERET.
inline Outcome run_at(unsigned el, uint64_t address)
{
	return outcome(attempt_run(address, 0x3c0 | (el ? el << 2 | 1 : 0)));
}

// Where the probe does nothing else, and where it first loads from or stores to its own page.
inline constexpr uint64_t probe_load = 8;
inline constexpr uint64_t probe_store = 16;

// Puts the probe into memory that can be written at `address`.
inline void write_probe(uint64_t address)
{
	auto *code = reinterpret_cast<volatile uint64_t *>(address);

	for (unsigned i = 0; i < 3; i++)
		code[i] = probe[i];
	asm volatile("dc cvau, %0\n\tdsb sy\n\tic ialluis\n\tdsb sy\n\tisb" ::"r"(address)
		     : "memory");
}

} // namespace mmu
