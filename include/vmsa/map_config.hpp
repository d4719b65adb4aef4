// SPDX-License-Identifier: MIT OR Apache-2.0
//
// MapConfig: the shape of a map, and the machine that it is for (live_map.hpp).
#pragma once

#include "vmsa/features.hpp"
#include "vmsa/geometry.hpp"
#include "vmsa/registers.hpp"
#include "vmsa/rules.hpp"
#include "vmsa/tlbi.hpp"

namespace vmsa
{

// What a LiveMap is made from. What is left out is what every Armv8.0 machine can do.
struct MapConfig {
	unsigned va_bits = 48; // at stage 2, IPA bits
	uint16_t asid = 0; // at stage 2, the VMID
	Range range = Range::lower; // upper only at EL1&0 and EL2&0
	bool global = false; // leaves are global though the map has an ASID
	// At most; bits that the format or the machine lacks are not used.
	unsigned pa_bits = 52;
	bool asid16 = false; // 16-bit ASIDs, or VMIDs
	// FEAT_TTCNP: CPUs may share TLB entries; on all of them this ASID or VMID must mean these tables.
	bool cnp = false;
	bool e0pd = false; // FEAT_E0PD: accesses of EL0 to the range fault without a walk
	Mair mair = {}; // if it is not the library's (mair.hpp)
	HardwareUpdates hardware = {}; // the dirty state needs the access flag
	TlbiFeatures tlbi = {}; // which TLBI instructions to use
	OnBreak on_break = OnBreak::perform; // what a change that needs a break does
	unsigned bbm_level = 0; // FEAT_BBM
	// What the machine can do; a map that needs more is refused. By default the machine itself is asked.
	Features features = {};
};

// What retag removes from the TLBs.
enum class TagFlush : uint8_t {
	both, // what the old one has left, and what others may have left under the new one
	none, // it has all gone since either was used: flush_every_tag(), once for a rollover
};

// What a TTBR, or VTTBR, held before.
struct PreviousRoot {
	uint64_t ttbr = 0; // the value of the register
};

} // namespace vmsa
