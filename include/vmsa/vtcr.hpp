// SPDX-License-Identifier: MIT OR Apache-2.0
//
// VTCR_EL2 and VTTBR_EL2 of a stage 2 tree (Arm ARM D19.2.158, D19.2.159).
#pragma once

#include "vmsa/format_stage2.hpp"
#include "vmsa/registers.hpp"

namespace vmsa
{

// Walks are Inner Shareable, Write-Back Write-Allocate. `vmid16` where the machine has 16-bit
// VMIDs. SL0 counts start levels from a base that differs by granule; level -1 is never used,
// because 16 tables at level 0 reach as far.
template <DescriptorFormat Format>
constexpr uint64_t vtcr(const Geometry &g, bool vmid16, HardwareUpdates hw = {})
{
	using Granule = typename Format::Granule;
	constexpr unsigned sl0_base = Granule::page_shift == 12 ? 2 : 3;

	return Field{5, 0}.put(64 - g.input_bits) |
	       Field{7, 6}.put(sl0_base - static_cast<unsigned>(g.start)) | Field{9, 8}.put(1) |
	       Field{11, 10}.put(1) | Field{13, 12}.put(3) | Field{15, 14}.put(tg0<Granule>()) |
	       Field{18, 16}.put(parange_of(g.output_bits)) | Field{19, 19}.put(vmid16) |
	       Field{21, 21}.put(hw.access_flag) | Field{22, 22}.put(hw.dirty_state) | bit(31) |
	       Field{32, 32}.put(Format::lpa2);
}

// `root` is aligned to Geometry::root_bytes.
template <DescriptorFormat Format> constexpr uint64_t vttbr(Pa root, uint16_t vmid)
{
	return Field{63, 48}.put(vmid) | ttbr_base<Format>(root);
}

static_assert(vtcr<Stage2_4K>(stage2_geometry<Granule4K>(40, 40).value(), true) == 0x800a'3558);
// The one walk that begins at level 0 of the 16K granule.
static_assert(vtcr<Format<Stage2, Granule16K, 52>>(stage2_geometry<Granule16K, 52>(52, 52).value(),
						   false) == 0x1'8006'b5cc);
static_assert(parange_of(48) == 5 && parange_of(40) == 2 && parange_of(47) == 4);

} // namespace vmsa
