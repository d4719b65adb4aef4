// SPDX-License-Identifier: MIT OR Apache-2.0
//
// VTCR_EL2 and VTTBR_EL2 of a stage 2 tree (Arm ARM D19.2.158, D19.2.159).
#pragma once

#include "vmsa/geometry.hpp"

namespace vmsa
{

namespace vtcr_field
{
inline constexpr Field t0sz{5, 0};
inline constexpr Field sl0{7, 6};
inline constexpr Field irgn0{9, 8};
inline constexpr Field orgn0{11, 10};
inline constexpr Field sh0{13, 12};
inline constexpr Field tg0{15, 14};
inline constexpr Field ps{18, 16};
inline constexpr Field vs{19, 19};
inline constexpr uint64_t res1 = bit(31);
} // namespace vtcr_field

// PS and ID_AA64MMFR0_EL1.PARange share one encoding.
constexpr unsigned pa_bits_of(unsigned parange)
{
	constexpr uint8_t bits[] = {32, 36, 40, 42, 44, 48, 52, 56};

	return bits[parange & 7];
}

constexpr unsigned parange_of(unsigned pa_bits)
{
	unsigned parange = 0;

	while (parange < 7 && pa_bits_of(parange + 1) <= pa_bits)
		parange++;
	return parange;
}

// Walks are Inner Shareable, Write-Back Write-Allocate. `vmid16` where the machine has 16-bit
// VMIDs. SL0 counts from a base that differs by granule; level 3 needs FEAT_TTST and is not used.
template <class Granule> constexpr uint64_t vtcr(const Geometry &g, bool vmid16)
{
	using namespace vtcr_field;
	constexpr unsigned tg0_value = Granule::page_shift == 12   ? 0
				       : Granule::page_shift == 16 ? 1
								   : 2;
	constexpr unsigned sl0_base = Granule::page_shift == 12 ? 2 : 3;

	return t0sz.put(64 - g.input_bits) | sl0.put(sl0_base - static_cast<unsigned>(g.start)) |
	       irgn0.put(1) | orgn0.put(1) | sh0.put(3) | tg0.put(tg0_value) |
	       ps.put(parange_of(g.output_bits)) | vs.put(vmid16) | res1;
}

// `root` is aligned to Geometry::root_bytes.
constexpr uint64_t vttbr(Pa root, uint16_t vmid)
{
	return Field{63, 48}.put(vmid) | root.raw();
}

static_assert(vtcr<Granule4K>(stage2_geometry<Granule4K>(40, 40).value(), true) == 0x800a'3558);
static_assert(parange_of(48) == 5 && parange_of(40) == 2 && parange_of(47) == 4);

} // namespace vmsa
