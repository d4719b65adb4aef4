// SPDX-License-Identifier: GPL-2.0-only
//
// The system registers of a world switch, and what a guest runs with. Names and bits: Arm ARM D19.
#pragma once

#include "context.h"
#include "engine/formats.hpp"

#include "vmsa/regime.hpp"
#include "vmsa/registers.hpp"

namespace stage2::el2
{

using Cpu = vmsa::ThisCpu;
using vmsa::bit;
using vmsa::Register;

// op0 is 3.
constexpr Register reg(unsigned op1, unsigned crn, unsigned crm, unsigned op2)
{
	return static_cast<Register>(3u << 14 | op1 << 11 | crn << 7 | crm << 3 | op2);
}

inline constexpr Register id_aa64pfr0 = reg(0, 0, 4, 0);
inline constexpr Register midr_el1 = reg(0, 0, 0, 0);
inline constexpr Register id_aa64pfr1 = reg(0, 0, 4, 1);
inline constexpr Register id_aa64dfr0 = reg(0, 0, 5, 0);
inline constexpr Register id_aa64mmfr0 = reg(0, 0, 7, 0);
inline constexpr Register id_aa64mmfr1 = reg(0, 0, 7, 1);

inline constexpr Register par_el1 = reg(0, 7, 4, 0);
inline constexpr Register tpidr_el1 = reg(0, 13, 0, 4);
inline constexpr Register tpidr_el0 = reg(3, 13, 0, 2);
inline constexpr Register tpidrro_el0 = reg(3, 13, 0, 3);
inline constexpr Register sp_el1 = reg(4, 4, 1, 0);
inline constexpr Register tpidr2_el0 = reg(3, 13, 0, 5);
inline constexpr Register csselr_el1 = reg(2, 0, 0, 0);
inline constexpr Register cntv_ctl_el02 = reg(5, 14, 3, 1);
inline constexpr Register cntv_cval_el02 = reg(5, 14, 3, 2);

inline constexpr Register vpidr_el2 = reg(4, 0, 0, 0);
inline constexpr Register vmpidr_el2 = reg(4, 0, 0, 5);
inline constexpr Register hcr_el2 = reg(4, 1, 1, 0);
inline constexpr Register mdcr_el2 = reg(4, 1, 1, 1);
inline constexpr Register hstr_el2 = reg(4, 1, 1, 3);
inline constexpr Register hfgrtr_el2 = reg(4, 1, 1, 4);
inline constexpr Register hfgwtr_el2 = reg(4, 1, 1, 5);
inline constexpr Register hfgitr_el2 = reg(4, 1, 1, 6);
inline constexpr Register hcrx_el2 = reg(4, 1, 2, 2);
inline constexpr Register vttbr_el2 = Register::vttbr_el2;
inline constexpr Register vtcr_el2 = Register::vtcr_el2;
inline constexpr Register hdfgrtr2_el2 = reg(4, 3, 1, 0);
inline constexpr Register hdfgwtr2_el2 = reg(4, 3, 1, 1);
inline constexpr Register hfgrtr2_el2 = reg(4, 3, 1, 2);
inline constexpr Register hfgwtr2_el2 = reg(4, 3, 1, 3);
inline constexpr Register hdfgrtr_el2 = reg(4, 3, 1, 4);
inline constexpr Register hdfgwtr_el2 = reg(4, 3, 1, 5);
inline constexpr Register hafgrtr_el2 = reg(4, 3, 1, 6);
inline constexpr Register hfgitr2_el2 = reg(4, 3, 1, 7);
inline constexpr Register ich_hcr_el2 = reg(4, 12, 11, 0);
inline constexpr Register icc_sre_el2 = reg(4, 12, 9, 5);
inline constexpr Register mpamhcr_el2 = reg(4, 10, 4, 0);
inline constexpr Register mpam2_el2 = reg(4, 10, 5, 0);
inline constexpr Register pmbidr_el1 = reg(0, 9, 10, 7);
inline constexpr Register pmscr_el12 = reg(5, 9, 9, 0);
inline constexpr Register trfcr_el12 = reg(5, 1, 2, 1);
inline constexpr Register vdisr_el2 = reg(4, 12, 1, 1);
inline constexpr Register cntvoff_el2 = reg(4, 14, 0, 3);
inline constexpr Register cnthctl_el2 = reg(4, 14, 1, 0);

namespace hcr
{
inline constexpr uint64_t vm = bit(0);
inline constexpr uint64_t swio = bit(1); // DC ISW acts as CISW
inline constexpr uint64_t fmo = bit(3);
inline constexpr uint64_t imo = bit(4);
inline constexpr uint64_t amo = bit(5);
inline constexpr uint64_t fb = bit(9); // TLBI and IC of EL1 reach all CPUs
inline constexpr uint64_t bsu_is = bit(10); // barriers are inner shareable at least
inline constexpr uint64_t dc = bit(12); // stage 1 off, its memory cacheable
inline constexpr uint64_t twi = bit(13);
inline constexpr uint64_t twe = bit(14);
inline constexpr uint64_t tsc = bit(19);
inline constexpr uint64_t tidcp = bit(20);
inline constexpr uint64_t tacr = bit(21);
inline constexpr uint64_t tsw = bit(22);
inline constexpr uint64_t tge = bit(27);
inline constexpr uint64_t rw = bit(31);
inline constexpr uint64_t e2h = bit(34);
inline constexpr uint64_t tlor = bit(35);
inline constexpr uint64_t terr = bit(36); // FEAT_RAS
inline constexpr uint64_t tea = bit(37); // FEAT_RAS
inline constexpr uint64_t fwb = bit(46); // the memory types of stage 2 have other numbers

// Everything physical comes to EL2. What a guest has no business with traps; so do, because their
// enabling bits stay clear, pointer authentication (API, APK), memory tagging (ATA), SCXTNUM
// (EnSCXT) and error injection (FIEN). Broadcasts reach the CPU that a vCPU was on before.
inline constexpr uint64_t guest = vm | swio | fmo | imo | amo | fb | bsu_is | twi | twe | tsc |
				  tidcp | tacr | tsw | rw | tlor;
} // namespace hcr

// The tables of guests are what they run with.
#define X(granule, bits)                                                                           \
	static_assert(Stage2Format<granule, bits>::Stage::fwb == ((hcr::guest & hcr::fwb) != 0));
STAGE2_FORMATS(X)
#undef X

// FP, SIMD, SVE and SME trap as their enabling fields are 0; trace and activity monitors by bits.
// The layout is that of CPACR_EL1 where the kernel runs at EL2.
inline constexpr uint64_t cptr_vhe = bit(28) /* TTA */ | bit(30) /* TAM */;

// Debug, performance monitors, profiling, trace. EL1 owns neither a profiling nor a trace buffer.
inline constexpr uint64_t mdcr_tde = bit(8); // debug exceptions come to EL2
inline constexpr uint64_t mdcr_traps = bit(5) /* TPMCR */ | bit(6) /* TPM */ | bit(9) /* TDA */ |
				       bit(10) /* TDOSA */ | bit(11) /* TDRA */ |
				       bit(14) /* TPMS */ | bit(19) /* TTRF */;
inline constexpr uint64_t mdcr_open =
	bit(12) | bit(13) /* E2PB */ | bit(15) /* EnSPM */ | bit(24) | bit(25) /* E2TB */;

// MPAM2_EL2 and MPAMHCR_EL2: a guest chooses no partition of caches and memory bandwidth, nor sees any.
inline constexpr uint64_t mpam2_traps = bit(48) | bit(49) /* TRAPMPAM{1,0}EL1 */;
inline constexpr uint64_t mpamhcr_traps = bit(31); // TRAP_MPAMIDR_EL1

inline constexpr uint64_t mdscr_ss = bit(0);
inline constexpr uint64_t mdscr_mde = bit(15); // breakpoints
// DBGBCR<n>_EL1: an address of EL1 and EL0, all four bytes of an instruction.
inline constexpr uint64_t breakpoint = bit(0) | 3 << 1 | 0xf << 5;
inline constexpr auto dbgbvr0_el1 = static_cast<Register>(2 << 14 | 4);
inline constexpr auto dbgbcr0_el1 = static_cast<Register>(2 << 14 | 5);
inline constexpr auto dbgbvr1_el1 = static_cast<Register>(2 << 14 | 1 << 3 | 4);
inline constexpr auto dbgbcr1_el1 = static_cast<Register>(2 << 14 | 1 << 3 | 5);
inline constexpr uint64_t spsr_ss = bit(21);

template <Register R> void swap(unsigned long &host, uint64_t guest)
{
	host = Cpu::read<R>();
	Cpu::write<R>(guest);
}

// The first two breakpoints of this CPU are a guest's. Interrupts are masked.
class Stops {
    public:
	explicit Stops(const unsigned long (&at)[2])
	{
		swap<dbgbvr0_el1>(host_[0], at[0]);
		swap<dbgbcr0_el1>(host_[1], breakpoint);
		swap<dbgbvr1_el1>(host_[2], at[1]);
		swap<dbgbcr1_el1>(host_[3], at[1] ? breakpoint : 0);
	}

