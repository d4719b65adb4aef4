// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The stage 1 descriptors of the four regimes (Arm ARM D8.3.2, "stage 1 block and page
// descriptors"):
//
//   63 59 58  55  54  53 52 51  50         47        12 11 10 9  8  7   6  5  4    2 1  0
//  +-----+------+---+---+--+---+--+-------+------------+--+--+----+------+--+-------+----+
//  |     |  SW  |UXN|PXN|CN|DBM|GP|       |   output   |nG|AF| SH |  AP  |NS|AttrIdx|type|
//  +-----+------+---+---+--+---+--+-------+------------+--+--+----+------+--+-------+----+
//
//   two privilege levels (EL1&0, EL2&0)    UXN, PXN, nG; AP[1] opens the page to EL0
//   one privilege level (EL2, EL3)         bit 54 is XN, bit 53 RES0; AP[1] is RES1, nG RES0
//   EL3 with FEAT_RME                      bit 11 is NSE: with NS, 00 Secure, 01 Non-secure, 10 Root, 11 Realm
#pragma once

#include "vmsa/attributes.hpp"
#include "vmsa/error.hpp"
#include "vmsa/format.hpp"

#include <concepts>
#include <initializer_list>

namespace vmsa
{

// The translation regimes with a stage 1.
struct El1And0 {
	static constexpr bool has_el0 = true; // is there an EL0?
	static constexpr bool has_upper = true; // is there an upper range?
};
// EL2 with HCR_EL2.E2H = 1: as EL1&0, for a host and its programs.
struct El2And0 {
	static constexpr bool has_el0 = true; // is there an EL0?
	static constexpr bool has_upper = true; // is there an upper range?
};
// EL2 with HCR_EL2.E2H = 0.
struct El2 {
	static constexpr bool has_el0 = false; // is there an EL0?
	static constexpr bool has_upper = false; // is there an upper range?
};
// EL3.
struct El3 {
	static constexpr bool has_el0 = false; // is there an EL0?
	static constexpr bool has_upper = false; // is there an upper range?
};

// One of the four regimes.
template <class R>
concept Stage1Regime = TranslationStage<R> && requires
{
	requires R::has_el0 || !R::has_el0;
};

// Bits of a table descriptor that restrict every leaf below it (Arm ARM D8.4.6). All clear is "no
// restriction", and what the library writes unless asked.
struct TableAttributes {
	bool ns = false; // NSTable
	bool read_only = false; // APTable[1]
	bool no_el0 = false; // APTable[0]
	bool no_execute_el0 = false; // UXNTable, or XNTable where there is no EL0
	bool no_execute_privileged = false; // PXNTable

	constexpr bool operator==(const TableAttributes &) const = default;
};

// The descriptors of stage 1. Pure functions: they read and write no memory.
template <Stage1Regime R, PageGranule G, unsigned OutputBits>
struct Format<R, G, OutputBits> : DescriptorLayout<G, OutputBits> {
	using Layout = DescriptorLayout<G, OutputBits>;
	using Stage = R;
	using Granule = G;
	using Input = Va;
	using Attributes = Stage1Attributes;
	using Access = Stage1Access;
	using Layout::af;
	using Layout::contiguous;
	using Layout::dbm;
	using Layout::lpa2;
	using Layout::nt;
	using Layout::sh;

	static constexpr Field attr_index{4, 2}; // AttrIndx
	static constexpr Descriptor ns = bit(5); // NS
	static constexpr Descriptor ap_el0 = bit(6); // AP[1]: EL0 may access
	static constexpr Descriptor ap_read_only = bit(7); // AP[2]
	static constexpr Descriptor ng = bit(11); // of EL3, NSE
	static constexpr Descriptor gp = bit(50); // guarded page (BTI)
	static constexpr Descriptor pxn = bit(53); // privileged execute-never
	static constexpr Descriptor uxn = bit(54); // EL0 execute-never, or XN
	static constexpr Field software{58, 55}; // ignored by hardware

	// All bits of permissions.
	static constexpr Descriptor access_bits = ap_el0 | ap_read_only | pxn | uxn;

	// All that encode(Attributes) may write.
	static constexpr Descriptor encoded_bits = attr_index.mask() | access_bits | af | ng | ns |
						   gp | dbm | contiguous | software.mask() |
						   (lpa2 ? 0 : sh.mask());

	// What a change in place may touch: permissions, AF, dirty state and software bits. The
	// rest (memory type, shareability, output, global, contiguous, NS) needs break-before-make
	// (rule R_FPXKC).
	static constexpr Descriptor in_place_bits = access_bits | af | dbm | gp | software.mask();

	// Who has bit 11 for NSE?
	static constexpr bool has_nse = std::same_as<R, El3>;

	// A leaf that has it may be cached for one ASID only. To set it is a change in place, too.
	static constexpr Descriptor not_global = R::has_el0 ? ng : 0;

	// All bits of every field of which `bits` has one.
	static constexpr Descriptor whole_fields(Descriptor bits)
	{
		for (Descriptor field : {attr_index.mask(), lpa2 ? 0 : sh.mask(), software.mask()})
			bits |= (bits & field) ? field : 0;
		return bits;
	}

