// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The stage 2 descriptor (Arm ARM D8.3.2, "stage 2 block and page descriptors"):
//
//   63    59 58  56 55 54 53 52 51 50  48 47        12 11 10 9  8 7    6 5     2 1  0
//  +--------+------+--+-----+--+---+-----+------------+--+--+----+------+-------+----+
//  |  RES0  |  SW  |NS| XN  |CN|DBM|     |   output   |  |AF| SH | S2AP |MemAttr|type|
//  +--------+------+--+-----+--+---+-----+------------+--+--+----+------+-------+----+
#pragma once

#include "vmsa/attributes.hpp"
#include "vmsa/error.hpp"
#include "vmsa/format.hpp"

#include <concepts>

namespace vmsa
{

// HCR_EL2.FWB decides how MemAttr is read: without it, stage 2 can only restrict what stage 1 asks
// for; with it (FEAT_S2FWB), stage 2 can force Write-Back.
struct Stage2 {
	static constexpr bool fwb = false; // HCR_EL2.FWB
	static constexpr bool has_upper = false; // stage 2 has no upper range
};
// Stage 2 with HCR_EL2.FWB = 1.
struct Stage2Fwb {
	static constexpr bool fwb = true; // HCR_EL2.FWB
	static constexpr bool has_upper = false; // stage 2 has no upper range
};

// Stage2 or Stage2Fwb.
template <class S>
concept Stage2Tag = TranslationStage<S> &&(std::same_as<S, Stage2> || std::same_as<S, Stage2Fwb>);

// The descriptors of stage 2. Pure functions: they read and write no memory.
template <Stage2Tag S, PageGranule G, unsigned OutputBits>
struct Format<S, G, OutputBits> : DescriptorLayout<G, OutputBits, true> {
	using Layout = DescriptorLayout<G, OutputBits, true>;
	using Stage = S;
	using Granule = G;
	using Input = Ipa;
	using Attributes = Stage2Attributes;
	using Access = vmsa::Access;
	using Layout::af;
	using Layout::contiguous;
	using Layout::dbm;
	using Layout::lpa2;
	using Layout::sh;

	static constexpr Field mem_attr{5, 2}; // MemAttr
	static constexpr Descriptor s2ap_read = bit(6); // S2AP[0]
	static constexpr Descriptor s2ap_write = bit(7); // S2AP[1]
	static constexpr Field xn{54, 53}; // XN
	static constexpr Descriptor ns = bit(55); // of Realms; RES0 to others
	static constexpr Field software{58, 56}; // ignored by hardware

	// All bits of permissions.
	static constexpr Descriptor access_bits = s2ap_read | s2ap_write | xn.mask();

	// All that encode(Attributes) may write.
	static constexpr Descriptor encoded_bits = mem_attr.mask() | access_bits | af | dbm |
						   contiguous | ns | software.mask() |
						   (lpa2 ? 0 : sh.mask());

	// What a change in place may touch. The rest (memory type, shareability, output,
	// contiguous) needs break-before-make (rule R_FPXKC).
	static constexpr Descriptor in_place_bits = access_bits | af | dbm | software.mask();

	// Nothing is global here: all is of one VMID.
	static constexpr Descriptor not_global = 0;

	// All bits of every field of which `bits` has one.
	static constexpr Descriptor whole_fields(Descriptor bits)
	{
		for (Descriptor field :
		     {mem_attr.mask(), xn.mask(), lpa2 ? 0 : sh.mask(), software.mask()})
			bits |= (bits & field) ? field : 0;
		return bits;
	}

	// MemAttr by MemoryType. FWB == 0: [3:2] outer, [1:0] inner, 0b00xx Device (Table D8-90).
	// FWB == 1: 0b00xx Device, 0b0101 Non-cacheable, 0b0110 Write-Back (Table D8-92).
	static constexpr uint8_t mem_attr_of[7] = {
		0b0000, 0b0001, 0b0010, 0b0011, 0b0101, 0b1010, S::fwb ? 0b0110 : 0b1111};

