// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Which TLBI instructions invalidate a region, and with which operands. These are pure functions; the result is a
// TlbiPlan, which hardware_tlb.hpp executes and a test can read.
//
//   by address   63      48 47  44 43                                0
//               +----------+------+-----------------------------------+
//               |   ASID   | TTL  |  VA[55:12], IPA[51:12] in [39:0]  |   for every granule
//               +----------+------+-----------------------------------+
//   by range     63      48 47 46 45 44 43  39 38 37 36              0
//               +----------+-----+-----+------+-----+-----------------+
//               |   ASID   | TG  |SCALE| NUM  | TTL |    BaseADDR     |   in pages; LPA2: in 64K
//               +----------+-----+-----+------+-----+-----------------+
//               (NUM + 1) * 2^(5 * SCALE + 1) pages from BaseADDR on        (FEAT_TLBIRANGE)
//
// A region takes one instruction, or two by range: the second ends at the region's end and overlaps the first. Without
// FEAT_TLBIRANGE it takes at most max_single_ops instructions by address, and at stage 2 none. If neither is enough,
// one instruction invalidates the whole regime, ASID or VMID.
#pragma once

#include "vmsa/format_stage1.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/tlb.hpp"

#include <bit>
#include <initializer_list>

namespace vmsa
{

// The value is the encoding: op1 [10:8], CRm [7:4], op2 [2:0] of SYS (op0 is 1, CRn is 8). All are
// the Inner Shareable forms, which reach every CPU.
enum class Tlbi : uint16_t {
	vmalle1is = 0x030,
	vae1is = 0x031,
	aside1is = 0x032,
	vaae1is = 0x033,
	vale1is = 0x035,
	vaale1is = 0x037,
	rvae1is = 0x021,
	rvaae1is = 0x023,
	rvale1is = 0x025,
	rvaale1is = 0x027,
	ipas2e1is = 0x401,
	ripas2e1is = 0x402,
	ipas2le1is = 0x405,
	ripas2le1is = 0x406,
	alle2is = 0x430,
	vae2is = 0x431,
	alle1is = 0x434,
	vale2is = 0x435,
	vmalls12e1is = 0x436,
	rvae2is = 0x421,
	rvale2is = 0x425,
	alle3is = 0x630,
	vae3is = 0x631,
	vale3is = 0x635,
	rvae3is = 0x621,
	rvale3is = 0x625,
};

// Which CPUs an instruction, and the barriers around it, reach.
enum class TlbiScope : uint8_t {
	inner, // all of the Inner Shareable domain: every CPU of an operating system
	local, // this one: for tables that no other uses
	outer, // FEAT_TLBIOS: devices with TLBs of their own, too
};

// The encoding of what is named after the Inner Shareable domain, in another scope.
constexpr unsigned tlbi_encoding(Tlbi op, TlbiScope scope)
{
	const unsigned e = static_cast<unsigned>(op);
	const unsigned crm = e >> 4 & 15;

	if (scope == TlbiScope::inner)
		return e;
	if (scope == TlbiScope::local)
		return e + 0x40;
	return crm == 0 ? (e + 0x40) ^ 1 : crm == 2 ? e + 0x30 : e - 0x20; // IPAS2, by range, other
}

// Does the instruction have an operand? Without one it needs XZR: with another register it may be UNDEFINED.
constexpr bool has_operand(Tlbi op)
{
	return op != Tlbi::vmalle1is && op != Tlbi::alle1is && op != Tlbi::alle2is &&
	       op != Tlbi::alle3is && op != Tlbi::vmalls12e1is;
}

// Which TLBI instructions a machine has.
struct TlbiFeatures {
	bool range = false; // FEAT_TLBIRANGE
	bool ttl = false; // FEAT_TTL
	// Erratum: accesses by removed entries have ended behind one more TLBI and DSB.
	bool repeat = false;
};

// From ID_AA64ISAR0_EL1.TLB and ID_AA64MMFR2_EL1.TTL.
constexpr TlbiFeatures tlbi_features(uint64_t isar0, uint64_t mmfr2)
{
	return {.range = Field{59, 56}.get(isar0) >= 2, .ttl = Field{51, 48}.get(mmfr2) >= 1};
}

// How the entries of a tree are tagged. A global entry belongs to every ASID. So does every entry of the upper range,
// because its walks use the ASID of TTBR0, which is another tree's.
struct TlbiTag {
	uint16_t asid = 0; // or VMID
	bool every_asid = true; // some entries may be global
};

// What TG and TTL call the granule.
template <class Granule> inline constexpr unsigned granule_code = Granule::page_shift / 2 - 5;

// A hint where a leaf can be: level 0 only with 4K and LPA2, level 1 only with 4K, LPA2 or LPA. All
// else is "no information", because a wrong hint may invalidate nothing.
template <DescriptorFormat Format> constexpr unsigned ttl_hint(Level level)
{
	return Format::allows_leaf(level)
		       ? granule_code<typename Format::Granule> << 2 | static_cast<unsigned>(level)
		       : 0;
}

// The operand for one address. Masked: bits [63:56] of an upper-range address are no ASID, and
// after the shift [55:52] would be a TTL. The NS bit of a stage 2 operand stays clear.
template <DescriptorFormat Format>
constexpr uint64_t tlbi_operand(typename Format::Input input, uint16_t asid, unsigned ttl)
{
	constexpr Field address{Stage2Tag<typename Format::Stage> ? 39u : 43u, 0};

	return Field{63, 48}.put(asid) | Field{47, 44}.put(ttl) | address.put(input.raw() >> 12);
}

// SCALE and NUM of an instruction by range.
struct TlbiRange {
	unsigned scale; // 0..3
	unsigned num; // 0..31

