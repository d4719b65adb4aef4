// SPDX-License-Identifier: GPL-2.0-only
//
// ESR: why an exception was taken. EC picks what the 25 bits of ISS mean (Arm ARM D19.2.37).
#include "syndrome_fields.hpp"

#include "text/text.hpp"

#include "arm64/sysreg_names.hpp"

namespace decode
{

namespace
{

using text::hex;

// By EC; nullptr where there is none.
constexpr const char *classes[64] = {
	"unknown reason",
	"WFI or WFE",
	nullptr,
	"AArch32 MCR or MRC, coprocessor 15",
	"AArch32 MCRR or MRRC, coprocessor 15",
	"AArch32 MCR or MRC, coprocessor 14",
	"AArch32 LDC or STC, coprocessor 14",
	"SVE, SIMD or floating point, trapped",
	"AArch32 VMRS, trapped",
	"pointer authentication, trapped",
	"an instruction that needs enabling (LD64B, ST64B, ...)",
	nullptr,
	"AArch32 MRRC, coprocessor 14",
	"Branch Target exception",
	"illegal Execution state",
	nullptr,
	nullptr,
	"SVC from AArch32",
	"HVC from AArch32",
	"SMC from AArch32",
	"MSRR, MRRS or a 128-bit system instruction",
	"SVC from AArch64",
	"HVC from AArch64",
	"SMC from AArch64",
	"MSR, MRS or a system instruction, trapped",
	"SVE, trapped",
	"ERET, trapped",
	"TSTART, trapped",
	"pointer authentication failed",
	"SME, trapped",
	"Granule Protection Check",
	"IMPLEMENTATION DEFINED, to EL3",
	"Instruction Abort from a lower Exception level",
	"Instruction Abort from this Exception level",
	"PC alignment fault",
	nullptr,
	"Data Abort from a lower Exception level",
	"Data Abort from this Exception level",
	"SP alignment fault",
	"memory copy or set",
	"AArch32 floating point exception",
	nullptr,
	nullptr,
	nullptr,
	"AArch64 floating point exception",
	"Guarded Control Stack",
	nullptr,
	"SError",
	"Breakpoint from a lower Exception level",
	"Breakpoint from this Exception level",
	"Software Step from a lower Exception level",
	"Software Step from this Exception level",
	"Watchpoint from a lower Exception level",
	"Watchpoint from this Exception level",
	nullptr,
	nullptr,
	"BKPT from AArch32",
	nullptr,
	"AArch32 Vector Catch",
	nullptr,
	"BRK from AArch64",
	"profiling",
	nullptr,
	nullptr,
};

enum : unsigned {
	ec_wfx = 0x01,
	ec_sve_fp = 0x07,
	ec_smc32 = 0x13,
	ec_sysreg = 0x18,
	ec_iabt_lower = 0x20,
	ec_iabt_same = 0x21,
	ec_dabt_lower = 0x24,
	ec_dabt_same = 0x25,
	ec_serror = 0x2f,
	ec_break_lower = 0x30,
	ec_break_same = 0x31,
	ec_step_lower = 0x32,
	ec_step_same = 0x33,
	ec_watch_lower = 0x34,
	ec_watch_same = 0x35,
};

std::string class_text(uint64_t ec, uint64_t)
{
	return classes[ec] ? classes[ec] : "reserved";
}

constexpr Spec class_specs[] = {
	{63, 56, "RES0"},
	{55, 32, "ISS2"},
	{31, 26, "EC", nullptr, class_text},
	{25, 25, "IL", "a 16-bit instruction|a 32-bit instruction, or not about one"},
};

// The register of an MSR or MRS, as assemblers take it.
std::string sysreg_name(uint64_t esr)
{
	const auto n = [&](unsigned high, unsigned low) {
		return static_cast<unsigned>(get(esr, high, low));
	};
	const arm64::SysregCode code{n(21, 20), n(16, 14), n(13, 10), n(4, 1), n(19, 17)};
	const arm64::SysregName name = arm64::sysreg_name(code);

	if (name.name)
		return name.name + (name.number < 0 ? "" : std::to_string(name.number)) +
		       name.suffix;
	return "S" + std::to_string(code.op0) + "_" + std::to_string(code.op1) + "_C" +
	       std::to_string(code.crn) + "_C" + std::to_string(code.crm) + "_" +
	       std::to_string(code.op2);
}

struct Syndrome {
	std::vector<Spec> specs;
	std::string summary;
};

template <size_t N> void append(std::vector<Spec> &specs, const Spec (&more)[N])
{
	specs.insert(specs.end(), more, more + N);
}

// [12:0] of an abort, whose lowest field is the status.
template <size_t N> void append_abort(Syndrome &s, uint64_t esr, const Spec (&lower)[N])
{
	const unsigned status = static_cast<unsigned>(get(esr, 5, 0));

	if (status == external_abort)
		append(s.specs, external_specs);
	else if (status == unsupported_access)
		append(s.specs, unsupported_specs);
	else
		append(s.specs, other_abort_specs);
	append(s.specs, lower);
	s.summary += ": " + lower[N - 1].explain(status, esr) +
		     (get(esr, 7, 7) ? ", on a stage 1 walk" : "");
}

void append_data_abort(Syndrome &s, uint64_t esr)
{
	const unsigned bytes = 1u << get(esr, 23, 22);
	const bool described = get(esr, 24, 24);

	if (described)
		append(s.specs, access_specs);
	else
		append(s.specs, no_access_specs);
	s.summary = get(esr, 8, 8)   ? "cache maintenance or AT"
		    : get(esr, 6, 6) ? "a write"
				     : "a read";
	append_abort(s, esr, data_abort_specs);
	if (described)
		s.summary += ", " + std::to_string(bytes) + (bytes == 1 ? " byte, " : " bytes, ") +
			     loaded_register(get(esr, 20, 16), esr);
}

void append_fetch_abort(Syndrome &s, uint64_t esr)
{
	s.specs.push_back({24, 13, "RES0"});
	s.summary = "an instruction fetch";
	append_abort(s, esr, instruction_abort_specs);
}

void append_serror(Syndrome &s, uint64_t esr)
{
	const uint64_t status = get(esr, 5, 0);

	if (get(esr, 24, 24)) {
		append(s.specs, implementation_specs);
		return;
	}
	s.summary = serror_status(status, esr);
	if (status != asynchronous) {
		append(s.specs, uncategorized_specs);
		return;
	}
	append(s.specs, serror_specs);
	s.summary += ", " + choice(error_types, get(esr, 12, 10));
}

void append_wait(Syndrome &s, uint64_t esr)
{
	append(s.specs, wfx_specs);
	s.summary = choice(wait_names, get(esr, 1, 0));
	if (get(esr, 1, 1) && get(esr, 2, 2))
		s.summary += ", until " + transfer_register(get(esr, 9, 5), esr);
}

Syndrome syndrome_of(unsigned ec, uint64_t esr)
{
	Syndrome s;

	switch (ec) {
	case ec_dabt_lower:
	case ec_dabt_same:
		append_data_abort(s, esr);
		break;
	case ec_iabt_lower:
	case ec_iabt_same:
		append_fetch_abort(s, esr);
		break;
	case ec_wfx:
		append_wait(s, esr);
		break;
	case ec_sysreg:
		append(s.specs, sysreg_specs);
		s.summary = std::string{get(esr, 0, 0) ? "read of " : "write of "} +
			    sysreg_name(esr) + (get(esr, 0, 0) ? ", to " : ", from ") +
			    transfer_register(get(esr, 9, 5), 0);
		break;
	case ec_sve_fp:
		append(s.specs, fp_specs);
		break;
	case ec_smc32:
		append(s.specs, smc32_specs);
		break;
	case ec_serror:
		append_serror(s, esr);
		break;
	case ec_break_lower:
	case ec_break_same:
		append(s.specs, breakpoint_specs);
		break;
	case ec_step_lower:
	case ec_step_same:
		append(s.specs, step_specs);
		break;
	case ec_watch_lower:
	case ec_watch_same:
		append(s.specs, watchpoint_specs);
		break;
	case 0x11: // SVC, HVC
	case 0x12:
	case 0x15:
	case 0x16:
	case 0x17: // SMC of AArch64
	case 0x38: // BKPT
	case 0x3c: // BRK
		append(s.specs, call_specs);
		s.summary = "#" + std::to_string(get(esr, 15, 0));
		break;
	default:
		append(s.specs, unknown_specs);
	}
	return s;
}

Decoded esr(const char *name, uint64_t value)
{
	const auto ec = static_cast<unsigned>(get(value, 31, 26));
	const Syndrome s = syndrome_of(ec, value);
	std::vector<Spec> specs{std::begin(class_specs), std::end(class_specs)};
	std::string summary = class_text(ec, value);

	specs.insert(specs.end(), s.specs.begin(), s.specs.end());
	if (!s.summary.empty())
		summary += "; " + s.summary;
	return {name, value, summary, fields_of(specs, value)};
}

} // namespace

Decoded esr_el1(uint64_t value, const Context &)
{
	return esr("ESR_EL1", value);
}

Decoded esr_el2(uint64_t value, const Context &)
{
	return esr("ESR_EL2", value);
}

Decoded esr_el3(uint64_t value, const Context &)
{
	return esr("ESR_EL3", value);
}

} // namespace decode
