// SPDX-License-Identifier: MIT OR Apache-2.0
//
// ActiveRoot: how the root of one tree goes into a CPU's TTBR and leaves it again, and how many CPUs
// have it there. LiveMap (live_map.hpp) is a map around it.
#pragma once

#include "vmsa/hardware_tlb.hpp"
#include "vmsa/map_config.hpp"

namespace vmsa
{

template <DescriptorFormat Format, Cpu C> class ActiveRoot {
    public:
	using Stage = typename Format::Stage;
	using Tlb = HardwareTlb<Format, C>;

	ActiveRoot(const MapConfig &config, C cpu)
	    : range_{config.range}, tlb_{{config.asid, config.range == Range::upper},
					 config.tlbi,
					 cpu}
	{
	}

	// Writes MAIR and TCR, or VTCR. What TLBs hold from before is not ours.
	void configure(uint64_t control)
	{
		if constexpr (!is_stage2)
			cpu().template write<Registers::memory_types>(mair_value);
		cpu().template write<Registers::control>(control);
		cpu().isb();
		tlb_.invalidate_regime();
		tlb_.sync();
	}

	PreviousRoot activate(uint64_t root)
	{
		mark_active();
		return exchange(root);
	}

	// Stage 2 invalidates by the current VMID, which is best done before that goes; stage 1 after the
	// TTBR has gone, so that nothing comes back.
	void deactivate(PreviousRoot previous)
	{
		if constexpr (is_stage2)
			mark_inactive();
		exchange(previous.ttbr);
		if constexpr (!is_stage2)
			mark_inactive();
	}

	// Tables are visible to the walker that is about to begin.
	void mark_active()
	{
		__atomic_fetch_add(&users_, 1, __ATOMIC_ACQ_REL);
		cpu().dsb_ishst();
	}

	void mark_inactive()
	{
		tlb_.invalidate_all();
		tlb_.sync();
		__atomic_fetch_sub(&users_, 1, __ATOMIC_ACQ_REL);
	}

	unsigned users() const
	{
		return __atomic_load_n(&users_, __ATOMIC_ACQUIRE);
	}

	Tlb &tlb()
	{
		return tlb_;
	}

    private:
	using Registers = RegimeRegisters<Stage>;

	static constexpr bool is_stage2 = Stage2Tag<Stage>;

	C &cpu()
	{
		return tlb_.cpu();
	}

	PreviousRoot exchange(uint64_t value)
	{
		return range_ == Range::upper ? exchange_in<Registers::upper>(value)
					      : exchange_in<Registers::lower>(value);
	}

	template <Register R> PreviousRoot exchange_in(uint64_t value)
	{
		const PreviousRoot previous{cpu().template read<R>()};

		cpu().template write<R>(value);
		cpu().isb();
		return previous;
	}

	Range range_;
	Tlb tlb_;
	unsigned users_ = 0;
};

} // namespace vmsa
