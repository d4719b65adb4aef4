// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The machine of the ports, QEMU's virt: a serial port, a way to end, accesses that may fault, and what runs below.
#pragma once

#include <vmsa/vmsa.hpp>

// ---- The image's parts (image.lds) ----

extern "C" char text_start[], text_end[], rodata_start[], rodata_end[], data_start[], data_end[];
extern "C" char lower_start[]; // the page for a lower exception level

inline uint64_t address_of(const void *object)
{
	return reinterpret_cast<uintptr_t>(object);
}

template <class R, class... A> uint64_t address_of(R (*function)(A...))
{
	return reinterpret_cast<uintptr_t>(function);
}

// What is written while the MMU is off: variables, the stack, tables.
inline size_t data_size()
{
	return static_cast<size_t>(data_end - data_start);
}

inline vmsa::Region<vmsa::Va> region_of(const void *first, const void *end)
{
	return {vmsa::Va{address_of(first)}, address_of(end) - address_of(first)};
}

// Instructions were written to the page: the next that are fetched are those.
void sync_code(const void *page);

// ---- Words ----

inline constexpr uint64_t uart_base = 0x0900'0000; // PL011
inline uint64_t uart = uart_base; // where it is mapped

void say(const char *text);
void say(const char *text, uint64_t number); // in hexadecimal, and the end of the line

// One claim of the port's: said, and remembered for finish().
void check(bool holds, const char *what);

// Ends QEMU: with success, where every check held.
[[noreturn]] void finish();
[[noreturn]] void fail(const char *what, const vmsa::Error &error);

// What a port cannot go on without.
inline void must(const vmsa::Result<void> &done, const char *what)
{
	if (!done)
		fail(what, done.error());
}

// The image and the UART, each `offset` above where it is: what any map begins with.
template <class Map> void map_image(Map &map, uint64_t offset = 0)
{
	using namespace vmsa;
	const auto part = [&](const char *first, const char *end) {
		return Region{Va{address_of(first) + offset}, static_cast<uint64_t>(end - first)};
	};

	must(map.map(part(text_start, text_end), normal | rx), "text");
	must(map.map(part(rodata_start, rodata_end), normal | r), "constants");
	must(map.map(part(data_start, data_end), normal | rw), "data");
	must(map.map({Va{uart_base + offset}, 4 * KiB}, device | rw), "UART");
}

// ---- start.S ----

extern "C" {

// The syndrome (ESR) of what the access came to; 0 where it worked.
uint64_t try_read(uint64_t address);
uint64_t try_write(uint64_t address); // of what stands there
uint64_t try_execute(uint64_t address); // a RET

// A guest's registers, or a process's. It runs until an exception, which says why in `syndrome` and `address`. Its
// stack is SP_EL0: a guest's, too, which begins at EL1t.
struct Context {
	uint64_t x[31] = {};
	uint64_t sp = 0;
	uint64_t pc = 0;
	uint64_t pstate = 0;
	uint64_t syndrome = 0;
	uint64_t address = 0;
};
void run_lower(Context &context);

extern char vectors[];
}

// Of a stage 2 fault: the page (HPFAR_EL2.FIPA).
inline vmsa::Ipa faulting_page()
{
	constexpr vmsa::Field fipa{43, 4};
	uint64_t hpfar;

	asm volatile("mrs %0, hpfar_el2" : "=r"(hpfar));
	return vmsa::Ipa{fipa.get(hpfar) << 12};
}

// Where the MMU finds what the guest reads there: PAR_EL1, whose bit 0 says nowhere.
inline uint64_t ask_guest_mmu(uint64_t ipa)
{
	uint64_t par;

	asm volatile("at s12e1r, %1; isb; mrs %0, par_el1" : "=r"(par) : "r"(ipa) : "memory");
	return par;
}

inline constexpr uint64_t pstate_el0 = 0x3c0; // no interrupts, as everywhere here
inline constexpr uint64_t pstate_el1t = 0x3c4;

// ---- Syndromes ----

enum class Exception : uint8_t {
	svc = 0x15,
	hvc = 0x16,
	lower_instruction_abort = 0x20,
	lower_data_abort = 0x24,
};

constexpr Exception exception_of(uint64_t syndrome)
{
	return Exception{static_cast<uint8_t>(syndrome >> 26 & 0x3f)};
}

// DFSC and IFSC, without the level of the walk.
constexpr bool is_translation_fault(uint64_t syndrome)
{
	return (syndrome & 0x3c) == 0x04;
}

constexpr bool is_permission_fault(uint64_t syndrome)
{
	return (syndrome & 0x3c) == 0x0c;
}
