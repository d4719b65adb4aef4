// SPDX-License-Identifier: GPL-2.0-only
#include "faults.hpp"

namespace stage2
{

namespace
{

using vmsa::Errc;
using vmsa::Ipa;
using vmsa::Level;
using Granule = Guest::Format::Granule;
using Region = vmsa::Region<Ipa>;

Outcome map(Guest &guest, DemandRegion &demand, Region leaf, uint64_t offset, bool write)
{
	const auto attributes = guest.policy.of_new(leaf, demand.attributes, write);

	guest.ram.clean(offset, leaf.size());

	const auto result =
		guest.mapping.map(leaf, RamRule{guest.ram, leaf.first, offset}, attributes);

	if (!result) {
		guest.tables.trace_failure(result.error());
		return result.error().code == Errc::no_memory ? Outcome::no_tables
							      : Outcome::report;
	}
	guest.ram.mark(offset, leaf.size(), true);
	demand.bytes += leaf.size();
	guest.counters.demand_pages += leaf.size() / Granule::page_size;
	return leaf.size() == Granule::page_size ? Outcome::page : Outcome::block;
}

// The largest block around `ipa` that the region allows, the hole has room for, and RAM can back.
[[gnu::noinline]] bool map_block(Guest &guest, DemandRegion &demand, Ipa ipa, Region hole,
				 bool write)
{
	for (Level level = demand.largest; level < vmsa::last_level; level++) {
		const uint64_t size = Granule::size(level);
		const Region block{ipa.align_down(size), size};

		if (!demand.region.contains(block) || !hole.contains(block))
			continue;

		const uint64_t offset = guest.ram.find(size, block.first);

		if (offset == Ram::none)
			continue;

		const vmsa::Extent extent = guest.ram.at(offset);

		if (extent.pa.is_aligned(size) && extent.bytes >= size &&
		    map(guest, demand, block, offset, write) == Outcome::block)
			return true;
	}
	return false;
}

Outcome fill(Guest &guest, Ipa ipa, bool write)
{
	DemandRegion *demand = guest.policy.demand.find(ipa);

	if (!demand)
		return Outcome::report;
	if (demand->largest < vmsa::last_level &&
	    map_block(guest, *demand, ipa, guest.tree().at(ipa).region, write))
		return Outcome::block;

	const uint64_t offset = guest.ram.find_page();

	if (offset == Ram::none)
		return Outcome::no_ram;
	return map(guest, *demand, {ipa.align_down(Granule::page_size), Granule::page_size}, offset,
		   write);
}

// Whether somebody was here first is asked last: a page then takes one descent.
Outcome answer_translation(Guest &guest, Ipa ipa, bool write)
{
	const Outcome outcome = fill(guest, ipa, write);

	if (outcome == Outcome::page || outcome == Outcome::block)
		return outcome;
	return guest.tree().at(ipa).is_leaf() ? Outcome::resolved : outcome;
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

Outcome answer_permission(Guest &guest, Syndrome syndrome, Ipa ipa)
{
	const auto found = guest.tree().translate(ipa);

	// Unmapped, or allowed, since: the next attempt tells.
	if (!found || allows(found.value().attributes().access, syndrome))
		return Outcome::resolved;
	if (syndrome.is_write() && guest.mapping.note_dirty(ipa))
		return Outcome::dirty;
	return Outcome::report;
}

Outcome answer(Guest &guest, Syndrome syndrome, Ipa ipa)
{
	guest.counters.faults++;
	if (!guest.tree().space().contains(ipa))
		return Outcome::report;
	switch (syndrome.fault()) {
	case Fault::translation:
		return answer_translation(guest, ipa, syndrome.is_write());
	case Fault::permission:
		return answer_permission(guest, syndrome, ipa);
	case Fault::access_flag:
		if (guest.policy.report_accesses)
			return Outcome::report;
		(void)guest.mapping.note_accessed(ipa);
		return Outcome::accessed;
	default:
		return Outcome::report;
	}
}

} // namespace

Outcome answer_fault(Guest &guest, const stage2_context &context, Ipa ipa, FaultPlace &last)
{
	const FaultPlace here{context.pc, context.esr, ipa, guest.changes};
	const Outcome outcome = answer(guest, Syndrome{context.esr}, ipa);

	if (outcome == Outcome::resolved && here == last)
		return Outcome::report;
	guest.changes += outcome > Outcome::resolved;
	last = here;
	return outcome;
}

} // namespace stage2
