// SPDX-License-Identifier: GPL-2.0-only
//
// The machine under us, QEMU's `virt`: system registers, a serial port to print on, semihosting to
// leave by, and the RAM that is free for tables. start.S has the assembly.
#pragma once

#include "vmsa/memory.hpp"

#define read_register(name)                                                                        \
	({                                                                                         \
		uint64_t value_;                                                                   \
		asm volatile("mrs %0, " #name : "=r"(value_));                                     \
		value_;                                                                            \
	})

#define write_register(name, value)                                                                \
	asm volatile("msr " #name ", %0" ::"r"(uint64_t{value}) : "memory")

// An address translation instruction, and what it says in PAR_EL1.
#define ask_mmu(operation, address)                                                                \
	({                                                                                         \
		uint64_t par_;                                                                     \
		asm volatile("at " #operation ", %1\n\tisb\n\tmrs %0, par_el1"                     \
			     : "=r"(par_)                                                          \
			     : "r"(uint64_t{address})                                              \
			     : "memory");                                                          \
		par_;                                                                              \
	})

extern "C" {
struct Pars {
	uint64_t read;
	uint64_t write;
};
Pars keyhole(uint64_t address, uint64_t sctlr_on, uint64_t sctlr_off);

// The ESR of the exception that ended the attempt; 0 where a load or a store just worked.
uint64_t attempt_run(uint64_t address, uint64_t spsr);
uint64_t attempt_load(uint64_t address);
uint64_t attempt_store(uint64_t address);

extern const uint64_t probe[3]; // what attempt_run comes back from
extern const char image_end[]; // flash, from address 0 on
extern char bss_end[]; // from here on it is free
}

namespace mmu
{

inline constexpr uint64_t serial_port = 0x0900'0000; // PL011
inline constexpr uint64_t ram_first = 0x4000'0000; // as image.lds has it
inline constexpr uint64_t ram_last = 0x7fff'ffff;

inline unsigned current_el()
{
	return (read_register(CurrentEL) >> 2) & 3;
}

// A number that prints in hexadecimal.
struct Hex {
	uint64_t value;
};

void put(const char *text);
void put(uint64_t decimal);
void put(Hex number);

template <class... Parts> void print(Parts... parts)
{
	(put(parts), ...);
}

// One line a verdict, in KTAP. What is to be said about a failure is printed before.
class Report {
    public:
	Report();

	template <class... Parts> void line(bool good, Parts... description)
	{
		print(good ? "ok " : "not ok ", uint64_t{++lines_}, " ", description..., "\n");
		failures_ += !good;
	}

	template <class... Parts> void skip(const char *why, Parts... description)
	{
		print("ok ", uint64_t{++lines_}, " ", description..., " # SKIP ", why, "\n");
	}

	// The exit status.
	int close() const;

    private:
	unsigned lines_ = 0;
	unsigned failures_ = 0;
};

// Free RAM as TableMemory, given out from the bottom. Freed tables are reused; reset() frees all.
class Ram {
    public:
	Ram()
	{
		reset();
	}

	void reset();
	vmsa::Descriptor *allocate(size_t bytes);
	void free(vmsa::Descriptor *table, size_t bytes);

	static vmsa::Pa physical(const void *pointer)
	{
		return vmsa::Pa{reinterpret_cast<uint64_t>(pointer)};
	}
	static vmsa::Descriptor *pointer(vmsa::Pa pa)
	{
		return reinterpret_cast<vmsa::Descriptor *>(pa.raw());
	}

    private:
	struct Free {
		Free *next;
		size_t bytes;
	};

	char *next_;
	Free *freed_;
};

} // namespace mmu