	// Device or Non-cacheable memory that is executable invites speculative fetches with side
	// effects; KVM refuses it too (arch/arm64/kvm/hyp/pgtable.c, stage2_set_prot_attr).
	// none, reserved_attributes or forbidden_attributes.
	static constexpr Errc check(const Attributes &a)
	{
		const bool cached = !is_device(a.memory) && a.memory != MemoryType::normal_nc;

		if (a.memory > MemoryType::normal || a.software >= 8 ||
		    a.access.execute > Execute::el1_only || !is_encoding(a.shareability))
			return Errc::reserved_attributes;
		if (lpa2 && a.shareability != Shareability::inner) // TCR's, or VTCR's, is for all
			return Errc::forbidden_attributes;
		if (S::fwb && a.memory == MemoryType::normal_wt)
			return Errc::forbidden_attributes;
		if (a.no_tags && a.memory != MemoryType::normal)
			return Errc::forbidden_attributes;
		return cached || a.access.execute == Execute::none ? Errc::none
								   : Errc::forbidden_attributes;
	}

	// Does check() find nothing?
	static constexpr bool is_legal(const Attributes &a)
	{
		return check(a) == Errc::none;
	}

	// S2AP and XN. XN is 2 bits wide: "never" is 0b10, not 0b11 (FEAT_XNX, rule R_FSSTX).
	static constexpr Descriptor encode(const Access &a)
	{
		return (a.read ? s2ap_read : 0) | (a.write ? s2ap_write : 0) |
		       xn.put(static_cast<uint64_t>(a.execute));
	}

	// The permissions of a leaf.
	static constexpr Access access(Descriptor d)
	{
		return {(d & s2ap_read) != 0, (d & s2ap_write) != 0,
			static_cast<Execute>(xn.get(d))};
	}

	// NoTagAccess: of Write-Back memory, and with FWB of what stage 1 says, too.
	static constexpr Descriptor no_tags = mem_attr.put(S::fwb ? 0b1110 : 0b0100);

	// Does it say NoTagAccess?
	static constexpr bool has_no_tags(Descriptor d)
	{
		return (d & no_tags) == no_tags && (S::fwb || (d & mem_attr.mask()) == no_tags);
	}

	// The memory type of a leaf, by MemAttr.
	static constexpr MemoryType memory_type(Descriptor d)
	{
		const auto bits = mem_attr.get(d);

		if (bits < 4)
			return static_cast<MemoryType>(bits);
		if (has_no_tags(d))
			return MemoryType::normal;
		if constexpr (S::fwb)
			return (bits & 2) ? MemoryType::normal : MemoryType::normal_nc;
		// Normal: the weaker of outer [3:2] and inner [1:0] is what the pair gives.
		const auto weaker = (bits >> 2) < (bits & 3) ? bits >> 2 : bits & 3;

		return weaker == 3   ? MemoryType::normal
		       : weaker == 2 ? MemoryType::normal_wt
				     : MemoryType::normal_nc;
	}

	// Everything of a leaf but its type and its output address. Inlined, so that constants stay
	// constants.
	VMSA_INLINE static constexpr Descriptor encode(const Attributes &a)
	{
		return (a.no_tags ? no_tags
				  : mem_attr.put(mem_attr_of[static_cast<unsigned>(a.memory)])) |
		       encode(a.access) |
		       (lpa2 ? 0 : sh.put(static_cast<uint64_t>(a.shareability))) |
		       (a.accessed ? af : 0) | (a.dbm ? dbm : 0) | (a.contiguous ? contiguous : 0) |
		       (a.non_secure ? ns : 0) | software.put(a.software);
	}

	// The attributes of a leaf.
	static constexpr Attributes attributes(Descriptor d)
	{
		return {.memory = memory_type(d),
			.access = access(d),
			.shareability =
				lpa2 ? Shareability::inner : static_cast<Shareability>(sh.get(d)),
			.accessed = (d & af) != 0,
			.dbm = (d & dbm) != 0,
			.contiguous = (d & contiguous) != 0,
			.software = static_cast<uint8_t>(software.get(d)),
			.non_secure = (d & ns) != 0,
			.no_tags = has_no_tags(d)};
	}

	// A table descriptor of stage 2 restricts nothing.
	static constexpr Attributes below(Attributes a, Descriptor)
	{
		return a;
	}
};

// Stage 2 with 4K pages and 48 bits of output.
using Stage2_4K = Format<Stage2, Granule4K>;

// The descriptor KVM writes for a 2 MiB block of guest RAM, bit for bit.
static_assert((0x4660'0000 | Stage2_4K::encode(normal | rw) | Stage2_4K::leaf_type(2)) ==
	      0x0040'0000'4660'07fd);
static_assert(Stage2_4K::attributes(Stage2_4K::encode(device | r)) == Stage2Attributes(device | r));

} // namespace vmsa
