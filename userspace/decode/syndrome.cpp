// SPDX-License-Identifier: GPL-2.0-only
//
// ESR: why an exception was taken. EC picks what the 25 bits of ISS mean (Arm ARM D19.2.37).
#include "fields.hpp"

#include "text/text.hpp"

#include "module/sysreg_names.hpp"

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

enum : unsigned {
	external_abort = 0x10,
	asynchronous = 0x11, // of an SError
	debug_exception = 0x22,
	unsupported_access = 0x35,
};

std::string data_status(uint64_t code, uint64_t)
{
	return fault_status(static_cast<unsigned>(code));
}

// What only data can meet is no answer to a fetch: tags, alignment, exclusive accesses.
std::string fetch_status(uint64_t code, uint64_t)
{
	return code == 0x11 || code == 0x21 || code == 0x34 || code == unsupported_access
		       ? "reserved"
		       : fault_status(static_cast<unsigned>(code));
}

std::string debug_status(uint64_t code, uint64_t)
{
	return code == debug_exception ? "debug exception" : "reserved";
}

std::string serror_status(uint64_t code, uint64_t)
{
	return code == 0	      ? "uncategorized"
	       : code == asynchronous ? "asynchronous SError"
				      : "reserved";
}

constexpr Spec class_specs[] = {
	{63, 56, "RES0"},
	{55, 32, "ISS2"},
	{31, 26, "EC", nullptr, class_text},
	{25, 25, "IL", "a 16-bit instruction|a 32-bit instruction, or none in particular"},
};

constexpr const char *error_types =
	"uncontainable|unrecoverable|restartable|recoverable|reserved|reserved|corrected|reserved";

constexpr Spec unknown_specs[] = {
	{24, 0, "ISS"},
};

constexpr const char *far_valid = "FAR is valid|FAR is not valid";
constexpr const char *on_walk = "on the address itself|on a stage 1 walk";

std::string transfer_register(uint64_t field, uint64_t)
{
	return field == 31 ? "XZR" : "X" + std::to_string(field);
}

// Of a load or store, SF says how wide it is.
std::string loaded_register(uint64_t field, uint64_t esr)
{
	return (get(esr, 15, 15) ? "X" : "W") + (field == 31 ? "ZR" : std::to_string(field));
}

// Where ISV is clear, [23:14] say nothing.
constexpr Spec access_specs[] = {
	{24, 24, "ISV", "no syndrome of the instruction|[23:14] describe the instruction"},
	{23, 22, "SAS", "byte|halfword|word|doubleword"},
	{21, 21, "SSE", "zero-extended|sign-extended"},
	{20, 16, "SRT", nullptr, loaded_register},
	{15, 15, "SF", "a 32-bit register|a 64-bit register"},
	{14, 14, "AR", "plain|acquire or release"},
	{13, 13, "VNCR", no_yes},
};

constexpr Spec no_access_specs[] = {
	{24, 24, "ISV", "no syndrome of the instruction|[23:14] describe the instruction"},
	{23, 14, "RES0"},
	{13, 13, "VNCR", no_yes},
};

constexpr Spec data_abort_specs[] = {
	{9, 9, "EA"},
	{8, 8, "CM", "a load or store|cache maintenance or AT"},
	{7, 7, "S1PTW", on_walk},
	{6, 6, "WnR", "a read|a write"},
	{5, 0, "DFSC", nullptr, data_status},
};

constexpr Spec instruction_abort_specs[] = {
	{9, 9, "EA"},
	{8, 8, "RES0"},
	{7, 7, "S1PTW", on_walk},
	{6, 6, "RES0"},
	{5, 0, "IFSC", nullptr, fetch_status},
};

// [12:10] of an abort are there with some status codes only.
constexpr Spec external_specs[] = {
	{12, 11, "SET", "recoverable (UER)|not defined|uncontainable (UC)|restartable (UEO)"},
	{10, 10, "FnV", far_valid},
};

constexpr Spec unsupported_specs[] = {
	{12, 11, "LST", "not said|ST64BV|LD64B or ST64B|ST64BV0"},
	{10, 10, "RES0"},
};

constexpr Spec other_abort_specs[] = {
	{12, 10, "RES0"},
};

constexpr Spec call_specs[] = {
	{24, 16, "RES0"},
	{15, 0, "imm16"},
};

// SMC of AArch32 has a condition, and no immediate.
constexpr Spec smc32_specs[] = {
	{24, 24, "CV", "COND is not valid|COND is valid"},
	{23, 20, "COND"},
	{19, 19, "CCKNOWNPASS", "unconditional, or it passed|conditional"},
	{18, 0, "RES0"},
};

constexpr const char *wait_names = "WFI|WFE|WFIT|WFET";

