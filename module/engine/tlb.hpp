// SPDX-License-Identifier: GPL-2.0-only
// What TLBs hold of a guest, and how they lose it: VMIDs, and the sinks of vmsa's edits that issue TLBIs for them.
#pragma once

#include "engine/engine.hpp"

#include "vmsa/hardware_tlb.hpp"

namespace stage2::engine
{

// Who issues TLBIs, on whatever CPU the thread is: a vmsa::Cpu.
struct TlbCpu {
	static void tlbi(vmsa::Tlbi op, uint64_t operand);
	static void dsb_ishst();
	static void dsb_ish();
	static void isb();
};

// What the TLBs may hold of a guest: acts on its VMID from whatever CPU, under masked interrupts, and leaves
// VTTBR_EL2, VTCR_EL2 and HCR_EL2 as they were. Until the guest is admitted, no hardware has heard
// of it, and nothing is issued.
class Tlb {
    public:
	// `guest`: whose it is, for the trace.
	explicit Tlb(const char *guest) : guest_{guest}
	{
	}

	// From now on hardware may walk these tables: takes a VMID, the highest that no guest of ours
	// has (KVM counts from the lowest), and of which every TLB is clean. False when there is none
	// left. Harmless when done before. `tables`: its stage 2, without a VMID.
	bool admit(const Stage2Registers &tables, uint64_t last_ipa);
	// No vCPU is loaded any more, and so no TLB holds anything of the guest.
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

    protected:
	// False: KVM has EL2 on this CPU, and nothing was issued.
	template <class Act> [[nodiscard]] bool within(const Act &act);

	const char *guest_;
	Stage2Registers registers_{};
	uint64_t invalidations_ = 0;
	// What the next sync invalidates: the window is opened once.
	bool pending_ = false;
	bool tables_ = false;
	vmsa::Level level_ = 0;
	vmsa::Region<vmsa::Ipa> region_;
};

// The TlbSink of a guest whose tables have that format: one of STAGE2_FORMATS.
template <class Format> class TlbOf : public Tlb {
    public:
	explicit TlbOf(const char *guest);

	// For one of several threads that share the guest: the same, and in the end joined.
	TlbOf of_thread() const
	{
		TlbOf mine{*this};

		mine.invalidations_ = 0;
		return mine;
	}

	void invalidate(vmsa::Region<vmsa::Ipa> region, vmsa::Level level, bool tables);
	void sync();

    private:
	// Issues what is pending.
	void flush();

	vmsa::HardwareTlb<Format, TlbCpu> hardware_;
};

// The TlbSink of who only makes leaves where nothing was: no TLB holds anything of those.
struct Publisher {
	void invalidate(vmsa::Region<vmsa::Ipa>, vmsa::Level, bool)
	{
	}
	void sync()
	{
		TlbCpu::dsb_ishst();
	}
};

} // namespace stage2::engine
