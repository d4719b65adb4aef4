// SPDX-License-Identifier: GPL-2.0-only
// What TLBs hold of a guest, and how they lose it: VMIDs, and the sinks of vmsa's edits that issue TLBIs for them.
#pragma once

#include "engine/el2/vhe.hpp"
#include "engine/engine.hpp"
#include "kernel/kernel.h"

#include "vmsa/hardware_tlb.hpp"

namespace stage2::engine
{

// What the TLBs may hold of a guest: acts on its VMID from whatever CPU, under masked interrupts, and leaves
// VTTBR_EL2, VTCR_EL2 and HCR_EL2 as they were. Until the guest is admitted, no hardware has heard
// of it, and nothing is issued.
class Tlb {
    public:
	// `guest`: whose it is, for the trace.
	explicit Tlb(const char *guest);

	// From now on hardware may walk these tables: takes a VMID, the highest that no guest of ours
	// has (KVM counts from the lowest), and of which every TLB is clean. False when there is none
	// left. Harmless when done before. `tables`: its stage 2, without a VMID.
	bool admit(const Stage2Registers &tables, uint64_t last_ipa);
	// The VMID is another guest's from now on: no vCPU may be loaded any more.
	void dismiss();

	bool admitted() const
	{
		return registers_.vttbr != 0;
	}
	const Stage2Registers &registers() const
	{
		return registers_;
	}

	// What was done in another thread's (TlbOf::of_thread).
	void join(const Tlb &of_thread)
	{
		if (of_thread.invalidations_)
			__atomic_fetch_add(&invalidations_, of_thread.invalidations_,
					   __ATOMIC_RELAXED);
	}

	uint64_t invalidations() const
	{
		return __atomic_load_n(&invalidations_, __ATOMIC_RELAXED);
	}

	// A vmsa::ShapeObserver: the trace is told.
	void broke(vmsa::Region<vmsa::Ipa> region, vmsa::Level level);
	void cut(vmsa::Region<vmsa::Ipa> region, vmsa::Level level);
	void folded(vmsa::Region<vmsa::Ipa> region, vmsa::Level level);

	// A vmsa::TlbSink's: what is new is visible to every walker.
	static void sync()
	{
		vmsa::ThisCpu::dsb_ishst();
	}

    protected:
	// Does one instruction for one leaf need nothing around it? Nobody traces then, either.
	bool is_simple() const
	{
		return simple_ && !__atomic_load_n(&kernel_events_on, __ATOMIC_RELAXED);
	}
	void complete_leaf(uint64_t operand)
	{
		invalidations_++;
		el2::vhe::invalidate_leaf(registers_, operand);
	}
	// Issues it, and returns when it is complete.
	void complete_plan(vmsa::Region<vmsa::Ipa> region, const vmsa::TlbiPlan &plan);

	const char *guest_;
	Stage2Registers registers_{};
	uint64_t invalidations_ = 0;
	bool simple_ = false; // admitted, a leaf is named by its address, and no erratum
	const vmsa::TlbiFeatures features_;
};

// The TlbSink, a vmsa::CompletingSink, of a guest whose tables have that format: one of STAGE2_FORMATS.
template <class Format> class TlbOf : public Tlb {
    public:
	using Tlb::Tlb;

	// For one of several threads that share the guest: the same, and in the end joined.
	TlbOf of_thread() const
	{
		TlbOf mine{*this};

		mine.invalidations_ = 0;
		return mine;
	}

	// What most changes are about is a page, and inlined.
	[[gnu::always_inline]] void complete(vmsa::Region<vmsa::Ipa> region, vmsa::Level level,
					     bool tables)
	{
		using vmsa::last_level;
		constexpr uint64_t last = Format::Granule::page_size - 1;

		if (level == last_level && !tables && region.last - region.first == last &&
		    is_simple())
			complete_leaf(vmsa::tlbi_operand<Format>(
				region.first, 0,
				features_.ttl ? vmsa::ttl_hint<Format>(last_level) : 0));
		else
			complete_region(region, level, tables);
	}

    private:
	void complete_region(vmsa::Region<vmsa::Ipa> region, vmsa::Level level, bool tables);
};

// The TlbSink of who only makes leaves where nothing was: no TLB holds anything of those.
struct Publisher {
	void invalidate(vmsa::Region<vmsa::Ipa>, vmsa::Level, bool)
	{
	}
	static void sync()
	{
		vmsa::ThisCpu::dsb_ishst();
	}
};

} // namespace stage2::engine