	// What EL0 may write, now or once hardware finds it clean (DBM), the privileged level never
	// executes, whatever PXN says (Arm ARM D8.4.2).
	static constexpr bool is_written_by_el0(const Attributes &a)
	{
		return R::has_el0 && a.access.el0 && (a.access.write || a.dbm);
	}

	// none, reserved_attributes or forbidden_attributes. Without EL0 there are no EL0 rights. The privileged level
	// can read everything. Device memory must not be executable, because speculative fetches have side effects.
	static constexpr Errc check(const Attributes &a)
	{
		const bool executable = a.access.execute || a.access.el0_execute;

		if (a.software >= 16 || static_cast<unsigned>(a.memory) > 7 ||
		    (a.index > 7 && a.index != index_of_type) || !is_encoding(a.shareability))
			return Errc::reserved_attributes;
		if (lpa2 && a.shareability != Shareability::inner) // TCR's, or VTCR's, is for all
			return Errc::forbidden_attributes;
		if (!a.access.read || (is_written_by_el0(a) && a.access.execute))
			return Errc::forbidden_attributes;
		if (a.nse && !has_nse)
			return Errc::forbidden_attributes;
		if (!R::has_el0 && (a.access.el0 || a.access.el0_execute || !a.global))
			return Errc::forbidden_attributes;
		return executable && is_device(a.memory) ? Errc::forbidden_attributes : Errc::none;
	}

	// Does check() find nothing?
	static constexpr bool is_legal(const Attributes &a)
	{
		return check(a) == Errc::none;
	}

	// AP, UXN and PXN of these permissions.
	static constexpr Descriptor encode(const Stage1Access &a)
	{
		const Descriptor write = a.write ? 0 : ap_read_only;

		if constexpr (R::has_el0)
			return write | (a.el0 ? ap_el0 : 0) | (a.execute ? 0 : pxn) |
			       (a.el0_execute ? 0 : uxn);
		else
			return write | ap_el0 | (a.execute ? 0 : uxn);
	}

	// The permissions of a leaf.
	static constexpr Stage1Access access(Descriptor d)
	{
		if constexpr (R::has_el0)
			return {.write = !(d & ap_read_only),
				.execute = !(d & pxn),
				.el0 = (d & ap_el0) != 0,
				.el0_execute = !(d & uxn)};
		else
			return {.write = !(d & ap_read_only), .execute = !(d & uxn)};
	}

	// Everything of a leaf but its type and its output address. Inlined, so that constants stay
	// constants.
	VMSA_INLINE static constexpr Descriptor encode(const Attributes &a)
	{
		const uint64_t index =
			a.index == index_of_type ? static_cast<uint64_t>(a.memory) : a.index;

		return attr_index.put(index) | encode(a.access) |
		       (lpa2 ? 0 : sh.put(static_cast<uint64_t>(a.shareability))) |
		       (a.accessed ? af : 0) | (a.global || !R::has_el0 ? 0 : ng) |
		       (has_nse && a.nse ? ng : 0) | (a.non_secure ? ns : 0) |
		       (a.guarded ? gp : 0) | (a.dbm ? dbm : 0) | (a.contiguous ? contiguous : 0) |
		       software.put(a.software);
	}

	// The attributes of a leaf. The memory type is the index: mair.hpp has other MAIRs.
	static constexpr Attributes attributes(Descriptor d)
	{
		return {.memory = static_cast<MemoryType>(attr_index.get(d)),
			.access = access(d),
			.shareability =
				lpa2 ? Shareability::inner : static_cast<Shareability>(sh.get(d)),
			.accessed = (d & af) != 0,
			.global = has_nse || !(d & ng),
			.non_secure = (d & ns) != 0,
			.guarded = (d & gp) != 0,
			.dbm = (d & dbm) != 0,
			.contiguous = (d & contiguous) != 0,
			.software = static_cast<uint8_t>(software.get(d)),
			.nse = has_nse && (d & ng)};
	}

	// The restrictions of a table descriptor.
	static constexpr Descriptor encode(const TableAttributes &t)
	{
		return (t.ns ? bit(63) : 0) | (t.read_only ? bit(62) : 0) |
		       (t.no_el0 ? bit(61) : 0) | (t.no_execute_el0 ? bit(60) : 0) |
		       (t.no_execute_privileged ? bit(59) : 0);
	}

	// The restrictions of a table descriptor.
	static constexpr TableAttributes table_attributes(Descriptor d)
	{
		return {(d & bit(63)) != 0, (d & bit(62)) != 0, (d & bit(61)) != 0,
			(d & bit(60)) != 0, (d & bit(59)) != 0};
	}

	// What is left of a leaf's attributes below table descriptors; `above` is all of them
	// or-ed.
	static constexpr Attributes below(Attributes a, Descriptor above)
	{
		const TableAttributes t = table_attributes(above);

		a.non_secure |= t.ns;
		a.access.write &= !t.read_only;
		a.dbm &= !t.read_only; // hardware may not make it writable
		a.access.el0 &= !t.no_el0;
		if constexpr (R::has_el0) {
			const bool by_el0 = is_written_by_el0(a) && !t.read_only;

			a.access.el0_execute &= !t.no_execute_el0;
			a.access.execute &= !t.no_execute_privileged && !by_el0;
		} else {
			a.access.execute &= !t.no_execute_el0;
		}
		return a;
	}
};

} // namespace vmsa
