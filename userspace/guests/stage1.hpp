// SPDX-License-Identifier: GPL-2.0-only
//
// A guest's own MMU: the switch, and the smallest map to run on.
#pragma once

#include "guest.hpp"
#include "vmsa/id_map.hpp"
#include "vmsa/linear_map.hpp"

namespace guest
{

inline constexpr unsigned va_bits = 39;
inline constexpr uint64_t block = 2 * vmsa::MiB;
// Where the upper range maps IPA 0.
inline constexpr uint64_t upper = ~uint64_t{0} << va_bits;

inline vmsa::MapConfig stage1_config(uint16_t asid, vmsa::Range range = vmsa::Range::lower)
{
	return {.va_bits = va_bits,
		.asid = asid,
		.range = range,
		.pa_bits = 40,
		.tlbi = vmsa::tlbi_features(read_register(id_aa64isar0_el1),
					    read_register(S3_0_C0_C7_2))}; // ID_AA64MMFR2_EL1
}

// Until its MMU is on, a guest's accesses go past the caches. What those have of its memory from
// before must go, or the walker, and then the guest, reads that.
inline void drop_caches()
{
	const auto end = reinterpret_cast<uint64_t>(image_end);
	const uint64_t line = uint64_t{4} << (read_register(ctr_el0) >> 16 & 15);

	for (uint64_t at = ram; at < end; at += line)
		asm volatile("dc civac, %0" ::"r"(at) : "memory");
	asm volatile("dsb sy" ::: "memory");
}

// MMU and caches, over maps that are active.
inline void turn_mmu_on()
{
	constexpr uint64_t m = vmsa::bit(0), c = vmsa::bit(2), i = vmsa::bit(12);

	drop_caches();
	asm volatile("ic iallu\n\tdsb sy\n\tisb" ::: "memory");
	write_register(sctlr_el1, read_register(sctlr_el1) | m | c | i);
}

} // namespace guest