	~Stops()
	{
		Cpu::write<dbgbvr0_el1>(host_[0]);
		Cpu::write<dbgbcr0_el1>(host_[1]);
		Cpu::write<dbgbvr1_el1>(host_[2]);
		Cpu::write<dbgbcr1_el1>(host_[3]);
		Cpu::isb();
	}

	Stops(const Stops &) = delete;
	Stops &operator=(const Stops &) = delete;

    private:
	unsigned long host_[4];
};

// CNTHCTL_EL2: the bits that let EL1 at the physical counter and timer, and those that trap the
// virtual ones (FEAT_ECV).
inline constexpr uint64_t cnthctl_physical_vhe = bit(10) | bit(11);
inline constexpr uint64_t cnthctl_virtual = bit(13) | bit(14);

// ICH_HCR_EL2: TC, TALL0, TALL1, TDIR, and the virtual interface off. ICC_SRE_EL2: Enable.
inline constexpr uint64_t ich_traps = bit(10) | bit(11) | bit(12) | bit(14);
inline constexpr uint64_t icc_sre_enable = bit(3);

// CP15 c15 of AArch32, which is implementation defined.
inline constexpr uint64_t hstr_traps = bit(15);

inline constexpr uint64_t tcr_no_walks = vmsa::tcr_no_lower | vmsa::tcr_no_upper;
inline constexpr uint64_t sctlr_m = bit(0);

// Is the exit a stage 2 fault whose IPA HPFAR_EL2 does not tell? It tells that of a fault in a walk of
// stage 1 (S1PTW), and of any other but a permission fault. `unreliable`: of none, by an erratum.
constexpr bool lacks_ipa(const stage2_context &vcpu, bool unreliable)
{
	const unsigned ec = vcpu.esr >> 26 & 63;
	const bool abort = ec == 0x20 || ec == 0x24; // instruction or data abort, from below
	const bool permission = (vcpu.esr & 0x3c) == 0x0c;

	return vcpu.exit == STAGE2_EXIT_SYNC && abort && !(vcpu.esr & bit(7)) &&
	       (permission || unreliable);
}

constexpr bool stepped_load_exclusive(const stage2_context &vcpu)
{
	constexpr uint64_t valid = bit(24), exclusive = bit(6);

	return vcpu.exit == STAGE2_EXIT_SYNC && (vcpu.esr >> 26 & 63) == 0x32 &&
	       (vcpu.esr & valid) && (vcpu.esr & exclusive);
}

constexpr uint64_t hpfar_of_par(uint64_t par)
{
	return vmsa::Field{43, 4}.put(par >> 12);
}

// What this very CPU has: in one machine they may differ.
struct Features {
	bool fgt;
	bool fgt2;
	bool amu;
	bool hcx;
	bool ecv;
	bool gic; // the GIC by system registers
	bool ras;
	bool tpidr2; // and no fine-grained trap keeps it from a guest
	bool spe; // and it is not firmware's
	bool trf;

