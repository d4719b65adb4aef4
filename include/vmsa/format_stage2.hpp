// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The stage 2 descriptor (Arm ARM D8.3.2, "stage 2 block and page descriptors"):
//
//   63    59 58  56 55 54 53 52 51 50  48 47        12 11 10 9  8 7    6 5     2 1  0
//  +--------+------+--+-----+--+---+-----+------------+--+--+----+------+-------+----+
//  |  RES0  |  SW  |  | XN  |CN|DBM|     |   output   |  |AF| SH | S2AP |MemAttr|type|
//  +--------+------+--+-----+--+---+-----+------------+--+--+----+------+-------+----+
#pragma once

#include "vmsa/attributes.hpp"
#include "vmsa/format.hpp"

namespace vmsa
{

struct Stage2 {};

template <class G> struct Format<Stage2, G> : DescriptorLayout<G> {
	using Granule = G;
	using Input = Ipa;
	using Attributes = Stage2Attributes;
	using Layout = DescriptorLayout<G>;

	static constexpr Field mem_attr{5, 2};
	static constexpr Descriptor s2ap_read = bit(6);
	static constexpr Descriptor s2ap_write = bit(7);
	static constexpr Field sh{9, 8};
	static constexpr Descriptor af = bit(10);
	static constexpr Descriptor dbm = bit(51);
	using Layout::contiguous;
	static constexpr Field xn{54, 53};
	static constexpr Field software{58, 56};

	static constexpr Descriptor access_bits = s2ap_read | s2ap_write | xn.mask();

	// MemAttr with HCR_EL2.FWB == 0: [3:2] outer, [1:0] inner; 0b00xx is Device (Table D8-90).
	// Indexed by MemoryType.
	static constexpr uint8_t mem_attr_of[7] = {0b0000, 0b0001, 0b0010, 0b0011,
						   0b0101, 0b1010, 0b1111};

	// Device or Non-cacheable memory that is executable invites speculative fetches with side
	// effects; KVM refuses it too (arch/arm64/kvm/hyp/pgtable.c, stage2_set_prot_attr).
	static constexpr bool is_legal(const Attributes &a)
	{
		const bool cached = !is_device(a.memory) && a.memory != MemoryType::normal_nc;

		return cached || a.access.execute == Execute::none;
	}

	// S2AP and XN. XN is 2 bits wide: "never" is 0b10, not 0b11 (FEAT_XNX, rule R_FSSTX).
	static constexpr Descriptor encode(const Access &a)
	{
		return (a.read ? s2ap_read : 0) | (a.write ? s2ap_write : 0) |
		       xn.put(static_cast<uint64_t>(a.execute));
	}

	static constexpr Access access(Descriptor d)
	{
		return {(d & s2ap_read) != 0, (d & s2ap_write) != 0,
			static_cast<Execute>(xn.get(d))};
	}

	static constexpr MemoryType memory_type(Descriptor d)
	{
		const auto bits = mem_attr.get(d);

		if (bits < 4)
			return static_cast<MemoryType>(bits);
		// Normal: the weaker of outer [3:2] and inner [1:0] is what the pair gives.
		const auto weaker = (bits >> 2) < (bits & 3) ? bits >> 2 : bits & 3;

		return weaker == 3   ? MemoryType::normal
		       : weaker == 2 ? MemoryType::normal_wt
				     : MemoryType::normal_nc;
	}

	// Everything of a leaf but its type and its output address.
	static constexpr Descriptor encode(const Attributes &a)
	{
		return mem_attr.put(mem_attr_of[static_cast<unsigned>(a.memory)]) |
		       encode(a.access) | sh.put(static_cast<uint64_t>(a.shareability)) |
		       (a.accessed ? af : 0) | (a.contiguous ? contiguous : 0) |
		       software.put(a.software);
	}

	static constexpr Attributes attributes(Descriptor d)
	{
		return {.memory = memory_type(d),
			.access = access(d),
			.shareability = static_cast<Shareability>(sh.get(d)),
			.accessed = (d & af) != 0,
			.contiguous = (d & contiguous) != 0,
			.software = static_cast<uint8_t>(software.get(d))};
	}
};

using Stage2_4K = Format<Stage2, Granule4K>;

// The descriptor KVM writes for a 2 MiB block of guest RAM, bit for bit.
static_assert((0x4660'0000 | Stage2_4K::encode(normal | rw) | Stage2_4K::leaf_type(2)) ==
	      0x0040'0000'4660'07fd);
static_assert(Stage2_4K::attributes(Stage2_4K::encode(device | r)) == (device | r));

} // namespace vmsa
