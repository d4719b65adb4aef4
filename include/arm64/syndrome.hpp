// SPDX-License-Identifier: GPL-2.0-only
//
// ESR_EL2 in words (Arm ARM D19.2.37): why a guest was left, and the particulars. Pure decoding; no
// kernel, no guest.
#pragma once

#include "arm64/sysreg_names.hpp"

#include "vmsa/bits.hpp"
#include "vmsa/granule.hpp"

#include <cstdint>

namespace arm64
{

// Exception classes that someone here decides by; ec_text has the names of all.
enum class Ec : uint8_t {
	unknown = 0x00,
	wfx = 0x01,
	fp = 0x07,
	pauth = 0x09,
	illegal_state = 0x0e,
	hvc64 = 0x16,
	smc64 = 0x17,
	sysreg = 0x18,
	sve = 0x19,
	sme = 0x1d,
	instruction_abort = 0x20,
	pc_alignment = 0x22,
	data_abort = 0x24,
	sp_alignment = 0x26,
	serror = 0x2f,
	breakpoint = 0x30,
	step = 0x32,
	watchpoint = 0x34,
	brk = 0x3c,
};

// The names of EC, as the Arm ARM gives them; "reserved" for the rest.
constexpr const char *ec_text(unsigned ec)
{
	switch (ec) {
	case 0x00:
		return "Unknown reason";
	case 0x01:
		return "Trapped WF* instruction";
	case 0x03:
		return "Trapped MCR or MRC access, coproc 0b1111";
	case 0x04:
		return "Trapped MCRR or MRRC access, coproc 0b1111";
	case 0x05:
		return "Trapped MCR or MRC access, coproc 0b1110";
	case 0x06:
		return "Trapped LDC or STC access";
	case 0x07:
		return "Access to SME, SVE, Advanced SIMD or floating-point functionality";
	case 0x08:
		return "Trapped VMRS access";
	case 0x09:
		return "Trapped pointer authentication instruction";
	case 0x0a:
		return "Trapped LD64B or ST64B* instruction";
	case 0x0c:
		return "Trapped MRRC access, coproc 0b1110";
	case 0x0d:
		return "Branch Target Exception";
	case 0x0e:
		return "Illegal Execution state";
	case 0x11:
		return "SVC instruction execution in AArch32 state";
	case 0x12:
		return "HVC instruction execution in AArch32 state";
	case 0x13:
		return "SMC instruction execution in AArch32 state";
	case 0x14:
		return "Trapped MSRR, MRRS or 128-bit System instruction";
	case 0x15:
		return "SVC instruction execution in AArch64 state";
	case 0x16:
		return "HVC instruction execution in AArch64 state";
	case 0x17:
		return "SMC instruction execution in AArch64 state";
	case 0x18:
		return "Trapped MSR, MRS or System instruction";
	case 0x19:
		return "Access to SVE functionality";
	case 0x1a:
		return "Trapped ERET, ERETAA or ERETAB instruction";
	case 0x1b:
		return "Trapped TSTART instruction";
	case 0x1c:
		return "Pointer Authentication failure";
	case 0x1d:
		return "Access to SME functionality";
	case 0x1e:
		return "Granule Protection Check exception";
	case 0x1f:
		return "Implementation defined exception to EL3";
	case 0x20:
		return "Instruction Abort from a lower Exception level";
	case 0x21:
		return "Instruction Abort from the current Exception level";
	case 0x22:
		return "PC alignment fault";
	case 0x24:
		return "Data Abort from a lower Exception level";
	case 0x25:
		return "Data Abort from the current Exception level";
	case 0x26:
		return "SP alignment fault";
	case 0x27:
		return "Memory Operation Exception";
	case 0x28:
		return "Trapped floating-point exception in AArch32 state";
	case 0x2c:
		return "Trapped floating-point exception in AArch64 state";
	case 0x2d:
		return "Guarded Control Stack exception";
	case 0x2f:
		return "SError interrupt";
	case 0x30:
		return "Breakpoint from a lower Exception level";
	case 0x31:
		return "Breakpoint from the current Exception level";
	case 0x32:
		return "Software Step from a lower Exception level";
	case 0x33:
		return "Software Step from the current Exception level";
	case 0x34:
		return "Watchpoint from a lower Exception level";
	case 0x35:
		return "Watchpoint from the current Exception level";
	case 0x38:
		return "BKPT instruction execution in AArch32 state";
	case 0x3a:
		return "Vector Catch exception in AArch32 state";
	case 0x3c:
		return "BRK instruction execution in AArch64 state";
	case 0x3d:
		return "Profiling exception";
	default:
		return "reserved";
	}
}

// What the fault status code of an abort says.
enum class Fault : uint8_t {
	address_size,
	translation,
	access_flag,
	permission,
	external,
	alignment,
	tlb_conflict,
	hardware_update, // unsupported atomic hardware update
	other,
};

class Syndrome {
    public:
	constexpr explicit Syndrome(uint64_t esr) : esr_{esr}
	{
	}

