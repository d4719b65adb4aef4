// SPDX-License-Identifier: GPL-2.0-only
#include "engine/tlb.hpp"

#include "engine/el2/nvhe.hpp"
#include "engine/el2/vhe.hpp"
#include "engine/formats.hpp"
#include "kernel/kernel.hpp"
#include "stage2/trace_events.h"

namespace stage2::engine
{

namespace nvhe = el2::nvhe;
namespace vhe = el2::vhe;

namespace
{

// VMID 0 is the host's own.
inline constexpr unsigned most_vmids = 1 << 16;
inline constexpr unsigned bits_per_long = 64;

constinit unsigned long taken[most_vmids / bits_per_long]; // a bit for each VMID, atomic

unsigned take_vmid()
{
	for (unsigned vmid = machine().features.vmid16 ? most_vmids - 1 : 255; vmid; vmid--) {
		const unsigned long mask = vmsa::bit(vmid % bits_per_long);

		if (!(__atomic_fetch_or(&taken[vmid / bits_per_long], mask, __ATOMIC_RELAXED) &
		      mask))
			return vmid;
	}
	return 0;
}

void give_back_vmid(unsigned vmid)
{
	__atomic_fetch_and(&taken[vmid / bits_per_long], ~vmsa::bit(vmid % bits_per_long),
			   __ATOMIC_RELAXED);
}

stage2_tlbi_kind kind_of(vmsa::Tlbi op)
{
	switch (op) {
	case vmsa::Tlbi::ipas2le1is:
		return STAGE2_TLBI_LEAF;
	case vmsa::Tlbi::ipas2e1is:
		return STAGE2_TLBI_WALK;
	case vmsa::Tlbi::ripas2le1is:
		return STAGE2_TLBI_RANGE_LEAF;
	case vmsa::Tlbi::ripas2e1is:
		return STAGE2_TLBI_RANGE_WALK;
	default:
		return STAGE2_TLBI_VMID;
	}
}

vmsa::TlbiFeatures tlbi_features()
{
	return {.range = machine().features.range_tlbi,
		.ttl = machine().features.ttl,
		.repeat = machine().features.repeat_tlbi};
}

} // namespace

Tlb::Tlb(const char *guest) : guest_{guest}, features_{tlbi_features()}
{
}

void Tlb::complete_plan(vmsa::Region<vmsa::Ipa> region, const vmsa::TlbiPlan &plan)
{
	if (kind() == Kind::vhe) {
		vhe::invalidate(registers_, features_.repeat, plan);
	} else if (!nvhe::invalidate(registers_, features_.repeat, plan)) {
		// With nvhe a TLB has entries of a guest only while the guest is in that CPU, and an interrupt
		// makes it leave. When it comes back it walks the tables as they are now.
		sync();
		kernel_interrupt_cpus();
		return;
	}
	kernel_trace_tlbi(guest_, kind_of(plan.op), region.first.raw(), region.size(), plan.count);
}

// A VM of KVM's may have had the number, where it has run through all of its own. With nvhe each entry
// cleans its CPU of that, too, so it does not matter who has EL2 now.
bool Tlb::admit(const Stage2Registers &tables, uint64_t last_ipa)
{
	if (admitted())
		return true;

	const unsigned vmid = take_vmid();

	if (!vmid)
		return false;
	registers_ = {.vttbr = tables.vttbr | static_cast<uint64_t>(vmid) << 48,
		      .vtcr = tables.vtcr};

	complete_plan(vmsa::Region<vmsa::Ipa>::inclusive({}, vmsa::Ipa{last_ipa}),
		      vmsa::tlbi_all<vmsa::Stage2>({}));
	simple_ = kind() == Kind::vhe && features_.range && !features_.repeat &&
		  !machine().features.speculative_at;
	kernel_icache_flush();
	return true;
}

void Tlb::dismiss()
{
	if (!admitted())
		return;
	give_back_vmid(registers_.vttbr >> 48);
	registers_ = {};
	simple_ = false;
}

template <class Format>
void TlbOf<Format>::complete_region(vmsa::Region<vmsa::Ipa> region, vmsa::Level level, bool tables)
{
	invalidations_++;
	if (admitted())
		complete_plan(region,
			      vmsa::tlbi_plan<Format>(region, level, tables, {}, features_));
	else
		sync();
}

void Tlb::broke(vmsa::Region<vmsa::Ipa> region, vmsa::Level level)
{
	kernel_trace_bbm(guest_, region.first.raw(), region.size(), level);
}

void Tlb::cut(vmsa::Region<vmsa::Ipa> region, vmsa::Level level)
{
	kernel_trace_cut(guest_, region.first.raw(), region.size(), level);
}

void Tlb::folded(vmsa::Region<vmsa::Ipa> region, vmsa::Level level)
{
	kernel_trace_fold(guest_, region.first.raw(), region.size(), level);
}

#define X(granule, bits) template class TlbOf<Stage2Format<granule, bits>>;
STAGE2_FORMATS(X)
#undef X

} // namespace stage2::engine
