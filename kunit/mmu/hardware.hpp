// SPDX-License-Identifier: GPL-2.0-only
//
// The translation regimes: how each is given a tree, switched on, and asked what it makes of an
// address.
//
//   Hardware<Stage>::enter(world)                  for this regime, and from EL3 for this world
//   Hardware<Stage>::load<Format>(geometry, root)  the tree's registers, from registers.hpp
//   Hardware<Stage>::turn(on)                      its MMU
//   Hardware<Stage>::ask(address, answer)          answer(question, PAR_EL1) for each access
//   Hardware<Stage> as TlbSink                     flushes everything
//
// The judge runs at EL3 with its own MMU off and asks those below. EL3 has nobody above it to ask,
// hence its keyhole (start.S).
#pragma once

#include "machine.hpp"
#include "vmsa/format_stage1.hpp"
#include "vmsa/vtcr.hpp"

namespace mmu
{

struct Question {
	bool write;
	bool el0;
};

// What surrounds a regime. The last one is for stage 2: what stage 1 asks for is Device memory, where
// else it is Write-Back.
enum class World : uint8_t { secure, non_secure, non_secure_device };

inline constexpr uint64_t scr_base = vmsa::bit(4) | vmsa::bit(5) | vmsa::bit(8) | // RES1, HCE
				     vmsa::bit(10) | vmsa::bit(18); // RW, EEL2
inline constexpr uint64_t scr_non_secure = vmsa::bit(0);

inline constexpr uint64_t hcr_vm = vmsa::bit(0);
inline constexpr uint64_t hcr_dc = vmsa::bit(12);
inline constexpr uint64_t hcr_tge = vmsa::bit(27);
inline constexpr uint64_t hcr_rw = vmsa::bit(31);
inline constexpr uint64_t hcr_e2h = vmsa::bit(34);
inline constexpr uint64_t hcr_fwb = vmsa::bit(46);

// The MMU on or off, and caches with it. Of the RES1 bits there are two sets: EL1 and EL2&0 have
// one, EL2 and EL3 the other.
inline constexpr uint64_t sctlr_two_ranges(bool on)
{
	return 0x30d0'0800 | (on ? 0x1005 : 0);
}

inline constexpr uint64_t sctlr_one_range(bool on)
{
	return 0x30c5'0830 | (on ? 0x1005 : 0);
}

// What the levels above the regime say. Each level sets what it can.
inline void enter_world(World world, uint64_t hcr)
{
	if (current_el() == 3)
		write_register(scr_el3, scr_base | (world == World::secure ? 0 : scr_non_secure));
	if (current_el() >= 2)
		write_register(hcr_el2, hcr);
	asm volatile("isb");
}

// A TCR for one of two trees; the other range is closed.
template <class Format> uint64_t tcr_alone(const vmsa::Geometry &g)
{
	const bool lower = g.range == vmsa::Range::lower;

	return vmsa::tcr_two_ranges<Format>(g) | vmsa::tcr_asid16 |
	       (lower ? vmsa::tcr_no_upper : vmsa::tcr_no_lower);
}

inline constexpr uint16_t some_asid = 0xa51d; // it must not end up in the address

#define FLUSH(operation) asm volatile("dsb sy\n\ttlbi " #operation "\n\tdsb sy\n\tisb" ::: "memory")

// What a table descriptor of stage 1 can restrict: NSTable, APTable (read-only, no EL0), UXNTable,
// PXNTable. Without EL0, two of them are RES0, and the third is XNTable.
template <class Stage>
inline constexpr uint64_t restrictions = vmsa::Field{63, 59}.mask() &
					 (Stage::has_el0 ? ~uint64_t{0}
							 : ~(vmsa::bit(61) | vmsa::bit(59)));

template <class Stage> struct Hardware;

template <> struct Hardware<vmsa::El3> {
	static constexpr const char *name = "EL3";
	static constexpr uint64_t keyhole_bytes = 1; // that is, the page it lies in

	static void enter(World)
	{
	}

	template <class Format> static void load(const vmsa::Geometry &g, vmsa::Pa root)
	{
		write_register(mair_el3, vmsa::mair_value);
		write_register(tcr_el3, vmsa::tcr_one_range<Format>(g));
		write_register(ttbr0_el3, vmsa::ttbr<Format>(root));
		sync();
	}

	static void turn(bool on)
	{
		write_register(sctlr_el3, sctlr_one_range(on));
		asm volatile("isb" ::: "memory");
	}

	template <class Answer> static void ask(uint64_t address, const Answer &answer)
	{
		const Pars pars = keyhole(address, sctlr_one_range(true), sctlr_one_range(false));

		answer(Question{false, false}, pars.read);
		answer(Question{true, false}, pars.write);
	}

	static void invalidate(vmsa::Region<vmsa::Va>, vmsa::Level, bool)
	{
	}
	static void sync()
	{
		FLUSH(alle3);
	}
};

template <> struct Hardware<vmsa::El2> {
	static constexpr const char *name = "EL2";
	static constexpr uint64_t keyhole_bytes = 0;

	static void enter(World world)
	{
		enter_world(world, hcr_rw);
	}

	template <class Format> static void load(const vmsa::Geometry &g, vmsa::Pa root)
	{
		write_register(mair_el2, vmsa::mair_value);
		write_register(tcr_el2, vmsa::tcr_one_range<Format>(g));
		write_register(ttbr0_el2, vmsa::ttbr<Format>(root));
		sync();
	}

	static void turn(bool on)
	{
		write_register(sctlr_el2, sctlr_one_range(on));
		asm volatile("isb" ::: "memory");
	}

	template <class Answer> static void ask(uint64_t address, const Answer &answer)
	{
		answer(Question{false, false}, ask_mmu(s1e2r, address));
		answer(Question{true, false}, ask_mmu(s1e2w, address));
	}

	static void invalidate(vmsa::Region<vmsa::Va>, vmsa::Level, bool)
	{
	}
	static void sync()
	{
		FLUSH(alle2);
	}
};

template <> struct Hardware<vmsa::El2And0> {
	static constexpr const char *name = "EL2&0";
	static constexpr uint64_t keyhole_bytes = 0;

	// TGE: EL0, and with it AT S1E0*, belongs to EL2.
	static void enter(World world)
	{
		enter_world(world, hcr_rw | hcr_e2h | hcr_tge);
	}

	template <class Format> static void load(const vmsa::Geometry &g, vmsa::Pa root)
	{
		const uint64_t ttbr = vmsa::ttbr<Format>(root, some_asid);

		write_register(mair_el2, vmsa::mair_value);
		write_register(tcr_el2, tcr_alone<Format>(g));
		write_register(ttbr0_el2, g.range == vmsa::Range::lower ? ttbr : 0);
		write_register(ttbr1_el2, g.range == vmsa::Range::upper ? ttbr : 0);
		sync();
	}

	static void turn(bool on)
	{
		write_register(sctlr_el2, sctlr_two_ranges(on));
		asm volatile("isb" ::: "memory");
	}

	template <class Answer> static void ask(uint64_t address, const Answer &answer)
	{
		answer(Question{false, false}, ask_mmu(s1e2r, address));
		answer(Question{true, false}, ask_mmu(s1e2w, address));
		answer(Question{false, true}, ask_mmu(s1e0r, address));
		answer(Question{true, true}, ask_mmu(s1e0w, address));
	}

	static void invalidate(vmsa::Region<vmsa::Va>, vmsa::Level, bool)
	{
	}
	static void sync()
	{
		FLUSH(alle2);
	}
};

template <> struct Hardware<vmsa::El1And0> {
	static constexpr const char *name = "EL1&0";
	static constexpr uint64_t keyhole_bytes = 0;

	static void enter(World world)
	{
		enter_world(world, hcr_rw);
	}

	template <class Format> static void load(const vmsa::Geometry &g, vmsa::Pa root)
	{
		const uint64_t ttbr = vmsa::ttbr<Format>(root, some_asid);

		write_register(mair_el1, vmsa::mair_value);
		write_register(tcr_el1, tcr_alone<Format>(g));
		write_register(ttbr0_el1, g.range == vmsa::Range::lower ? ttbr : 0);
		write_register(ttbr1_el1, g.range == vmsa::Range::upper ? ttbr : 0);
		sync();
	}

	static void turn(bool on)
	{
		write_register(sctlr_el1, sctlr_two_ranges(on));
		asm volatile("isb" ::: "memory");
	}

	template <class Answer> static void ask(uint64_t address, const Answer &answer)
	{
		answer(Question{false, false}, ask_mmu(s1e1r, address));
		answer(Question{true, false}, ask_mmu(s1e1w, address));
		answer(Question{false, true}, ask_mmu(s1e0r, address));
		answer(Question{true, true}, ask_mmu(s1e0w, address));
	}

	static void invalidate(vmsa::Region<vmsa::Va>, vmsa::Level, bool)
	{
	}
	static void sync()
	{
		FLUSH(vmalle1);
	}
};

// Stage 2 alone: stage 1 of EL1 is off, and HCR_EL2.DC decides what memory it makes. When that is
// Write-Back, what comes out is what stage 2 says; when it is Device, FWB may overrule it.
template <vmsa::Stage2Tag Stage> struct Hardware<Stage> {
	static constexpr const char *name = Stage::fwb ? "stage 2 FWB" : "stage 2";
	static constexpr uint64_t keyhole_bytes = 0;

	static void enter(World world)
	{
		enter_world(world, hcr_rw | (world == World::non_secure ? hcr_dc : 0));
		write_register(sctlr_el1, sctlr_two_ranges(false));
	}

	template <class Format> static void load(const vmsa::Geometry &g, vmsa::Pa root)
	{
		write_register(vtcr_el2, vmsa::vtcr<Format>(g, true));
		write_register(vttbr_el2, vmsa::vttbr<Format>(root, some_asid));
		sync();
	}

	static void turn(bool on)
	{
		constexpr uint64_t bits = hcr_vm | (Stage::fwb ? hcr_fwb : 0);
		const uint64_t others = read_register(hcr_el2) & ~bits;

		write_register(hcr_el2, others | (on ? bits : 0));
		asm volatile("isb" ::: "memory");
	}

	template <class Answer> static void ask(uint64_t address, const Answer &answer)
	{
		answer(Question{false, false}, ask_mmu(s12e1r, address));
		answer(Question{true, false}, ask_mmu(s12e1w, address));
		answer(Question{false, true}, ask_mmu(s12e0r, address));
		answer(Question{true, true}, ask_mmu(s12e0w, address));
	}

	static void invalidate(vmsa::Region<vmsa::Ipa>, vmsa::Level, bool)
	{
	}
	static void sync()
	{
		FLUSH(vmalls12e1);
	}
};

#undef FLUSH

} // namespace mmu
