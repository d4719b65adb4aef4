// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Register values of a stage 1 tree: TCR, TTBR, MAIR (Arm ARM D19.2.139 to D19.2.147, D19.2.100).
// Those of a stage 2 tree are in vtcr.hpp.
#pragma once

#include "vmsa/attributes.hpp"
#include "vmsa/format.hpp"
#include "vmsa/geometry.hpp"

namespace vmsa
{

// MAIR: one byte an index, and the index is the MemoryType.
inline constexpr uint64_t mair_value = [] {
	constexpr uint8_t attr[8] = {
		0x00, // Device-nGnRnE
		0x04, // Device-nGnRE
		0x08, // Device-nGRE
		0x0c, // Device-GRE
		0x44, // Normal, outer and inner Non-cacheable
		0xbb, // Normal, Write-Through Read- and Write-Allocate
		0xff, // Normal, Write-Back Read- and Write-Allocate
		0xf0, // Normal, Tagged Write-Back
	};
	uint64_t value = 0;

	for (unsigned i = 0; i < 8; i++)
		value |= uint64_t{attr[i]} << (8 * i);
	return value;
}();
static_assert(mair_value == 0xf0ff'bb44'0c08'0400);

// TG0 and TG1 do not agree on how to say the same granule.
template <PageGranule Granule> constexpr unsigned tg0()
{
	return Granule::page_shift == 12 ? 0 : Granule::page_shift == 16 ? 1 : 2;
}

// TCR.TG1.
template <PageGranule Granule> constexpr unsigned tg1()
{
	return Granule::page_shift == 12 ? 2 : Granule::page_shift == 16 ? 3 : 1;
}

// What hardware may do to a leaf behind software's back (FEAT_HAFDBS).
struct HardwareUpdates {
	bool access_flag = false; // HA: hardware sets AF
	bool dirty_state = false; // needs access_flag
};

// The fields of TCR_EL1, or of TCR_EL2 with E2H = 1, that belong to one tree; or them together for
// two. Walks are Inner Shareable, Write-Back Write-Allocate. A tree that is absent is disabled:
// tcr_no_lower, tcr_no_upper.
inline constexpr uint64_t tcr_no_lower = bit(7); // EPD0
inline constexpr uint64_t tcr_no_upper = bit(23); // EPD1
inline constexpr uint64_t tcr_asid16 = bit(36); // AS: 16-bit ASIDs, where the machine has them

template <DescriptorFormat Format>
constexpr uint64_t tcr_two_ranges(const Geometry &g, HardwareUpdates hw = {})
{
	using Granule = typename Format::Granule;
	const unsigned tsz = 64 - g.input_bits;
	const uint64_t common = Field{34, 32}.put(parange_of(g.output_bits)) |
				Field{39, 39}.put(hw.access_flag) |
				Field{40, 40}.put(hw.dirty_state) | Field{59, 59}.put(Format::lpa2);

	if (g.range == Range::lower)
		return common | Field{5, 0}.put(tsz) | Field{9, 8}.put(1) | Field{11, 10}.put(1) |
		       Field{13, 12}.put(3) | Field{15, 14}.put(tg0<Granule>());
	return common | Field{21, 16}.put(tsz) | Field{25, 24}.put(1) | Field{27, 26}.put(1) |
	       Field{29, 28}.put(3) | Field{31, 30}.put(tg1<Granule>());
}

// TCR_EL2 with E2H = 0, and TCR_EL3.
template <DescriptorFormat Format>
constexpr uint64_t tcr_one_range(const Geometry &g, HardwareUpdates hw = {})
{
	return Field{5, 0}.put(64 - g.input_bits) | Field{9, 8}.put(1) | Field{11, 10}.put(1) |
	       Field{13, 12}.put(3) | Field{15, 14}.put(tg0<typename Format::Granule>()) |
	       Field{18, 16}.put(parange_of(g.output_bits)) | Field{21, 21}.put(hw.access_flag) |
	       Field{22, 22}.put(hw.dirty_state) | bit(23) | bit(31) |
	       Field{32, 32}.put(Format::lpa2);
}

// The base address as every TTBR and VTTBR holds it: with more than 48 bits of output, [51:48]
// stand in [5:2].
template <DescriptorFormat Format> constexpr uint64_t ttbr_base(Pa root)
{
	if constexpr (Format::output_bits == 52)
		return (root.raw() & low_bits(48) & ~low_bits(6)) |
		       Field{5, 2}.put(root.raw() >> 48);
	else
		return root.raw();
}

// ASIDs are 8 or 16 bits wide, and live in the TTBR that TCR.A1 names (here always TTBR0).
template <DescriptorFormat Format> constexpr uint64_t ttbr(Pa root, uint16_t asid = 0)
{
	return Field{63, 48}.put(asid) | ttbr_base<Format>(root);
}

} // namespace vmsa
