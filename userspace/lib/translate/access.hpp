// SPDX-License-Identifier: GPL-2.0-only
//
// Would this access pass? And if not, which bit of which descriptor refuses it (Arm ARM D8.4, D8.5.1).
//
//   translate::check_stage2(format, vtcr, 3, descriptor, {Access::Kind::write, false})
//
// Direct permissions, without indirection and overlays (FEAT_S1PIE, FEAT_S2POE), PAN and tags.
#pragma once

#include "formats/formats.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace translate
{

struct Access {
	enum class Kind { read, write, execute };

	Kind kind = Kind::read;
	bool el0 = false;
};

// "write at EL1"
std::string name_of(const Access &access);

struct Fault {
	enum class Type { translation, access_flag, permission, address_size };

	Type type;
	int stage;
	int level;
	const char *field =
		""; // "S2AP[1]": what refuses; "" where an address is at fault, or an entry is not there
	unsigned high = 0, low = 0; // its bits
	const char *why = ""; // "is 0: nobody may write"
	bool on_walk = false; // stage 2 refused the walk of stage 1 (S1PTW)
};

// "permission", as JSON and ESR have it
const char *name_of(Fault::Type type);
// "permission fault, stage 2, level 3; S2AP[1] (bit 7) is 0: nobody may write"
std::string describe(const Fault &fault);

// What the registers of stage 1 say beside the descriptors.
struct Stage1Control {
	uint64_t tcr = 0;
	uint64_t sctlr = 0;
	bool upper = false; // the range of TTBR1
};

// A leaf, once a walk came to it; nullopt: the access passes. `above`: the table descriptors above it, or-ed.
std::optional<Fault> check_stage2(uint64_t vtcr, int level, vmsa::Descriptor leaf,
				  const Access &access);
std::optional<Fault> check_stage1(const Stage1Control &control, int level, vmsa::Descriptor leaf,
				  vmsa::Descriptor above, const Access &access);

// What hardware would do to the leaf on the way: "sets AF", "sets S2AP[1], as DBM is set"; "" nothing.
std::string stage2_update(uint64_t vtcr, vmsa::Descriptor leaf, const Access &access);

} // namespace translate