	constexpr unsigned ec() const
	{
		return static_cast<unsigned>(vmsa::Field{31, 26}.get(esr_));
	}
	constexpr bool is(Ec ec_) const
	{
		return ec() == static_cast<unsigned>(ec_);
	}

	// ---- Aborts. ----

	constexpr bool is_abort() const
	{
		return is(Ec::instruction_abort) || is(Ec::data_abort);
	}
	constexpr bool is_fetch() const
	{
		return is(Ec::instruction_abort);
	}
	// An address operation, not a load or store: cache maintenance is reported as a write.
	constexpr bool is_cache_maintenance() const
	{
		return is(Ec::data_abort) && bit(8);
	}
	// A walk only writes to note an access or dirty state; what else the instruction wanted plays
	// no part then.
	constexpr bool is_write() const
	{
		return on_stage1_walk() ? fault() == Fault::permission
					: is(Ec::data_abort) && bit(6);
	}
	// The walk of the guest's own tables met stage 2.
	constexpr bool on_stage1_walk() const
	{
		return bit(7);
	}

	constexpr Fault fault() const
	{
		switch (status()) {
		case 0x00 ... 0x03:
		case 0x29:
		case 0x2c: // level -2
			return Fault::address_size;
		case 0x04 ... 0x07:
		case 0x2a: // level -2
		case 0x2b:
			return Fault::translation;
		case 0x08 ... 0x0b:
			return Fault::access_flag;
		case 0x0c ... 0x0f:
			return Fault::permission;
		case 0x10:
		case 0x12 ... 0x18:
		case 0x1b ... 0x1f:
			return Fault::external;
		case 0x21:
			return Fault::alignment;
		case 0x30:
			return Fault::tlb_conflict;
		case 0x31:
			return Fault::hardware_update;
		default:
			return Fault::other;
		}
	}

	// Stage 2 did not let it pass, and HPFAR_EL2 has the IPA (engine.hpp).
	constexpr bool is_stage2_fault() const
	{
		return fault() <= Fault::permission;
	}

	// Of those.
	constexpr vmsa::Level level() const
	{
		switch (status()) {
		case 0x29:
		case 0x2b:
			return -1;
		case 0x2a:
		case 0x2c:
			return -2;
		default:
			return static_cast<vmsa::Level>(status() & 3);
		}
	}

	// The load or store is described: a single general register, no writeback.
	constexpr bool has_access() const
	{
		return is(Ec::data_abort) && bit(24);
	}
	constexpr unsigned access_bytes() const
	{
		return 1u << vmsa::Field{23, 22}.get(esr_);
	}
	constexpr unsigned access_register() const
	{
		return static_cast<unsigned>(vmsa::Field{20, 16}.get(esr_));
	}

	// ---- Trapped System registers and instructions. ----

	constexpr SysregCode sysreg() const
	{
		const auto field = [&](unsigned high, unsigned low) {
			return static_cast<unsigned>(vmsa::Field{high, low}.get(esr_));
		};

		return {field(21, 20), field(16, 14), field(13, 10), field(4, 1), field(19, 17)};
	}
	constexpr bool is_sysreg_read() const
	{
		return bit(0);
	}
	constexpr unsigned sysreg_register() const
	{
		return static_cast<unsigned>(vmsa::Field{9, 5}.get(esr_));
	}

	// ---- The others. ----

	// Of HVC, SMC and BRK.
	constexpr unsigned immediate() const
	{
		return esr_ & 0xffff;
	}
	constexpr bool is_wfe() const
	{
		return bit(0);
	}
	// WFET or WFIT
	constexpr bool has_timeout() const
	{
		return bit(1);
	}

    private:
	constexpr bool bit(unsigned n) const
	{
		return (esr_ >> n & 1) != 0;
	}
	constexpr unsigned status() const
	{
		return esr_ & 0x3f;
	}

	uint64_t esr_;
};

// The IPA of a stage 2 fault. HPFAR has the page, FAR the place in it.
constexpr uint64_t fault_ipa(uint64_t hpfar, uint64_t far)
{
	return vmsa::Field{43, 4}.get(hpfar) << 12 | (far & 0xfff);
}

} // namespace arm64
