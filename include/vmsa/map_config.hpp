// SPDX-License-Identifier: MIT OR Apache-2.0
//
// MapConfig: what a map is to be, and what the machine it is for can do (live_map.hpp).
#pragma once

#include "vmsa/geometry.hpp"
#include "vmsa/registers.hpp"
#include "vmsa/rules.hpp"
#include "vmsa/tlbi.hpp"

namespace vmsa
{

struct MapConfig {
	unsigned va_bits = 48; // at stage 2, IPA bits
	uint16_t asid = 0; // at stage 2, the VMID
	Range range = Range::lower;
	bool global = false; // leaves are global though the map has an ASID
	unsigned pa_bits = 52; // of the machine; those the format has no room for are not used
	bool asid16 = false; // the machine has 16-bit ASIDs, or VMIDs
	HardwareUpdates hardware = {};
	TlbiFeatures tlbi = {};
	OnBreak on_break = OnBreak::perform;
	unsigned bbm_level = 0; // FEAT_BBM
};

// What a TTBR, or VTTBR, held before.
struct PreviousRoot {
	uint64_t ttbr = 0;
};

} // namespace vmsa
