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
	bool cnp =
		false; // FEAT_TTCNP: CPUs may share TLB entries; whoever has this ASID, or VMID, has these tables
	HardwareUpdates hardware = {};
	TlbiFeatures tlbi = {};
	OnBreak on_break = OnBreak::perform;
	unsigned bbm_level = 0; // FEAT_BBM
};

// What of the TLBs goes when a map gets another ASID or VMID.
enum class TagFlush : uint8_t {
	both, // what the old one has left, and what others may have left under the new one
	none, // it has all gone since either was used: flush_every_tag(), once for a rollover
};

// What a TTBR, or VTTBR, held before.
struct PreviousRoot {
	uint64_t ttbr = 0;
};

} // namespace vmsa
