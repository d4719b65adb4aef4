// SPDX-License-Identifier: MIT OR Apache-2.0
//
// HardwareTlb: the TlbSink that issues TLBI instructions. It issues those of a TlbiPlan, with the barriers that make
// them complete on every CPU:
//
//   stage 1    dsb ishst; tlbi ...; dsb ish; isb
//   stage 2    dsb ishst; tlbi ipas2e1is ...; dsb ish; tlbi vmalle1is; dsb ish; isb
//
// By VMID the last two are one: dsb ishst; tlbi vmalls12e1is; dsb ish; isb. Before the ISB an erratum may ask for
// one more TLBI and DSB (TlbiFeatures::repeat).
//
// The first DSB is needed because a walk after the TLBI must see the new descriptors, or it refills the TLB with the
// old ones. At stage 2 a TLB may hold both stages combined, tagged by virtual address, which a TLBI by IPA does not
// find. VMALLE1IS removes those. The DSB before it keeps the TLB from making them again from old stage 2 entries.
//
// At stage 2 the instructions act on the VMID in VTTBR_EL2. Either the caller has the tree's VMID there, or it says
// once what VTTBR_EL2 is for the tree (vttbr()). Then, if VTTBR_EL2 has another VMID, it is changed after the first DSB
// and restored after the last ISB. The caller must clear HCR_EL2.TGE, or the instructions act on EL2&0, and must mask
// interrupts, or a handler runs with the wrong VTTBR_EL2.
#pragma once

#include "vmsa/regime.hpp"

