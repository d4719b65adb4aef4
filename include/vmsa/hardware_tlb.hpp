// SPDX-License-Identifier: MIT OR Apache-2.0
//
// HardwareTlb: the TlbSink that is the machine. It issues what a TlbiPlan says, with the barriers
// around it that make it true on every CPU:
//
//   stage 1    dsb ishst; tlbi ...; dsb ish; isb
//   stage 2    dsb ishst; tlbi ipas2e1is ...; dsb ish; tlbi vmalle1is; dsb ish; isb
//
// The first DSB: a walk that begins after the TLBI must see the new descriptors, or it refills the
// TLB with the old ones. At stage 2 a TLB may hold the two stages combined, tagged by virtual
// address, which no IPA finds: VMALLE1IS removes those, and the DSB before it keeps them from being
// made again of stage 2 entries that were about to go.
//
// At stage 2 everything acts on the *current* VMID. The caller has the tree's VMID in VTTBR_EL2,
// HCR_EL2.TGE clear (else the instructions act on EL2&0), and interrupts masked meanwhile.
#pragma once

#include "vmsa/regime.hpp"

namespace vmsa
{

template <class Format, Cpu C = ThisCpu> class HardwareTlb {
    public:
	using Input = typename Format::Input;
	using Stage = typename Format::Stage;

	constexpr HardwareTlb(TlbiTag tag, TlbiFeatures features, C cpu = {})
	    : tag_{tag}, features_{features}, cpu_{cpu}
	{
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

	[[gnu::noinline]] constexpr void invalidate_all()
	{
		issue(tlbi_all<Stage>(tag_));
	}

	// Whatever the tag says: every ASID, or VMID, of the regime.
	[[gnu::noinline]] constexpr void invalidate_regime()
	{
		issue(tlbi_regime<Stage>());
	}

	[[gnu::noinline]] constexpr void sync()
	{
		if (!issued_) {
			cpu_.dsb_ishst();
		} else {
			cpu_.dsb_ish();
			if (combined_) {
				tlbi(Tlbi::vmalle1is, 0);
				cpu_.dsb_ish();
			}
		}
		cpu_.isb();
		issued_ = combined_ = false;
	}

	// From now on entries of the tree may be global.
	constexpr void every_asid()
	{
		tag_.every_asid = true;
	}

	constexpr C &cpu()
	{
		return cpu_;
	}
	constexpr TlbiTag tag() const
	{
		return tag_;
	}

    private:
	constexpr void issue(const TlbiPlan &plan)
	{
		cpu_.dsb_ishst();
		plan.for_each([&](Tlbi op, uint64_t operand) {
			tlbi(op, operand);
			combined_ |= Stage2Tag<Stage> && has_operand(op);
		});
		issued_ = true;
	}

	constexpr void tlbi(Tlbi op, uint64_t operand)
	{
		cpu_.tlbi(op, operand);
		if (features_.repeat) {
			cpu_.dsb_ish();
			cpu_.tlbi(op, operand);
		}
	}

	TlbiTag tag_;
	TlbiFeatures features_;
	[[no_unique_address]] C cpu_;
	bool issued_ = false; // since the last sync
	bool combined_ = false; // and stage 2 entries only
};

} // namespace vmsa