	// How many pages it covers.
	constexpr uint64_t pages() const
	{
		return uint64_t{num + 1} << (5 * scale + 1);
	}
};

// The longest range of no more than `pages`, which is 2 or more. It covers more than half of them,
// up to twice the longest that there is.
constexpr TlbiRange tlbi_range(uint64_t pages)
{
	const unsigned scale = (static_cast<unsigned>(std::bit_width(pages)) - 2) / 5;

	if (scale > 3)
		return {3, 31};
	const uint64_t units = pages >> (5 * scale + 1);

	return {scale, static_cast<unsigned>(units < 32 ? units : 32) - 1};
}
static_assert(tlbi_range(2).pages() == 2 && tlbi_range(3).pages() == 2);
static_assert(tlbi_range(63).pages() == 62 && tlbi_range(64).pages() == 64);
static_assert(tlbi_range(2112).pages() == 2048 && tlbi_range(1 << 22).pages() == 1 << 21);

// The most pages that one instruction covers.
inline constexpr uint64_t max_range_pages = TlbiRange{3, 31}.pages();

// BaseADDR counts in units of this: with TCR.DS = 1, of 64K whatever the granule.
template <DescriptorFormat Format>
inline constexpr unsigned range_base_shift = Format::lpa2 ? 16 : Format::Granule::page_shift;

// The operand of an instruction by range.
template <DescriptorFormat Format>
constexpr uint64_t tlbi_range_operand(typename Format::Input first, TlbiRange range, uint16_t asid,
				      unsigned ttl)
{
	return Field{63, 48}.put(asid) | Field{47, 46}.put(granule_code<typename Format::Granule>) |
	       Field{45, 44}.put(range.scale) | Field{43, 39}.put(range.num) |
	       Field{38, 37}.put(ttl & 3) |
	       Field{36, 0}.put(first.raw() >> range_base_shift<Format>);
}

// `count` instructions, the operand of each `stride` more than the one before (modulo 2^64). A plan is one
// step: two ranges differ in BaseADDR only.
struct TlbiPlan {
	Tlbi op; // the instruction
	unsigned count; // how many
	uint64_t operand; // of the first
	uint64_t stride; // from one to the next

