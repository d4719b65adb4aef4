// SPDX-License-Identifier: GPL-2.0-only
//
// What a guest stands on: a program that runs at EL1 with nothing below it but whoever runs it.
//
//   int main(uint64_t vcpu, uint64_t x1, ... uint64_t x6)    its registers as it was started
//   print("touched ", pages, " pages\n")                     a line for whoever runs it
//   ensure(condition, "what")                                else it ends, and says what is not so
//   require(condition, "x2 must be ...")                     the same, of what it was started with
//   try_load(address), try_store(), try_run()                0, or the syndrome of the exception
//
// What main() returns is the status it ends with. An exception nobody tried for ends it, too, with
// exception_status plus the exception class of ESR_EL1. Who sets `pc` to start it again, and does not load it again, is
// told so.
//
// Its MMU is off when it starts, so all memory is Device memory: no unaligned access, no exclusive.
#pragma once

#include "stage2/hvc.h"

#include <cstddef>
#include <cstdint>

#define read_register(name)                                                                        \
	({                                                                                         \
		uint64_t value_;                                                                   \
		asm volatile("mrs %0, " #name : "=r"(value_)::"memory");                           \
		value_;                                                                            \
	})

#define write_register(name, value)                                                                \
	asm volatile("msr " #name ", %0\n\tisb" ::"r"(uint64_t{value}) : "memory")

extern "C" {
int main(uint64_t vcpu, uint64_t x1, uint64_t x2, uint64_t x3, uint64_t x4, uint64_t x5,
	 uint64_t x6);

// start.S. They may be called at any exception level 1 address the guest has mapped itself at.
uint64_t try_load(uint64_t address);
uint64_t try_store(uint64_t address);
uint64_t try_run(uint64_t address); // as a function without arguments; its answer is lost
void run_displaced(void (*function)(void *), void *argument, uint64_t displacement);

// image.lds
extern char image_start[], text_end[], rodata_end[], image_end[];
}

namespace guest
{

inline constexpr uint64_t ram = 0x8000'0000; // where images are linked, and RAM begins
inline constexpr int exception_status = 1000;
inline constexpr int restart_status = 3; // started again, but not loaded again

// Asks whoever runs the guest: the functions of stage2/hvc.h.
uint64_t call(uint64_t function, uint64_t x1 = 0, uint64_t x2 = 0);
[[noreturn]] void end(int status);

// A number that prints in hexadecimal.
struct Hex {
	uint64_t value;
};

// Text that goes out when the line is destroyed.
class Line {
    public:
	Line &add(const char *text);
	Line &add(char c);
	Line &add(uint64_t decimal);
	Line &add(Hex number);
	~Line();

    private:
	Line &digits(uint64_t number, unsigned base);

	char text_[160];
	size_t length_ = 0;
};

template <class... Parts> void print(Parts... parts)
{
	Line line;

	(line.add(parts), ...);
}

[[noreturn]] void failed(const char *how, const char *what, const char *file, unsigned line);

inline void ensure(bool holds, const char *what, const char *file = __builtin_FILE(),
		   unsigned line = __builtin_LINE())
{
	if (!holds)
		failed("not so: ", what, file, line);
}

inline void require(bool holds, const char *what, const char *file = __builtin_FILE(),
		    unsigned line = __builtin_LINE())
{
	if (!holds)
		failed("", what, file, line);
}

// The exception class of a syndrome, and what kind of fault an abort is (level left out).
constexpr unsigned exception_class(uint64_t esr)
{
	return static_cast<unsigned>(esr >> 26) & 0x3f;
}

enum class Fault : uint8_t { none, translation, access_flag, permission, other };

constexpr Fault fault(uint64_t esr)
{
	const unsigned reason = exception_class(esr);

	if (!esr)
		return Fault::none;
	if (reason != 0x21 && reason != 0x25) // an abort of EL1's own, on an instruction or data
		return Fault::other;
	switch (esr & 0x3c) {
	case 0x04:
		return Fault::translation;
	case 0x08:
		return Fault::access_flag;
	case 0x0c:
		return Fault::permission;
	default:
		return Fault::other;
	}
}

// ---- Accesses the compiler leaves alone ----

inline uint64_t load(uint64_t address)
{
	return *reinterpret_cast<volatile uint64_t *>(address);
}

inline void store(uint64_t address, uint64_t value)
{
	*reinterpret_cast<volatile uint64_t *>(address) = value;
}

// What was stored there is what will be executed there: clean to the Point of Unification, then drop
// what instruction caches have.
inline void written_code(uint64_t address)
{
	asm volatile("dc cvau, %0\n\tdsb ish\n\tic ivau, %0\n\tdsb ish\n\tisb" ::"r"(address)
		     : "memory");
}

} // namespace guest
