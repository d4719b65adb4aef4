// SPDX-License-Identifier: GPL-2.0-only
//
// What a guest can do to itself: stack, vectors, tables, modes.
#pragma once

#include "places.hpp"

namespace escape
{

inline void wild_stack()
{
	asm volatile("mov x9, sp\n\tmov sp, %0\n\tstr x9, [sp, #-16]!" ::"r"(nowhere)
		     : "x9", "memory");
}

inline void unaligned_stack()
{
	constexpr uint64_t sa = 1 << 3;

	write_register(sctlr_el1, read_register(sctlr_el1) | sa);
	asm volatile(
		"mov x9, sp\n\tadd x10, x9, #8\n\tmov sp, x10\n\tldr x10, [sp]\n\tmov sp, x9" ::
			: "x9", "x10", "memory");
}

inline void no_vectors()
{
	write_register(vbar_el1, nowhere);
	asm volatile("svc #0");
}

// On, over tables that are at `root`.
inline void turn_mmu_on(uint64_t root)
{
	write_register(mair_el1, 0xff);
	write_register(tcr_el1, 0x2'0080'0019); // T0SZ 25, no upper range, 40 bits
	write_register(ttbr0_el1, root);
	asm volatile("tlbi vmalle1\n\tdsb sy\n\tisb" ::: "memory");
	write_register(sctlr_el1, read_register(sctlr_el1) | 1);
}

inline void tables_nowhere()
{
	turn_mmu_on(nowhere);
}

inline void tables_of_nonsense()
{
	for (unsigned i = 0; i < 512; i++)
		store(reinterpret_cast<uint64_t>(&page[i]), 0x9e37'79b9'7f4a'7c15 * (i + 1));
	turn_mmu_on(reinterpret_cast<uint64_t>(page));
}

inline void registers_of_nonsense()
{
	write_register(tcr_el1, ~uint64_t{0});
	write_register(mair_el1, ~uint64_t{0});
	write_register(ttbr0_el1, ~uint64_t{0});
	write_register(ttbr1_el1, ~uint64_t{0});
	write_register(sctlr_el1, ~uint64_t{0});
}

inline void eret(uint64_t address, uint64_t pstate)
{
	write_register(elr_el1, address);
	write_register(spsr_el1, pstate);
	asm volatile("eret");
}

extern "C" const char el0_code[];
asm(".pushsection .text\nel0_code: svc #0\n.popsection");

inline void eret_reserved_mode()
{
	eret(reinterpret_cast<uint64_t>(el0_code), 0x3c0 | 0b0110);
}

inline void eret_to_el2()
{
	eret(reinterpret_cast<uint64_t>(el0_code), 0x3c0 | 0b1001);
}

inline void eret_to_el0()
{
	eret(reinterpret_cast<uint64_t>(el0_code), 0x3c0);
}

inline void eret_to_aarch32()
{
	const auto address = reinterpret_cast<uint64_t>(page);

	store(address, 0xef00'0000); // SVC #0
	written_code(address);
	eret(address, 0x1d0); // User mode, A32
}

inline void breakpoint()
{
	asm volatile("brk #0");
}

inline void undefined()
{
	asm volatile("udf #0");
}

} // namespace escape