	// visit(op, operand) for each instruction, in order.
	template <class Visit> constexpr void for_each(Visit &&visit) const
	{
		uint64_t at = operand;

		for (unsigned n = count; n; n--, at += stride)
			visit(op, at);
	}
};

// Where there are no ranges: more instructions by address than this cost more than refilling the TLBs, and hold up
// every CPU that listens (Linux has the same limit, MAX_DVM_OPS). At stage 2 even one does: VMALLE1IS has to follow, so
// every CPU is held up twice, and loses all that it has of both stages together. VMALLS12E1IS holds it up once.
template <TranslationStage Stage>
inline constexpr unsigned max_single_ops = Stage2Tag<Stage> ? 0 : 512;

// By address or by range, of all levels or the last. The encodings have a system: from "by address, all
// levels" on, bit 2 is "last level", and one or two more are "by range".
template <TranslationStage Stage>
constexpr Tlbi tlbi_form(bool last_level_only, bool range, [[maybe_unused]] bool every_asid)
{
	constexpr unsigned by_range = Stage2Tag<Stage> ? 3 : 0x10;
	Tlbi op = Tlbi::vae2is;

	if constexpr (std::same_as<Stage, El1And0>)
		op = every_asid ? Tlbi::vaae1is : Tlbi::vae1is;
	else if constexpr (std::same_as<Stage, El3>)
		op = Tlbi::vae3is;
	else if constexpr (Stage2Tag<Stage>)
		op = Tlbi::ipas2e1is;
	return static_cast<Tlbi>((static_cast<unsigned>(op) | (last_level_only ? 4 : 0)) ^
				 (range ? by_range : 0));
}

namespace tlbi_truth
{
template <class Stage>
consteval bool forms(bool every_asid, Tlbi address, Tlbi last, Tlbi range, Tlbi last_range)
{
	return tlbi_form<Stage>(false, false, every_asid) == address &&
	       tlbi_form<Stage>(true, false, every_asid) == last &&
	       tlbi_form<Stage>(false, true, every_asid) == range &&
	       tlbi_form<Stage>(true, true, every_asid) == last_range;
}
static_assert(forms<El1And0>(false, Tlbi::vae1is, Tlbi::vale1is, Tlbi::rvae1is, Tlbi::rvale1is));
static_assert(forms<El1And0>(true, Tlbi::vaae1is, Tlbi::vaale1is, Tlbi::rvaae1is, Tlbi::rvaale1is));
static_assert(forms<El2>(true, Tlbi::vae2is, Tlbi::vale2is, Tlbi::rvae2is, Tlbi::rvale2is));
static_assert(forms<El2And0>(true, Tlbi::vae2is, Tlbi::vale2is, Tlbi::rvae2is, Tlbi::rvale2is));
static_assert(forms<El3>(true, Tlbi::vae3is, Tlbi::vale3is, Tlbi::rvae3is, Tlbi::rvale3is));
static_assert(forms<Stage2>(true, Tlbi::ipas2e1is, Tlbi::ipas2le1is, Tlbi::ripas2e1is,
			    Tlbi::ripas2le1is));
} // namespace tlbi_truth

// Invalidates everything of a tree. For EL2&0 only the instructions named after EL2 are used: those named after EL1 act
// on EL2&0 while HCR_EL2.TGE is set, and on a guest otherwise.
template <TranslationStage Stage> constexpr TlbiPlan tlbi_all([[maybe_unused]] TlbiTag tag)
{
	if constexpr (std::same_as<Stage, El1And0>) {
		if (!tag.every_asid)
			return {Tlbi::aside1is, 1, Field{63, 48}.put(tag.asid), 0};
		return {Tlbi::vmalle1is, 1, 0, 0};
	} else if constexpr (std::same_as<Stage, El3>) {
		return {Tlbi::alle3is, 1, 0, 0};
	} else if constexpr (Stage2Tag<Stage>) {
		return {Tlbi::vmalls12e1is, 1, 0, 0};
	} else {
		return {Tlbi::alle2is, 1, 0, 0};
	}
}

// The same of every tree of the regime, whatever its tag: at stage 2, of every VMID.
template <TranslationStage Stage> constexpr TlbiPlan tlbi_regime()
{
	if constexpr (Stage2Tag<Stage>)
		return {Tlbi::alle1is, 1, 0, 0};
	else
		return tlbi_all<Stage>({});
}

// What follows once, and with a DSB, where the erratum asks for it. Any TLBI that is broadcast will do, whatever it
// names (Linux: __repeat_tlbi_sync). This one takes the least: the leaf of the regime's address 0, or of EL2's.
template <TranslationStage Stage> constexpr Tlbi tlbi_repeated()
{
	return std::same_as<Stage, El1And0> ? Tlbi::vale1is
	       : std::same_as<Stage, El3>   ? Tlbi::vale3is
					    : Tlbi::vale2is;
}

// Every instruction that a HardwareTlb of the regime can issue, once.
struct TlbiOps {
	Tlbi op[11] = {};
	size_t count = 0;