	[[gnu::always_inline]] static Features read(bool fgt2)
	{
		const auto field = [](uint64_t value, unsigned shift) {
			return value >> shift & 15;
		};
		const uint64_t pfr0 = Cpu::read<id_aa64pfr0>();
		const uint64_t pfr1 = Cpu::read<id_aa64pfr1>();
		const uint64_t dfr0 = Cpu::read<id_aa64dfr0>();
		const uint64_t mmfr0 = Cpu::read<id_aa64mmfr0>();
		const uint64_t mmfr1 = Cpu::read<id_aa64mmfr1>();

		return {.fgt = field(mmfr0, 56) != 0,
			.fgt2 = fgt2 && field(mmfr0, 56) >= 2,
			.amu = field(pfr0, 44) != 0,
			.hcx = field(mmfr1, 40) != 0,
			.ecv = field(mmfr0, 60) != 0,
			.gic = field(pfr0, 24) != 0 && Cpu::read<icc_sre_el2>() & 1,
			.ras = field(pfr0, 28) != 0,
			.tpidr2 = field(pfr1, 24) != 0 && !field(mmfr0, 56),
			.spe = field(dfr0, 32) != 0 && !(Cpu::read<pmbidr_el1>() & bit(4)),
			.trf = field(dfr0, 40) != 0};
	}
};

} // namespace stage2::el2
