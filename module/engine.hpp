// SPDX-License-Identifier: GPL-2.0-only
//
// An engine takes guests to EL2: it enters them, asks the MMU about their tables, and keeps the TLBs
// true. There are three, and the machine decides which (the module parameter `engine` can choose a
// lesser one):
//
//   vhe    the kernel runs at EL2: the world switch is a function call (el2/vhe.S)
//   nvhe   the kernel left EL2 to its stub, which lets us run a blob there (el2/nvhe.S)
//   soft   nobody lets us: tables are built, walked and dumped
//
// A vCPU is *loaded* on one CPU while its EL1 registers are in that CPU, and is *entered* any number
// of times while it is loaded. What a thread does:
//
//   load ──> mask interrupts, enter ──> exit, unmask ──> ... ──> put
//      ^                                                           │
//      └──── the thread comes back to a CPU (kernel_pin) <─────────┘ the thread leaves its CPU
#pragma once

#include "el2/context.h"

#include "vmsa/vmsa.hpp"

#include <span>

namespace stage2::engine
{

enum class Kind : uint8_t { soft, nvhe, vhe };

// Picks the engine and prepares it. 0 or -errno; a lesser engine than the machine's is no error.
int start();
void stop();

Kind kind();
const char *name();
// Why guests do not run, and which boot option would change that. Only with Kind::soft.
const char *why_soft();

// What every world switch and every question needs of a guest: its stage 2, as registers.
struct Stage2Registers {
	uint64_t vttbr;
	uint64_t vtcr;
};

// Takes a VMID that no other guest of ours has, the highest first: KVM counts from the lowest. Every
// entry with that VMID is gone from every TLB. 0 when there is none left (0 is the host's own).
uint16_t take_vmid();
void give_back_vmid(uint16_t vmid);

// ---- Running. Preemption is disabled around load, enter and put. ----

// Puts the vCPU's EL1 registers into this CPU, which from now on holds no TLB entry of its VMID but
// those the vCPU makes.
void load(stage2_context &vcpu);
// The reverse: the registers are back in `vcpu`, and no TLB entry of its VMID is left on this CPU.
void put(stage2_context &vcpu);

// Runs the guest until its next exit; `vcpu` then says what it was. Interrupts are masked by the
// caller, and the guest cannot mask them for us: an interrupt that waits is an exit.
void enter(stage2_context &vcpu);

// ---- Asking the MMU: AT S12E1R or S12E1W through the guest's stage 2, stage 1 being off. ----

// par[i] is PAR_EL1 for ipas[i]. Masks interrupts for a bounded number of IPAs at a time. No vCPU
// is loaded by the caller.
void ask(const Stage2Registers &guest, std::span<const vmsa::Ipa> ipas, bool write, uint64_t *par);

// ---- TLBs ----

// The TlbSink of a guest: acts on its VMID from whatever CPU, under masked interrupts, and leaves
// VTTBR_EL2, VTCR_EL2 and HCR_EL2 as they were. Counts what it does.
class Tlb {
    public:
	// Until a guest has registers, no TLB can hold anything of it: nothing is issued then.
	void set(const Stage2Registers &registers)
	{
		registers_ = registers;
	}

	void invalidate(vmsa::Region<vmsa::Ipa> region, vmsa::Level level, bool tables);
	void sync();

	uint64_t invalidations() const
	{
		return invalidations_;
	}

    private:
	Stage2Registers registers_{};
	uint64_t invalidations_ = 0;
};

} // namespace stage2::engine
