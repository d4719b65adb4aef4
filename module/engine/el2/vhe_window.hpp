// SPDX-License-Identifier: GPL-2.0-only
//
// How the engine of a kernel at EL2 uses a guest's stage 2 for a moment: for vhe.cpp and vhe_tlb.cpp.
#pragma once

#include "vhe.hpp"

#include "registers.hpp"

namespace stage2::el2::vhe
{

// The second name of EL1's registers: op1 is 5.
#define X(index, name, crn, crm, op2) inline constexpr Register name##_el12 = reg(5, crn, crm, op2);
#include "el1_registers.def"

// Without the barriers a device access beside it could hang a Cortex-A77 (erratum 1508412).
inline uint64_t read_par()
{
	asm volatile("dmb sy" ::: "memory");

	const uint64_t par = Cpu::read<par_el1>();

	asm volatile("dmb sy" ::: "memory");
	return par;
}

// So AmpereOne wants it (erratum AC04_CPU_23).
inline void write_hcr(uint64_t hcr)
{
	asm volatile("dsb nsh" ::: "memory");
	Cpu::write<hcr_el2>(hcr);
	Cpu::isb();
}

// Nothing interrupts: all of DAIF, which pseudo-NMIs mind, too. No guest is entered meanwhile.
inline uint64_t mask()
{
	uint64_t daif;

	asm volatile("mrs %0, daif\n\tmsr daifset, #15" : "=r"(daif) : : "memory");
	return daif;
}

inline void unmask(uint64_t daif)
{
	asm volatile("msr daif, %0" : : "r"(daif) : "memory");
}

// With the erratum, TTBR walks of EL1 are off and its MMU on: whatever EL1's registers are, no speculative walk of
// theirs can leave an entry with our VMID.
class NoWalks {
    public:
	NoWalks() : before_{engine::machine().features.speculative_at ? stop() : Registers{}}
	{
	}
	~NoWalks()
	{
		if (engine::machine().features.speculative_at) [[unlikely]]
			resume(before_);
	}
	NoWalks(const NoWalks &) = delete;
	NoWalks &operator=(const NoWalks &) = delete;

    private:
	// Of EL1.
	struct Registers {
		uint64_t tcr;
		uint64_t sctlr;
	};

	[[gnu::noinline]] static Registers stop()
	{
		const Registers r{Cpu::read<tcr_el12>(), Cpu::read<sctlr_el12>()};

		Cpu::write<tcr_el12>(r.tcr | tcr_no_walks);
		Cpu::write<sctlr_el12>(r.sctlr | sctlr_m);
		Cpu::isb();
		return r;
	}
	// VTTBR_EL2 is another's by now.
	[[gnu::noinline]] static void resume(Registers r)
	{
		Cpu::isb();
		Cpu::write<sctlr_el12>(r.sctlr);
		Cpu::write<tcr_el12>(r.tcr);
		Cpu::isb();
	}

	const Registers before_;
};

// In act(), instructions that act on "the current VMID" act on the guest's: VTTBR_EL2 is the guest's, and HCR_EL2.TGE
// is clear; `more` is added to HCR_EL2. What it began is complete when it returns. Masked. Nothing may touch user
// memory meanwhile. Nothing walks EL1's tables while EL2 runs, so one ISB will do for the registers; and behind
// VTTBR_EL2 as it was there is only NoWalks's: the way out of the kernel is one.
//
// A function, and no object: what it saves stays in registers.
template <class Act>
[[gnu::always_inline]] inline void within(const engine::Stage2Registers &guest, uint64_t more,
					  const Act &act)
{
	const uint64_t before = Cpu::read<hcr_el2>();
	const uint64_t vttbr = Cpu::read<vttbr_el2>();
	// It is there where a thread of the guest's own asks.
	const bool is_other = vttbr != guest.vttbr;
	uint64_t vtcr = 0;

	if (is_other) {
		vtcr = Cpu::read<vtcr_el2>();
		Cpu::write<vtcr_el2>(guest.vtcr);
		Cpu::write<vttbr_el2>(guest.vttbr);
		// With stage 1 off NoWalks stops nothing: an AT that is speculated meanwhile leaves
		// what it finds under the VMID that is there.
		if (more)
			Cpu::isb();
	}
	write_hcr((before & ~hcr::tge) | more);
	act();
	write_hcr(before);
	if (is_other) {
		Cpu::write<vtcr_el2>(vtcr);
		Cpu::write<vttbr_el2>(vttbr);
	}
}

} // namespace stage2::el2::vhe
