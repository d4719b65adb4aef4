// SPDX-License-Identifier: GPL-2.0-only
//
// Tries to reach memory that is not the guest's, or not for this.
#pragma once

#include "places.hpp"

namespace escape
{

inline void read_zero()
{
	load(0);
}

inline void write_zero()
{
	store(0, 1);
}

inline void read_below_ram()
{
	load(ram - 8);
}

inline void write_above_ram()
{
	store(ram + 0x40'0000, 1);
}

inline void read_last_ipa()
{
	load(ipa_end - 8);
}

inline void write_beyond_ipa()
{
	store(ipa_end, 1);
}

inline void read_beyond_physical()
{
	load(uint64_t{1} << 52);
}

inline void read_upper_range()
{
	load(~uint64_t{0} << 39);
}

inline void write_read_only()
{
	ensure(load(read_only) == 0, "it can be read");
	store(read_only, 1);
}

inline void zero_read_only()
{
	// Memory that is Device memory to the guest cannot be zeroed by DC ZVA: this is the other
	// store of more than a register can hold.
	asm volatile("stp xzr, xzr, [%0]" ::"r"(read_only) : "memory");
}

inline void write_pair_nowhere()
{
	asm volatile("stp xzr, xzr, [%0]" ::"r"(nowhere) : "memory");
}

inline void clean_nowhere()
{
	asm volatile("dc civac, %0" ::"r"(nowhere) : "memory");
}

inline void prefetch_nowhere()
{
	asm volatile("prfm pldl1keep, [%0]" ::"r"(nowhere));
}

inline void unaligned_device()
{
	uint64_t value;

	asm volatile("ldr %0, [%1]" : "=r"(value) : "r"(device + 1) : "memory");
}

inline void exclusive_device()
{
	uint64_t value;
	uint32_t failed;

	asm volatile("ldxr %0, [%2]\n\tstxr %w1, %0, [%2]"
		     : "=&r"(value), "=&r"(failed)
		     : "r"(device)
		     : "memory");
}

inline void execute_nowhere()
{
	run(nowhere);
}

inline void execute_data()
{
	run(data);
}

inline void execute_device()
{
	run(device);
}

inline void execute_unaligned()
{
	run(ram + 2);
}

inline void change_own_code()
{
	constexpr uint64_t return_1 = 0xd65f'03c0'5280'0020; // MOV W0, #1; RET
	constexpr uint64_t return_2 = 0xd65f'03c0'5280'0040; // MOV W0, #2; RET
	const auto address = reinterpret_cast<uint64_t>(page);
	const auto function = reinterpret_cast<uint32_t (*)()>(page);

	for (unsigned i = 0; i < 100; i++) {
		store(address, return_1);
		written_code(address);
		ensure(function() == 1, "it returns 1");
		store(address, return_2);
		written_code(address);
		ensure(function() == 2, "it returns 2");
	}
}

} // namespace escape
