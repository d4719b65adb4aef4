// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The registers of each translation regime, and the instructions that reach them and the TLBs.
//
// The instructions exist only when compiled for AArch64. A template parameter, the Cpu, issues them, so a recorder can
// take the place of ThisCpu:
//
//   tlbi(op, operand)                   operand is ignored where the instruction has none
//   dsb_ishst(), dsb_ish(), isb()       the barriers reach as far as the instructions (TlbiScope)
//   read<register>(), write<register>(value)
//   features()                          what the machine can do; without this function, everything
//   asks                                what its instructions need; without this member, nothing
#pragma once

#include "vmsa/features.hpp"
#include "vmsa/tlbi.hpp"

namespace vmsa
{

// The value is the encoding: op0 [15:14], op1 [13:11], CRn [10:7], CRm [6:3], op2 [2:0].
enum class Register : uint16_t {
	sctlr_el1 = 0xc080,
	ttbr0_el1 = 0xc100,
	ttbr1_el1 = 0xc101,
	tcr_el1 = 0xc102,
	mair_el1 = 0xc510,
	ctr_el0 = 0xd801,
	sctlr_el2 = 0xe080,
	hcr_el2 = 0xe088,
	ttbr0_el2 = 0xe100,
	ttbr1_el2 = 0xe101, // only with HCR_EL2.E2H = 1
	tcr_el2 = 0xe102,
	vttbr_el2 = 0xe108,
	vtcr_el2 = 0xe10a,
	mair_el2 = 0xe510,
	sctlr_el3 = 0xf080,
	ttbr0_el3 = 0xf100,
	tcr_el3 = 0xf102,
	id_aa64pfr0_el1 = 0xc020,
	id_aa64pfr1_el1 = 0xc021,
	id_aa64pfr2_el1 = 0xc022,
	id_aa64isar0_el1 = 0xc030,
	id_aa64isar1_el1 = 0xc031,
	id_aa64mmfr0_el1 = 0xc038,
	id_aa64mmfr1_el1 = 0xc039,
	id_aa64mmfr2_el1 = 0xc03a,
	mair_el3 = 0xf510,
};

// Where a regime keeps its root, its geometry and its memory types. `upper` is `lower` where there
// is no upper range; stage 2 has no MAIR.
template <class Stage> struct RegimeRegisters;

template <> struct RegimeRegisters<El1And0> {
	static constexpr Register lower = Register::ttbr0_el1;
	static constexpr Register upper = Register::ttbr1_el1;
	static constexpr Register control = Register::tcr_el1;
	static constexpr Register memory_types = Register::mair_el1;
};

template <> struct RegimeRegisters<El2And0> {
	static constexpr Register lower = Register::ttbr0_el2;
	static constexpr Register upper = Register::ttbr1_el2;
	static constexpr Register control = Register::tcr_el2;
	static constexpr Register memory_types = Register::mair_el2;
};

template <> struct RegimeRegisters<El2> {
	static constexpr Register lower = Register::ttbr0_el2;
	static constexpr Register upper = lower;
	static constexpr Register control = Register::tcr_el2;
	static constexpr Register memory_types = Register::mair_el2;
};

template <> struct RegimeRegisters<El3> {
	static constexpr Register lower = Register::ttbr0_el3;
	static constexpr Register upper = lower;
	static constexpr Register control = Register::tcr_el3;
	static constexpr Register memory_types = Register::mair_el3;
};

template <Stage2Tag Stage> struct RegimeRegisters<Stage> {
	static constexpr Register lower = Register::vttbr_el2;
	static constexpr Register upper = lower;
	static constexpr Register control = Register::vtcr_el2;
};

// What is needed to invalidate. To activate a map, read and write are needed, too.
template <class C>
concept Cpu = requires(C &cpu, Tlbi op, uint64_t operand)
{
	{cpu.tlbi(op, operand)};
	{cpu.dsb_ishst()};
	{cpu.dsb_ish()};
	{cpu.isb()};
};

// What a Cpu's instructions ask of the machine, as feature_bit()s: its `asks`, or nothing.
template <Cpu C>
inline constexpr uint32_t asked_by = [] {
	if constexpr (requires { C::asks; })
		return C::asks;
	else
		return uint32_t{0};
}();

constexpr uint32_t features_of_scope(TlbiScope scope, bool no_xs)
{
	return (scope == TlbiScope::outer ? feature_bit(Feature::tlbi_outer) : 0) |
	       (no_xs ? feature_bit(Feature::xs) : 0);
}

#if defined(__aarch64__)

// Every instruction is written by its encoding, so any assembler takes it, whichever architecture
// version it was told. The "memory" clobbers keep the compiler's stores on their side.
template <TlbiScope Scope, bool NoXs = false> struct ScopedCpu {
	static constexpr uint32_t asks = features_of_scope(Scope, NoXs);

	[[gnu::always_inline]] static void dsb_ishst()
	{
		if constexpr (Scope == TlbiScope::local)
			asm volatile("dsb nshst" ::: "memory");
		else if constexpr (Scope == TlbiScope::outer)
			asm volatile("dsb oshst" ::: "memory");
		else
			asm volatile("dsb ishst" ::: "memory");
	}
	[[gnu::always_inline]] static void dsb_ish()
	{
		constexpr unsigned domain = Scope == TlbiScope::outer	? 0
					    : Scope == TlbiScope::local ? 1
									: 2;

		if constexpr (NoXs)
			asm volatile(".inst %c0" ::"i"(0xd503323f | domain << 10) : "memory");
		else if constexpr (Scope == TlbiScope::local)
			asm volatile("dsb nsh" ::: "memory");
		else if constexpr (Scope == TlbiScope::outer)
			asm volatile("dsb osh" ::: "memory");
		else
			asm volatile("dsb ish" ::: "memory");
	}
	[[gnu::always_inline]] static void isb()
	{
		asm volatile("isb" ::: "memory");
	}

	// For go_live.hpp.
	[[gnu::always_inline]] static void dsb_sy()
	{
		asm volatile("dsb sy" ::: "memory");
	}
	[[gnu::always_inline]] static void dc_ivac(uint64_t address)
	{
		asm volatile("dc ivac, %0" ::"r"(address) : "memory");
	}
	[[gnu::always_inline]] static void ic_iallu()
	{
		asm volatile("ic iallu" ::: "memory");
	}

	template <Register R> [[gnu::always_inline]] static uint64_t read()
	{
		constexpr unsigned e = static_cast<unsigned>(R);
		uint64_t value;

		asm volatile("mrs %0, S%c1_%c2_C%c3_C%c4_%c5"
			     : "=r"(value)
			     : "i"(e >> 14), "i"(e >> 11 & 7), "i"(e >> 7 & 15), "i"(e >> 3 & 15),
			       "i"(e & 7)
			     : "memory");
		return value;
	}

	// Takes effect for what follows the next isb().
	template <Register R> [[gnu::always_inline]] static void write(uint64_t value)
	{
		constexpr unsigned e = static_cast<unsigned>(R);

		asm volatile("msr S%c1_%c2_C%c3_C%c4_%c5, %0"
			     :
			     : "r"(value), "i"(e >> 14), "i"(e >> 11 & 7), "i"(e >> 7 & 15),
			       "i"(e >> 3 & 15), "i"(e & 7)
			     : "memory");
	}

	static Features features()
	{
		return Features::from(
			{{read<Register::id_aa64mmfr0_el1>(), read<Register::id_aa64mmfr1_el1>(),
			  read<Register::id_aa64mmfr2_el1>(), read<Register::id_aa64isar0_el1>(),
			  read<Register::id_aa64isar1_el1>(), read<Register::id_aa64pfr0_el1>(),
			  read<Register::id_aa64pfr1_el1>(), read<Register::id_aa64pfr2_el1>()}});
	}

	[[gnu::always_inline]] static void tlbi(Tlbi op, uint64_t operand)
	{
		switch (op) {
		case Tlbi::vmalle1is:
			return issue<Tlbi::vmalle1is>();
		case Tlbi::vae1is:
			return issue<Tlbi::vae1is>(operand);
		case Tlbi::aside1is:
			return issue<Tlbi::aside1is>(operand);
		case Tlbi::vaae1is:
			return issue<Tlbi::vaae1is>(operand);
		case Tlbi::vale1is:
			return issue<Tlbi::vale1is>(operand);
		case Tlbi::vaale1is:
			return issue<Tlbi::vaale1is>(operand);
		case Tlbi::rvae1is:
			return issue<Tlbi::rvae1is>(operand);
		case Tlbi::rvaae1is:
			return issue<Tlbi::rvaae1is>(operand);
		case Tlbi::rvale1is:
			return issue<Tlbi::rvale1is>(operand);
		case Tlbi::rvaale1is:
			return issue<Tlbi::rvaale1is>(operand);
		case Tlbi::ipas2e1is:
			return issue<Tlbi::ipas2e1is>(operand);
		case Tlbi::ripas2e1is:
			return issue<Tlbi::ripas2e1is>(operand);
		case Tlbi::ipas2le1is:
			return issue<Tlbi::ipas2le1is>(operand);
		case Tlbi::ripas2le1is:
			return issue<Tlbi::ripas2le1is>(operand);
		case Tlbi::alle1is:
			return issue<Tlbi::alle1is>();
		case Tlbi::alle2is:
			return issue<Tlbi::alle2is>();
		case Tlbi::vae2is:
			return issue<Tlbi::vae2is>(operand);
		case Tlbi::vale2is:
			return issue<Tlbi::vale2is>(operand);
		case Tlbi::vmalls12e1is:
			return issue<Tlbi::vmalls12e1is>();
		case Tlbi::rvae2is:
			return issue<Tlbi::rvae2is>(operand);
		case Tlbi::rvale2is:
			return issue<Tlbi::rvale2is>(operand);
		case Tlbi::alle3is:
			return issue<Tlbi::alle3is>();
		case Tlbi::vae3is:
			return issue<Tlbi::vae3is>(operand);
		case Tlbi::vale3is:
			return issue<Tlbi::vale3is>(operand);
		case Tlbi::rvae3is:
			return issue<Tlbi::rvae3is>(operand);
		case Tlbi::rvale3is:
			return issue<Tlbi::rvale3is>(operand);
		}
	}

    private:
	static constexpr unsigned crn = NoXs ? 9 : 8;

	template <Tlbi Op> [[gnu::always_inline]] static void issue()
	{
		constexpr unsigned e = tlbi_encoding(Op, Scope);

		static_assert(!has_operand(Op));
		asm volatile("sys #%c0, C%c3, C%c1, #%c2, xzr"
			     :
			     : "i"(e >> 8), "i"(e >> 4 & 15), "i"(e & 7), "i"(crn)
			     : "memory");
	}

	template <Tlbi Op> [[gnu::always_inline]] static void issue(uint64_t operand)
	{
		constexpr unsigned e = tlbi_encoding(Op, Scope);

		static_assert(has_operand(Op));
		asm volatile("sys #%c1, C%c4, C%c2, #%c3, %0"
			     :
			     : "r"(operand), "i"(e >> 8), "i"(e >> 4 & 15), "i"(e & 7), "i"(crn)
			     : "memory");
	}
};

#else

// On another machine tables can be built and changed, and there is no MMU to tell of it. It has no
// registers, so that nothing can be activated.
template <TlbiScope Scope, bool NoXs = false> struct ScopedCpu {
	static constexpr uint32_t asks = features_of_scope(Scope, NoXs);

	static constexpr void tlbi(Tlbi, uint64_t)
	{
	}
	static constexpr void dsb_ishst()
	{
	}
	static constexpr void dsb_ish()
	{
	}
	static constexpr void isb()
	{
	}
};

#endif

// What a sink takes for its Cpu: HardwareTlb<Format, LocalCpu>, IdMap<El1And0, Granule4K, 48, Memory, OuterCpu>.
// With FEAT_XS an invalidation need not wait for accesses to memory with the XS attribute (slow devices): the NoXs
// forms. They are enough where such memory is not unmapped, nor shared under other permissions. A LiveMap is refused
// what the machine has not.
struct ThisCpu : ScopedCpu<TlbiScope::inner> {};
struct LocalCpu : ScopedCpu<TlbiScope::local> {};
struct OuterCpu : ScopedCpu<TlbiScope::outer> {};
struct NoXsCpu : ScopedCpu<TlbiScope::inner, true> {};

template <Cpu C> constexpr Features features_of([[maybe_unused]] C &cpu)
{
	if constexpr (requires { cpu.features(); })
		return cpu.features();
	else
		return Features::all();
}

} // namespace vmsa
