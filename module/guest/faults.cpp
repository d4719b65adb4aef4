// SPDX-License-Identifier: GPL-2.0-only
#include "faults.hpp"

namespace stage2
{

namespace
{

using vmsa::Errc;
using vmsa::Ipa;
using vmsa::Level;
using Region = vmsa::Region<Ipa>;

constexpr bool is_answered(Outcome outcome)
{
	return outcome >= Outcome::resolved;
}

Region page_of(const Guest &guest, Ipa ipa)
{
	return {ipa.align_down(guest.page()), guest.page()};
}

void note_filled(Vcpu &vcpu, DemandRegion &demand, uint64_t bytes)
{
	__atomic_fetch_add(&demand.bytes, bytes, __ATOMIC_RELAXED);
	add(vcpu.demand_pages, bytes >> vcpu.guest->space->format().page_shift);
}

// Leaves of a region whose writes are noted are not as its attributes say.
[[gnu::noinline]] Errc map_logged(const Guest &guest, const DemandRegion &demand, Region page,
				  vmsa::Pa pa, bool write)
{
	return guest.space->map_page(page.first, pa,
				     guest.policy.of_new(page, demand.attributes, write), 0);
}

Outcome map_page(Vcpu &vcpu, DemandRegion &demand, Region page, bool write)
{
	Guest &guest = *vcpu.guest;
	const auto [offset, pa] = guest.ram.take_page();

	if (offset == Ram::none) [[unlikely]]
		return Outcome::no_ram;

	const Errc error =
		guest.policy.dirty.all().empty()
			? guest.space->map_page(page.first, pa, demand.attributes, demand.leaf)
			: map_logged(guest, demand, page, pa, write);

	if (error == Errc::none) [[likely]] {
		note_filled(vcpu, demand, page.size());
		return Outcome::page;
	}
	guest.ram.give_back_page(offset);
	return error == Errc::no_memory ? Outcome::no_tables : Outcome::report;
}

// A block that a fault may map.
struct Block {
	Region region;
	uint64_t offset;
};

// The largest around `ipa` that the region allows, the hole has room for, and RAM can back. Where the guest is
// shared, it may be gone a moment later.
[[gnu::noinline]] bool find_block(const Guest &guest, const DemandRegion &demand, Ipa ipa,
				  Block &block)
{
	const Region hole = guest.space->at(ipa).region;

	for (Level level = demand.largest; level < vmsa::last_level; level++) {
		const uint64_t size = guest.space->format().size(level);

		block.region = {ipa.align_down(size), size};
		if (!demand.region.contains(block.region) || !hole.contains(block.region))
			continue;
		block.offset = guest.ram.find_block(size);
		if (block.offset != Ram::none)
			return true;
	}
	return false;
}

// With the guest alone.
[[gnu::noinline]] Outcome map_block(Vcpu &vcpu, DemandRegion &demand, const Block &block,
				    bool write)
{
	Guest &guest = *vcpu.guest;
	const Region region = block.region;

	if (!guest.ram.clean(block.offset, region.size()))
		return Outcome::resolved; // and the run ends

	const auto result =
		guest.space->map(region, RamRule{guest.ram, region.first, block.offset},
				 guest.policy.of_new(region, demand.attributes, write), {});

	if (!result)
		return result.error().code == Errc::no_memory ? Outcome::no_tables
							      : Outcome::report;
	guest.ram.mark(block.offset, region.size(), true);
	note_filled(vcpu, demand, region.size());
	return guest.space->at(region.first).region == region ? Outcome::block : Outcome::page;
}

[[gnu::noinline]] Outcome answer_with_block(Vcpu &vcpu, DemandRegion &demand, Ipa ipa, bool write,
					    bool alone)
{
	Block block;

	if (!find_block(*vcpu.guest, demand, ipa, block))
		return map_page(vcpu, demand, page_of(*vcpu.guest, ipa), write);
	return alone ? map_block(vcpu, demand, block, write) : Outcome::report;
}

// Whether somebody was here first is asked last: a page then takes one descent.
[[gnu::always_inline]] inline Outcome answer_translation(Vcpu &vcpu, Ipa ipa, bool write,
							 bool alone)
{
	Guest &guest = *vcpu.guest;
	DemandRegion *demand = guest.policy.demand.find(ipa);
	Outcome outcome = Outcome::report;

	if (demand && demand->largest < vmsa::last_level)
		outcome = answer_with_block(vcpu, *demand, ipa, write, alone);
	else if (demand)
		outcome = map_page(vcpu, *demand, page_of(guest, ipa), write);
	if (is_answered(outcome)) [[likely]]
		return outcome;
	return guest.space->at(ipa).is_leaf() ? Outcome::resolved : outcome;
}

bool allows(vmsa::Access access, Syndrome syndrome)
{
	// A walk of stage 1 reads first, whatever it would write then.
	if (syndrome.on_stage1_walk())
		return access.read && access.write;
	if (syndrome.is_write())
		return access.write;
	if (syndrome.is_fetch())
		return access.execute != vmsa::Execute::none;
	return access.read;
}

[[gnu::noinline]] Outcome answer_permission(Guest &guest, Syndrome syndrome, Ipa ipa)
{
	Space::Found found;

	// Unmapped, or allowed, since: the next attempt tells.
	if (!guest.space->translate(ipa, found) || allows(found.attributes.access, syndrome))
		return Outcome::resolved;
	if (syndrome.is_write() && guest.space->note_dirty(ipa))
		return Outcome::dirty;
	return Outcome::report;
}

Outcome answer_access(Guest &guest, Ipa ipa)
{
	if (guest.policy.report_accesses)
		return Outcome::report;
	(void)guest.space->note_accessed(ipa);
	return Outcome::accessed;
}

[[gnu::always_inline]] inline Outcome answer(Vcpu &vcpu, Ipa ipa, bool alone)
{
	Guest &guest = *vcpu.guest;
	const Syndrome syndrome{vcpu.context->esr};

	if (!guest.space->all().contains(ipa))
		return Outcome::report;
	switch (syndrome.fault()) {
	case Fault::translation:
		return answer_translation(vcpu, ipa, syndrome.is_write(), alone);
	case Fault::permission:
		return answer_permission(guest, syndrome, ipa);
	case Fault::access_flag:
		return answer_access(guest, ipa);
	default:
		return Outcome::report;
	}
}

// Nothing was in the way. Not here for the second time, with nothing changed in between?
[[gnu::noinline]] Outcome go_on_once(const Vcpu &vcpu, Ipa ipa, FaultPlace &last)
{
	const Guest &guest = *vcpu.guest;
	const stage2_context &context = *vcpu.context;
	const FaultPlace here{context.pc, context.esr, ipa,
			      guest.changes + guest.vcpus.sum(&Vcpu::changes)};

	if (here == last)
		return Outcome::report;
	last = here;
	return Outcome::resolved;
}

[[gnu::always_inline]] inline Outcome answer_with(Vcpu &vcpu, Ipa ipa, FaultPlace &last, bool alone)
{
	if (vcpu.guest->removed) [[unlikely]]
		return Outcome::resolved;

	const Outcome outcome = answer(vcpu, ipa, alone);

	if (outcome > Outcome::resolved) [[likely]]
		add(vcpu.changes, 1);
	return outcome == Outcome::resolved ? go_on_once(vcpu, ipa, last) : outcome;
}

[[gnu::noinline]] Outcome answer_alone(Vcpu &vcpu, Ipa ipa, FaultPlace &last)
{
	Guest &guest = *vcpu.guest;
	const Guard guard{guest.lock};
	const Outcome outcome = answer_with(vcpu, ipa, last, true);

	if (outcome == Outcome::no_tables)
		guest.tables.trace_failure({Errc::no_memory, page_of(guest, ipa)});
	return outcome;
}

} // namespace

// The usual way is one function, and all others are calls: it saves few registers.
Outcome answer_fault(Vcpu &vcpu, Ipa ipa, FaultPlace &last)
{
	Guest &guest = *vcpu.guest;

	add(vcpu.faults, 1);
	{
		const SharedGuard guard{guest.lock};
		const Outcome outcome = answer_with(vcpu, ipa, last, false);

		if (is_answered(outcome)) [[likely]]
			return outcome;
	}
	return answer_alone(vcpu, ipa, last);
}

} // namespace stage2
