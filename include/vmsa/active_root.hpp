// SPDX-License-Identifier: MIT OR Apache-2.0
//
// ActiveRoot: how the root of one tree goes into a CPU's TTBR and leaves it again, and how many CPUs
// have it there. LiveMap (live_map.hpp) is a map around it.
#pragma once

#include "vmsa/hardware_tlb.hpp"
#include "vmsa/map_config.hpp"

namespace vmsa
{

// When a CPU is counted as a user of a map.
enum class CountCpu : uint8_t {
	now,
	later, // by mark_active(), when its MMU is on
};

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
	void configure(uint64_t control, [[maybe_unused]] uint64_t mair)
	{
		if constexpr (!is_stage2)
			cpu().template write<Registers::memory_types>(mair);
		cpu().template write<Registers::control>(control);
		cpu().isb();
		flush_every_tag();
	}

	PreviousRoot activate(uint64_t root, CountCpu count)
	{
		if (count == CountCpu::now)
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

	// Tables are visible to the walker that is about to begin: the barrier waits for stores, and behind what others
	// have changed under the lock comes this one (Documentation/litmus/activate.litmus). Only a writer counts. Its
	// MMU may be off, and then there are no atomics: memory is Device memory.
	void mark_active()
	{
		__atomic_store_n(&users_, users_ + 1, __ATOMIC_RELEASE);
		cpu().dsb_ishst();
	}

	void mark_inactive()
	{
		flush_tag();
		__atomic_store_n(&users_, users_ - 1, __ATOMIC_RELEASE);
	}

	// `after` is `before` with another ASID or VMID, and replaces it where this CPU has it. What the old tag has
	// left goes, and what another tree may have left under the new one. Stage 1 runs on, and must not meet that:
	// it goes first. At stage 2 nobody runs meanwhile, and one instruction, for every VMID, comes last.
	void retag(uint16_t asid, uint64_t before, uint64_t after, TagFlush flush)
	{
		const uint16_t old = tlb_.tag().asid;

		tlb_.retag(asid);
		if constexpr (is_stage2)
			tlb_.vttbr(after);
		else if (flush == TagFlush::both)
			flush_tag();
		if (current() == before)
			exchange(after);
		if (flush != TagFlush::both)
			return;
		if constexpr (is_stage2) {
			flush_every_tag();
		} else {
			tlb_.retag(old);
			flush_tag();
			tlb_.retag(asid);
		}
	}

	void flush_every_tag()
	{
		tlb_.flush_regime();
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

	void flush_tag()
	{
		tlb_.invalidate_all();
		tlb_.sync();
	}

	uint64_t current()
	{
		return range_ == Range::upper ? cpu().template read<Registers::upper>()
					      : cpu().template read<Registers::lower>();
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
