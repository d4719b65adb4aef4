// SPDX-License-Identifier: GPL-2.0-only
//
// A descriptor or a register value, bit by bit, each field with what it says. No machine needed.
//
//   decode::descriptor({Stage::stage2, 12, 48}, 2, 0x00400000422007fd)
//   decode::find_register("vtcr_el2")->decode(0x800a3558, {})
//
// Fields are those of the Arm ARM (D8.3 and D19.2), from the highest bit down; every bit is in one of
// them.
#pragma once

#include "formats/formats.hpp"

#include "vmsa/registers.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace decode
{

struct Field {
	enum class Kind {
		named,
		ignored,
		reserved,
		wrong
	}; // wrong: reserved, and not as it must be

	unsigned high;
	unsigned low;
	std::string name; // "SL0"; "RES0", "RES1", "IGNORED", "UNKNOWN"
	uint64_t value;
	std::string meaning; // "start at level 1"; may be empty
	Kind kind = Kind::named;
};

struct Decoded {
	std::string name; // "VTCR_EL2", "stage 2 descriptor, level 2"
	uint64_t value;
	std::string summary; // what it all comes to, in a line; may be empty
	std::vector<Field> fields;
};

// What the bits alone do not say.
struct Context {
	bool e2h = false; // HCR_EL2.E2H: the registers of EL2 look like those of EL1
	unsigned output_bits = 48; // 52: LPA or LPA2 put [51:48] of a base below the others
};

struct Register {
	const char *name; // "VTCR_EL2"
	const char *alias; // "vtcr", or nullptr
	const char *what; // "stage 2 translation control"
	Decoded (*decode)(uint64_t value, const Context &context);
};

std::span<const Register> registers();
// By name or alias, in any case; nullptr when there is none.
const Register *find_register(std::string_view name);

// `mair` gives AttrIndx of stage 1 a meaning; without it there is only the index.
Decoded descriptor(const formats::Format &format, int level, uint64_t value,
		   std::optional<uint64_t> mair = std::nullopt);

// One byte of MAIR: "Normal, Write-Back Read-Allocate Write-Allocate".
std::string memory_attribute(unsigned byte);

// "read at level 3", "Translation fault, level 2": a fault status code of ESR and PAR.
std::string fault_status(unsigned code);

} // namespace decode