namespace vmsa
{

// One of those that a plan of the regime has: the others' code is not here.
template <TranslationStage Stage, Cpu C, size_t I = 0>
constexpr void issue_one(C &cpu, Tlbi op, uint64_t operand)
{
	if (op == tlbi_ops<Stage>.op[I])
		cpu.tlbi(tlbi_ops<Stage>.op[I], operand);
	else if constexpr (I + 1 < tlbi_ops<Stage>.count)
		issue_one<Stage, C, I + 1>(cpu, op, operand);
}

// Returns when what was issued is complete. `combined`: entries of both stages may be left, as it named IPAs. `repeat`
// as TlbiFeatures has it: entries go all the same, only accesses by them may be under way. So no DSB before the last
// needs it (Linux: __tlbi_sync_s1ish_hyp, and nothing behind its IPAS2E1IS).
template <TranslationStage Stage, Cpu C>
VMSA_INLINE constexpr void wait_for_tlbis(C &cpu, bool combined, bool repeat)
{
	cpu.dsb_ish();
	if (combined) {
		issue_one<Stage>(cpu, Tlbi::vmalle1is, 0);
		cpu.dsb_ish();
	}
	if (repeat) {
		issue_one<Stage>(cpu, tlbi_repeated<Stage>(), 0);
		cpu.dsb_ish();
	}
}

// Issues a plan for the VMID or the ASIDs that are there, and returns when it is complete: what HardwareTlb does, for
// who has a plan, and nothing else to wait for.
template <TranslationStage Stage, Cpu C>
VMSA_INLINE constexpr void complete(C &cpu, const TlbiPlan &plan, bool repeat)
{
	cpu.dsb_ishst();
	plan.for_each([&](Tlbi op, uint64_t operand) { issue_one<Stage>(cpu, op, operand); });
	wait_for_tlbis<Stage>(cpu, Stage2Tag<Stage> && has_operand(plan.op), repeat);
	cpu.isb();
}

// The TlbSink that issues TLBI instructions. Cost: plan() says how many.
template <DescriptorFormat Format, Cpu C = ThisCpu> class HardwareTlb {
    public:
	using Input = typename Format::Input;
	using Stage = typename Format::Stage;

	// `tag` says what the entries of the tree are tagged with, `features` which instructions there are.
	constexpr HardwareTlb(TlbiTag tag, TlbiFeatures features, C cpu = {})
	    : tag_{tag}, features_{features}, cpu_{cpu}
	{
	}

	// Sets what VTTBR_EL2 is for the tree.
	constexpr void vttbr(uint64_t value)
	{
		vttbr_ = value;
		switches_ = true;
	}

	// Sets another ASID. For another VMID call vttbr().
	constexpr void retag(uint16_t asid)
	{
		tag_.asid = asid;
	}

	// None of these is inlined: what they wait for costs more than a call, and a plan has its size.
	[[gnu::noinline]] constexpr void invalidate(Region<Input> region, Level level, bool tables)
	{
		issue(plan(region, level, tables));
	}

	// What invalidate() issues.
	constexpr TlbiPlan plan(Region<Input> region, Level level, bool tables) const
	{
		return tlbi_plan<Format>(region, level, tables, tag_, features_);
	}

	// Everything of the tree's ASID or VMID.
	[[gnu::noinline]] constexpr void invalidate_all()
	{
		issue(tlbi_all<Stage>(tag_));
	}

	// Invalidates everything of the regime, every ASID or VMID, and returns when that is complete. It notes nothing
	// in this object: a CPU that joins others calls it with its MMU off.
	[[gnu::noinline]] constexpr void flush_regime()
	{
		vmsa::complete<Stage>(cpu_, tlbi_regime<Stage>(), features_.repeat);
	}

	// Returns when all of it is complete on every CPU that the Cpu reaches, and all stores are visible to walkers.
	[[gnu::noinline]] constexpr void sync()
	{
		if (!issued_)
			cpu_.dsb_ishst();
		else
			wait_for_tlbis<Stage>(cpu_, combined_, features_.repeat);
		cpu_.isb();
		leave_vmid();
		issued_ = combined_ = found_ = false;
	}

	// From now on entries of the tree may be global.
	constexpr void every_asid()
	{
		tag_.every_asid = true;
	}

	// What issues the instructions.
	constexpr C &cpu()
	{
		return cpu_;
	}
	// What the entries are tagged with.
	constexpr TlbiTag tag() const
	{
		return tag_;
	}

    private:
	constexpr void issue(const TlbiPlan &plan)
	{
		cpu_.dsb_ishst();
		enter_vmid();
		plan.for_each(
			[&](Tlbi op, uint64_t operand) { issue_one<Stage>(cpu_, op, operand); });
		combined_ |= Stage2Tag<Stage> && has_operand(plan.op);
		issued_ = true;
	}

	static constexpr bool by_vmid = Stage2Tag<Stage> && requires(C c)
	{
		c.template read<Register::vttbr_el2>();
		c.template write<Register::vttbr_el2>(0);
	};

	// Once before a sync.
	constexpr void enter_vmid()
	{
		if constexpr (by_vmid) {
			constexpr Field vmid{63, 48};

			if (found_ || !switches_)
				return;
			found_ = true;
			previous_ = cpu_.template read<Register::vttbr_el2>();
			if (vmid.get(previous_) == vmid.get(vttbr_))
				return;
			cpu_.template write<Register::vttbr_el2>(vttbr_);
			cpu_.isb();
			switched_ = true;
		}
	}

	constexpr void leave_vmid()
	{
		if constexpr (by_vmid) {
			if (!switched_)
				return;
			cpu_.template write<Register::vttbr_el2>(previous_);
			cpu_.isb();
			switched_ = false;
		}
	}

	TlbiTag tag_;
	TlbiFeatures features_;
	[[no_unique_address]] C cpu_;
	bool issued_ = false; // since the last sync
	bool combined_ = false; // and stage 2 entries only
	bool switches_ = false; // vttbr_ is known
	bool found_ = false; // VTTBR_EL2 was looked at
	bool switched_ = false; // and is vttbr_ now, in place of previous_
	uint64_t vttbr_ = 0;
	uint64_t previous_ = 0;
};

} // namespace vmsa