	constexpr void add(Tlbi one)
	{
		for (size_t i = 0; i < count; i++) {
			if (op[i] == one)
				return;
		}
		op[count++] = one;
	}
};

// The instructions of a regime.
template <class Stage>
inline constexpr TlbiOps tlbi_ops = [] {
	TlbiOps ops;

	for (bool every_asid : {false, true}) {
		for (bool range : {false, true}) {
			for (bool last_level_only : {false, true})
				ops.add(tlbi_form<Stage>(last_level_only, range, every_asid));
		}
		ops.add(tlbi_all<Stage>({0, every_asid}).op);
	}
	ops.add(tlbi_regime<Stage>().op);
	if constexpr (Stage2Tag<Stage>)
		ops.add(Tlbi::vmalle1is); // behind the others (hardware_tlb.hpp)
	ops.add(tlbi_repeated<Stage>());
	return ops;
}();
static_assert(tlbi_ops<El1And0>.count == 10 && tlbi_ops<El2>.count == 5 &&
	      tlbi_ops<El3>.count == 5 && tlbi_ops<Stage2>.count == 8);

// Invalidates `region`, which must begin and end at a page boundary. `level` is the level of every leaf in it, or
// unknown_level. `tables`: walk caches, too.
template <DescriptorFormat Format>
constexpr TlbiPlan tlbi_plan(Region<typename Format::Input> region, Level level, bool tables,
			     TlbiTag tag, TlbiFeatures features)
{
	using Stage = typename Format::Stage;
	using Granule = typename Format::Granule;
	using Input = typename Format::Input;

	const bool upper = region.first.raw() >> 63;

	tag.every_asid |= upper;
	// VAE2IS removes global entries and those of one ASID. Entries of the upper range may have
	// any, and there is no VAAE2IS.
	if (std::same_as<Stage, El2And0> && upper)
		return tlbi_all<Stage>(tag);

	// A block takes one instruction and a hint, if all that changed are leaves of its level.
	const bool leaves = !tables && Format::allows_leaf(level) &&
			    region.first.is_aligned(Granule::size(level)) &&
			    (region.last + 1).is_aligned(Granule::size(level));
	const unsigned shift = leaves ? Granule::shift(level) : Granule::page_shift;
	const unsigned ttl = leaves && features.ttl ? ttl_hint<Format>(level) : 0;
	const uint64_t pieces = ((region.last - region.first) >> shift) + 1;

	const bool honours_asid =
		std::same_as<Stage, El2And0> || (std::same_as<Stage, El1And0> && !tag.every_asid);
	const uint16_t asid = honours_asid ? tag.asid : 0;

	if (features.range ? pieces == 1 : pieces <= max_single_ops<Stage>)
		return {tlbi_form<Stage>(!tables, false, tag.every_asid),
			static_cast<unsigned>(pieces),
			tlbi_operand<Format>(region.first, asid, ttl), bit(shift - 12)};
	if (!features.range)
		return tlbi_all<Stage>(tag);

	// Whole units of BaseADDR: a neighbour may lose its entry, nobody keeps one.
	const uint64_t unit = bit(range_base_shift<Format>);
	const Input first = region.first.align_down(unit);
	const Input last{region.last.raw() | (unit - 1)};
	const uint64_t pages = ((last - first) >> Granule::page_shift) + 1;

	if (pages > 2 * max_range_pages)
		return tlbi_all<Stage>(tag);
	const TlbiRange range = tlbi_range(pages);
	const Input second = last - (range.pages() * Granule::page_size - 1);
	const auto operand = [&](Input from) {
		return tlbi_range_operand<Format>(from, range, asid, ttl);
	};

	return {tlbi_form<Stage>(!tables, true, tag.every_asid), second == first ? 1u : 2u,
		operand(first), operand(second) - operand(first)};
}

} // namespace vmsa