constexpr Spec wfx_specs[] = {
	{24, 24, "CV", "COND is not valid|COND is valid"},
	{23, 20, "COND"},
	{19, 10, "RES0"},
	{9, 5, "RN", nullptr, transfer_register},
	{4, 3, "RES0"},
	{2, 2, "RV", "RN is not valid|RN is valid"},
	{1, 0, "TI", wait_names},
};

constexpr Spec sysreg_specs[] = {
	{24, 22, "RES0"}, {21, 20, "Op0"},
	{19, 17, "Op2"},  {16, 14, "Op1"},
	{13, 10, "CRn"},  {9, 5, "Rt", nullptr, transfer_register},
	{4, 1, "CRm"},	  {0, 0, "Direction", "a write (MSR)|a read (MRS)"},
};

constexpr Spec fp_specs[] = {
	{24, 24, "CV", "COND is not valid|COND is valid"},
	{23, 20, "COND"},
	{19, 0, "RES0"},
};

// AET, EA and IESB are there with an asynchronous SError only.
constexpr Spec serror_specs[] = {
	{24, 24, "IDS", "the architecture's syndrome|the implementation's syndrome"},
	{23, 14, "RES0"},
	{13, 13, "IESB"},
	{12, 10, "AET", error_types},
	{9, 9, "EA"},
	{8, 6, "RES0"},
	{5, 0, "DFSC", nullptr, serror_status},
};

constexpr Spec uncategorized_specs[] = {
	{24, 24, "IDS", "the architecture's syndrome|the implementation's syndrome"},
	{23, 6, "RES0"},
	{5, 0, "DFSC", nullptr, serror_status},
};

constexpr Spec implementation_specs[] = {
	{24, 24, "IDS", "the architecture's syndrome|the implementation's syndrome"},
	{23, 0, "IMPDEF"},
};

constexpr Spec breakpoint_specs[] = {
	{24, 6, "RES0"},
	{5, 0, "IFSC", nullptr, debug_status},
};

constexpr Spec step_specs[] = {
	{24, 24, "ISV", "EX is not valid|EX is valid"},
	{23, 7, "RES0"},
	{6, 6, "EX", "not a load-exclusive|a load-exclusive was stepped"},
	{5, 0, "IFSC", nullptr, debug_status},
};

constexpr Spec watchpoint_specs[] = {
	{24, 14, "WP"},
	{13, 13, "VNCR", no_yes},
	{12, 9, "RES0"},
	{8, 8, "CM", "a load or store|cache maintenance"},
	{7, 7, "RES0"},
	{6, 6, "WnR", "a read|a write"},
	{5, 0, "DFSC", nullptr, debug_status},
};

// The register of an MSR or MRS, as assemblers take it.
std::string sysreg_name(uint64_t esr)
{
	const auto n = [&](unsigned high, unsigned low) {
		return static_cast<unsigned>(get(esr, high, low));
	};
	const stage2::SysregCode code{n(21, 20), n(16, 14), n(13, 10), n(4, 1), n(19, 17)};
	const stage2::SysregName name = stage2::sysreg_name(code);

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

std::string fault_status(unsigned code)
{
	constexpr const char *by_level[] = {"Address size fault", "Translation fault",
					    "Access flag fault", "Permission fault"};
	const std::string level = std::to_string(code & 3);

	if (code < 0x10)
		return by_level[code >> 2] + (", level " + level);
	if (code >= 0x14 && code < 0x18)
		return "Synchronous External abort on a walk, level " + level;
	if (code >= 0x1c && code < 0x20)
		return "parity or ECC error on a walk, level " + level;
	if (code >= 0x24 && code < 0x28)
		return "Granule Protection fault on a walk, level " + level;
	switch (code) {
	case 0x10:
		return "Synchronous External abort";
	case 0x11:
		return "Tag Check fault";
	case 0x12:
		return "Synchronous External abort on a walk, level -2";
	case 0x13:
		return "Synchronous External abort on a walk, level -1";
	case 0x18:
		return "parity or ECC error";
	case 0x1b:
		return "parity or ECC error on a walk, level -1";
	case 0x21:
		return "Alignment fault";
	case 0x22:
		return "Granule Protection fault on a walk, level -2";
	case 0x23:
		return "Granule Protection fault on a walk, level -1";
	case 0x28:
		return "Granule Protection fault";
	case 0x29:
		return "Address size fault, level -1";
	case 0x2a:
		return "Translation fault, level -2";
	case 0x2b:
		return "Translation fault, level -1";
	case 0x2c:
		return "Address size fault, level -2";
	case 0x30:
		return "TLB conflict abort";
	case 0x31:
		return "unsupported atomic update by hardware";
	case 0x34:
		return "IMPLEMENTATION DEFINED fault (lockdown)";
	case 0x35:
		return "IMPLEMENTATION DEFINED fault (unsupported exclusive or atomic access)";
	default:
		return "reserved";
	}
}

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
