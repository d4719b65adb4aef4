// SPDX-License-Identifier: GPL-2.0-only
//
// What a guest can be asked to do. The guest's lock is held around each.
#include "region_words.hpp"
#include "stage2/numbers.hpp"
#include "words/error_log.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace stage2
{

namespace
{

using vmsa::Errc;
using vmsa::Ipa;
using Region = vmsa::Region<Ipa>;

vmsa::Result<void> change_access(Guest &guest, Region region, vmsa::Access access)
{
	if (guest.policy.dirty.all().empty())
		return guest.space->protect(region, access);

	const auto update = [&](Region leaf, const vmsa::Stage2Attributes &a) {
		return guest.policy.of_protected(leaf, a, access);
	};

	return guest.space->modify(region, update);
}

// RAM under a region of leaves is taken or given back. False: nothing was given back, for who asked was killed.
bool mark_ram(Guest &guest, Region region, bool used)
{
	for (Ipa at = region.first;;) {
		if (!used && kernel_is_killed()) {
			if (at != region.first)
				mark_ram(guest, {region.first, at - region.first}, true);
			return false;
		}

		const auto entry = guest.space->at(at);
		const auto part = entry.region.intersect(region);

		if (entry.is_leaf())
			guest.ram.mark(entry.output + (part.first - entry.region.first),
				       part.size(), used);
		if (part.last == region.last)
			return true;
		at = guest.space->after(entry);
	}
}

// What the engine's answer is to who asked.
int answer(const Guest &guest, const Request &request, const Value *v,
	   const vmsa::Result<void> &result)
{
	if (result)
		return 0;
	if ((result.error().code == Errc::cancelled || result.error().code == Errc::no_memory) &&
	    kernel_is_killed())
		return refuse_killed(request);
	guest.tables.trace_failure(result.error());
	return refuse_region(guest, request, v, result.error());
}

int map(Guest &guest, const Request &request, const Value *v)
{
	const Region region = region_of(v);
	vmsa::Level largest;

	if (const int error = largest_of(guest, request, v, vmsa::MapLimits{}.largest, largest))
		return error;

	if (const vmsa::Error error = guest.space->check(region); error.code != Errc::none)
		return refuse_region(guest, request, v, error);

	// "Mapped already" explains more than "no RAM left", so it is asked first.
	const Region hole = guest.space->stretch(region, false);

	if (hole != region) {
		const auto rest = Region::inclusive(hole.last + 1, region.last);

		return refuse_region(guest, request, v,
				     {Errc::overlap, guest.space->stretch(rest, true)});
	}

	const uint64_t offset = guest.ram.find(region.size(), region.first);

	if (offset == Ram::none)
		return request.refuse(
			ENOSPC, v[size_word].column, "no free run of %s (%s of %s are mapped)",
			numbers::size(region.size()).chars, numbers::size(guest.ram.used()).chars,
			numbers::size(guest.ram.size()).chars);
	if (!guest.ram.clean(offset, region.size()))
		return refuse_killed(request);

	const Tables::Killable killable{guest.tables};
	const int error =
		answer(guest, request, v,
		       guest.space->map(
			       region, RamRule{guest.ram, region.first, offset},
			       guest.policy.of_new(region, attributes_of(v), false),
			       {.largest = largest, .contiguous = v[contiguous_word].number != 0}));

	if (!error)
		guest.ram.mark(offset, region.size(), true);
	return error;
}

int unmap(Guest &guest, const Request &request, const Value *v)
{
	const Region region = region_of(v);

	if (const vmsa::Error error = guest.space->check(region); error.code != Errc::none)
		return refuse_region(guest, request, v, error);

	// Afterwards no one knows what lay there. Nobody can take the RAM before the lock is released,
	// that is before the invalidation is complete.
	if (!mark_ram(guest, region, false))
		return refuse_killed(request);

	const Tables::Killable killable{guest.tables};
	const int error = answer(guest, request, v, guest.space->unmap(region));

	if (error)
		mark_ram(guest, region, true);
	return error;
}

} // namespace

int guest_map(Guest &guest, const Request &request)
{
	Value v[region_words];

	v[prot_word].number = default_prot;
	if (const int error = request.parse(all_region_words, v))
		return error;

	const int error = map(guest, request, v);

	kernel_trace_map(guest.name, v[ipa_word].number, v[size_word].number,
			 static_cast<unsigned>(v[prot_word].number),
			 static_cast<unsigned>(v[attr_word].number), error, guest.tables.used());
	return error;
}

int guest_unmap(Guest &guest, const Request &request)
{
	Value v[region_words];

	if (const int error = request.parse(just_region_words, v))
		return error;

	const int error = unmap(guest, request, v);

	kernel_trace_unmap(guest.name, v[ipa_word].number, v[size_word].number, error,
			   guest.tables.used());
	return error;
}

int guest_protect(Guest &guest, const Request &request)
{
	Value v[region_words];

	if (const int error = request.parse(protect_words, v))
		return error;

	const Tables::Killable killable{guest.tables};
	const int error =
		answer(guest, request, v, change_access(guest, region_of(v), access_of(v)));

	kernel_trace_protect(guest.name, v[ipa_word].number, v[size_word].number,
			     static_cast<unsigned>(v[prot_word].number), error,
			     guest.tables.used());
	return error;
}

int guest_fold(Guest &guest, const Request &request)
{
	Value v[region_words];

	if (const int error = request.parse(fold_words, v))
		return error;

	return answer(guest, request, v,
		      guest.space->fold(region_of(v), {.contiguous = v[prot_word].number != 0}));
}

int guest_admit(Guest &guest, const Request &request)
{
	if (engine::kind() == engine::Kind::soft)
		return request.refuse(EOPNOTSUPP, error_log::no_caret, "the engine is soft: %s",
				      engine::about());
	if (!engine::is_ready())
		return request.refuse(EBUSY, error_log::no_caret, engine::not_ready);
	if (!guest.space->tlb().admit(guest.space->registers(),
				      guest.space->geometry().last_input()))
		return request.refuse(ENOSPC, error_log::no_caret,
				      "every VMID is in use by another guest");
	return 0;
}

int guest_set_walk(Guest &guest, const Request &request)
{
	Value ipa;

	if (const int error = request.parse_number(ipa))
		return error;
	if (ipa.number > guest.space->geometry().last_input())
		return request.refuse(
			ERANGE, ipa.column, "beyond the IPA space, which ends at 0x%lx",
			static_cast<unsigned long>(guest.space->geometry().last_input()));
	guest.walk_ipa = Ipa{ipa.number};
	guest.walk_given = true;
	return 0;
}

long guest_copy(Guest &guest, vmsa::Ipa ipa, void *buffer, uint64_t bytes, bool write)
{
	Space::Found found;

	if (!guest.space->translate(ipa, found))
		return -EIO;

	const uint64_t page = guest.page();
	const uint64_t count = std::min(bytes, page - ipa.raw() % page);
	void *memory = kernel_virt(found.pa.raw());

	// The guest may have its caches off. Then it has written past ours; and what we write, it
	// reads from memory, data or instructions.
	kernel_cache_clean(memory, count);
	if (!write) {
		std::memcpy(buffer, memory, count);
	} else {
		std::memcpy(memory, buffer, count);
		kernel_cache_clean(memory, count);
		kernel_icache_flush();
	}
	return static_cast<long>(count);
}

} // namespace stage2
