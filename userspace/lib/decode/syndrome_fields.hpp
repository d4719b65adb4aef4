// SPDX-License-Identifier: GPL-2.0-only
//
// The fields of ESR, by what was taken; syndrome.cpp picks.
#pragma once

#include "fields.hpp"

namespace decode
{

enum : unsigned {
	external_abort = 0x10,
	asynchronous = 0x11, // of an SError
	debug_exception = 0x22,
	unsupported_access = 0x35,
};

// What a status code says, in the syndrome of each kind of exception. fault_status.cpp has them.
std::string data_status(uint64_t code, uint64_t whole);
std::string fetch_status(uint64_t code, uint64_t whole);
std::string debug_status(uint64_t code, uint64_t whole);
std::string serror_status(uint64_t code, uint64_t whole);

inline constexpr const char *error_types =
	"uncontainable|unrecoverable|restartable|recoverable|reserved|reserved|corrected|reserved";

inline constexpr Spec unknown_specs[] = {
	{24, 0, "ISS"},
};

inline constexpr const char *far_valid = "FAR is valid|FAR is not valid";
inline constexpr const char *on_walk = "on the address itself|on a stage 1 walk";

inline std::string transfer_register(uint64_t field, uint64_t)
{
	return field == 31 ? "XZR" : "X" + std::to_string(field);
}

// Of a load or store, SF says how wide it is.
inline std::string loaded_register(uint64_t field, uint64_t esr)
{
	return (get(esr, 15, 15) ? "X" : "W") + (field == 31 ? "ZR" : std::to_string(field));
}

// Where ISV is clear, [23:14] say nothing.
inline constexpr Spec access_specs[] = {
	{24, 24, "ISV", "no syndrome of the instruction|[23:14] describe the instruction"},
	{23, 22, "SAS", "byte|halfword|word|doubleword"},
	{21, 21, "SSE", "zero-extended|sign-extended"},
	{20, 16, "SRT", nullptr, loaded_register},
	{15, 15, "SF", "a 32-bit register|a 64-bit register"},
	{14, 14, "AR", "plain|acquire or release"},
	{13, 13, "VNCR", no_yes},
};

inline constexpr Spec no_access_specs[] = {
	{24, 24, "ISV", "no syndrome of the instruction|[23:14] describe the instruction"},
	{23, 14, "RES0"},
	{13, 13, "VNCR", no_yes},
};

inline constexpr Spec data_abort_specs[] = {
	{9, 9, "EA"},
	{8, 8, "CM", "a load or store|cache maintenance or AT"},
	{7, 7, "S1PTW", on_walk},
	{6, 6, "WnR", "a read|a write"},
	{5, 0, "DFSC", nullptr, data_status},
};

inline constexpr Spec instruction_abort_specs[] = {
	{9, 9, "EA"},
	{8, 8, "RES0"},
	{7, 7, "S1PTW", on_walk},
	{6, 6, "RES0"},
	{5, 0, "IFSC", nullptr, fetch_status},
};

// [12:10] of an abort are there with some status codes only.
inline constexpr Spec external_specs[] = {
	{12, 11, "SET", "recoverable (UER)|not defined|uncontainable (UC)|restartable (UEO)"},
	{10, 10, "FnV", far_valid},
};

inline constexpr Spec unsupported_specs[] = {
	{12, 11, "LST", "not said|ST64BV|LD64B or ST64B|ST64BV0"},
	{10, 10, "RES0"},
};

inline constexpr Spec other_abort_specs[] = {
	{12, 10, "RES0"},
};

inline constexpr Spec call_specs[] = {
	{24, 16, "RES0"},
	{15, 0, "imm16"},
};

// SMC of AArch32 has a condition, and no immediate.
inline constexpr Spec smc32_specs[] = {
	{24, 24, "CV", "COND is not valid|COND is valid"},
	{23, 20, "COND"},
	{19, 19, "CCKNOWNPASS", "unconditional, or it passed|conditional"},
	{18, 0, "RES0"},
};

inline constexpr const char *wait_names = "WFI|WFE|WFIT|WFET";

inline constexpr Spec wfx_specs[] = {
	{24, 24, "CV", "COND is not valid|COND is valid"},
	{23, 20, "COND"},
	{19, 10, "RES0"},
	{9, 5, "RN", nullptr, transfer_register},
	{4, 3, "RES0"},
	{2, 2, "RV", "RN is not valid|RN is valid"},
	{1, 0, "TI", wait_names},
};

inline constexpr Spec sysreg_specs[] = {
	{24, 22, "RES0"}, {21, 20, "Op0"},
	{19, 17, "Op2"},  {16, 14, "Op1"},
	{13, 10, "CRn"},  {9, 5, "Rt", nullptr, transfer_register},
	{4, 1, "CRm"},	  {0, 0, "Direction", "a write (MSR)|a read (MRS)"},
};

inline constexpr Spec fp_specs[] = {
	{24, 24, "CV", "COND is not valid|COND is valid"},
	{23, 20, "COND"},
	{19, 0, "RES0"},
};

// AET, EA and IESB are there with an asynchronous SError only.
inline constexpr Spec serror_specs[] = {
	{24, 24, "IDS", "the architecture's syndrome|the implementation's syndrome"},
	{23, 14, "RES0"},
	{13, 13, "IESB"},
	{12, 10, "AET", error_types},
	{9, 9, "EA"},
	{8, 6, "RES0"},
	{5, 0, "DFSC", nullptr, serror_status},
};

inline constexpr Spec uncategorized_specs[] = {
	{24, 24, "IDS", "the architecture's syndrome|the implementation's syndrome"},
	{23, 6, "RES0"},
	{5, 0, "DFSC", nullptr, serror_status},
};

inline constexpr Spec implementation_specs[] = {
	{24, 24, "IDS", "the architecture's syndrome|the implementation's syndrome"},
	{23, 0, "IMPDEF"},
};

inline constexpr Spec breakpoint_specs[] = {
	{24, 6, "RES0"},
	{5, 0, "IFSC", nullptr, debug_status},
};

inline constexpr Spec step_specs[] = {
	{24, 24, "ISV", "EX is not valid|EX is valid"},
	{23, 7, "RES0"},
	{6, 6, "EX", "not a load-exclusive|a load-exclusive was stepped"},
	{5, 0, "IFSC", nullptr, debug_status},
};

inline constexpr Spec watchpoint_specs[] = {
	{24, 14, "WP"},
	{13, 13, "VNCR", no_yes},
	{12, 9, "RES0"},
	{8, 8, "CM", "a load or store|cache maintenance"},
	{7, 7, "RES0"},
	{6, 6, "WnR", "a read|a write"},
	{5, 0, "DFSC", nullptr, debug_status},
};

} // namespace decode
