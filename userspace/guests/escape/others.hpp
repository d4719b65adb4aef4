// SPDX-License-Identifier: GPL-2.0-only
//
// Instructions and registers that belong to someone above the guest.
#pragma once

#include "places.hpp"

namespace escape
{

inline void smc()
{
	register uint64_t x0 asm("x0") = 0x8400'0008; // PSCI SYSTEM_OFF

	asm volatile("smc #0" : "+r"(x0)::"memory");
}

inline void hvc_flood()
{
	for (;;)
		call(0xc600'ffff);
}

inline void print_nowhere()
{
	ensure(call(STAGE2_HVC_PRINT, nowhere, 16) == static_cast<uint64_t>(STAGE2_HVC_FAULT),
	       "what is not mapped is not printed");
}

// More than all memory; and a great many lines.
inline void print_without_end()
{
	call(STAGE2_HVC_PRINT, ram, ~uint64_t{0});
	call(STAGE2_HVC_PRINT, ~uint64_t{0}, ~uint64_t{0});
	for (unsigned i = 0; i < 100; i++)
		call(STAGE2_HVC_PRINT, ram, 4096);
}

inline void el2_register()
{
	read_register(hcr_el2);
}

inline void el2_tlbi()
{
	asm volatile("tlbi alle2is");
}

inline void ask_stage2()
{
	asm volatile("at s12e1r, xzr");
}

inline void own_tlbi()
{
	asm volatile("tlbi vmalle1\n\ttlbi vaae1, xzr\n\tdsb sy\n\tisb" ::: "memory");
}

inline void broadcast_tlbi()
{
	for (unsigned i = 0; i < 1000; i++)
		asm volatile("tlbi vmalle1is\n\tdsb sy" ::: "memory");
}

inline void set_way()
{
	asm volatile("dc cisw, xzr\n\tdsb sy" ::: "memory");
}

inline void physical_timer()
{
	write_register(cntp_ctl_el0, 1);
}

inline void physical_counter()
{
	read_register(cntpct_el0);
}

inline void virtual_timer()
{
	write_register(cntv_cval_el0, 0);
	write_register(cntv_ctl_el0, 1);
	for (unsigned i = 0; i < 100000; i++)
		asm volatile("");
}

inline void pmu()
{
	read_register(pmcr_el0);
}

inline void debug_control()
{
	write_register(mdscr_el1, 1 << 15 | 1);
}

inline void breakpoint_register()
{
	write_register(dbgbvr0_el1, ram);
}

inline void os_lock()
{
	write_register(oslar_el1, 0);
}

inline void send_interrupt()
{
	write_register(S3_0_C12_C11_5, uint64_t{1} << 40 | 0xffff); // to all
}

inline void acknowledge_interrupt()
{
	read_register(S3_0_C12_C12_0);
}

inline void auxiliary_control()
{
	write_register(actlr_el1, ~uint64_t{0});
}

inline void implementation_defined()
{
	write_register(S3_0_C15_C2_0, ~uint64_t{0});
}

inline void authentication_key()
{
	write_register(S3_0_C2_C1_0, 0);
}

inline void authenticate()
{
	constexpr uint64_t enia = uint64_t{1} << 31;

	write_register(sctlr_el1, read_register(sctlr_el1) | enia);
	asm volatile("hint #25\n\thint #29" ::: "x30"); // PACIASP, AUTIASP
}

inline void tag_control()
{
	read_register(S3_0_C1_C0_6); // GCR_EL1
}

// As far as the guest itself can permit it.
inline void permit_fp()
{
	write_register(cpacr_el1, ~uint64_t{0});
}

inline void floating_point()
{
	permit_fp();
	asm volatile(".arch_extension fp\n\tfmov d0, #1.0\n\t.arch_extension nofp");
}

inline void scalable_vector()
{
	permit_fp();
	asm volatile(".inst 0x04bf5020" ::: "x0"); // RDVL X0, #1
}

inline void scalable_matrix()
{
	permit_fp();
	asm volatile(".inst 0xd503477f"); // SMSTART
}

} // namespace escape
