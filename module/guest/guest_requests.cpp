// SPDX-License-Identifier: GPL-2.0-only
//
// What a guest can be asked to do. The guest's lock is held around each.
#include "region_words.hpp"
#include "stage2/numbers.hpp"
#include "words/error_log.hpp"

#include <cerrno>

namespace stage2
{

namespace
{

using vmsa::Errc;
using vmsa::Ipa;
using Region = vmsa::Region<Ipa>;

// The engine's calls are not inlined: its frame and that of a parsed request do not add up then.

[[gnu::noinline]] vmsa::Result<void> engine_map(Guest &guest, Region region, uint64_t offset,
						const vmsa::Stage2Attributes &attributes,
						vmsa::MapLimits limits)
{
	return guest.mapping.map(region, RamRule{guest.ram, region.first, offset}, attributes,
				 limits);
}

[[gnu::noinline]] vmsa::Result<void> engine_unmap(Guest &guest, Region region)
{
	return guest.mapping.unmap(region);
}

[[gnu::noinline]] vmsa::Result<void> engine_protect(Guest &guest, Region region,
						    vmsa::Access access)
{
	if (guest.policy.dirty.all().empty())
		return guest.mapping.protect(region, access);
	return guest.mapping.modify(region, [&](Region leaf, const vmsa::Stage2Attributes &a) {
		return guest.policy.of_protected(leaf, a, access);
	});
}

[[gnu::noinline]] vmsa::Result<void> engine_fold(Guest &guest, Region region)
{
	return guest.mapping.fold(region);
}

// RAM under a region of leaves is taken or given back.
void mark_ram(Guest &guest, Region region, bool used)
{
	for (Ipa at = region.first;;) {
		const auto entry = guest.tree().at(at);
		const auto part = entry.region.intersect(region);

		if (entry.is_leaf())
			guest.ram.mark(Guest::Format::output(entry.descriptor, entry.level) +
					       (part.first - entry.region.first),
				       part.size(), used);
		if (part.last == region.last)
			return;
		at = guest.tree().after(entry);
	}
}

// What the engine's answer is to who asked.
int answer(const Guest &guest, const Request &request, const Value *v,
	   const vmsa::Result<void> &result)
{
	if (result)
		return 0;
	guest.tables.trace_failure(result.error());
	return refuse_region(guest, request, v, result.error());
}

int map(Guest &guest, const Request &request, const Value *v)
{
	const Region region = region_of(v);

	if (const vmsa::Error error = vmsa::check_region(guest.tree(), region);
	    error.code != Errc::none)
		return refuse_region(guest, request, v, error);

	// "Mapped already" explains more than "no RAM left", so it is asked first.
	const Region hole = guest.tree().stretch(region, false);

	if (hole != region) {
		const auto rest = Region::inclusive(hole.last + 1, region.last);

		return refuse_region(guest, request, v,
				     {Errc::overlap, guest.tree().stretch(rest, true)});
	}

	const uint64_t offset = guest.ram.find(region.size(), region.first);

	if (offset == Ram::none)
		return request.refuse(
			ENOSPC, v[size_word].column, "no free run of %s (%s of %s are mapped)",
			numbers::size(region.size()).chars, numbers::size(guest.ram.used()).chars,
			numbers::size(guest.ram.size()).chars);

	const int error = answer(guest, request, v,
				 engine_map(guest, region, offset,
					    guest.policy.of_new(region, attributes_of(v), false),
					    {.largest = largest_of(v)}));

	if (!error)
		guest.ram.mark(offset, region.size(), true);
	return error;
}

int unmap(Guest &guest, const Request &request, const Value *v)
{
	const Region region = region_of(v);

	if (const vmsa::Error error = vmsa::check_region(guest.tree(), region);
	    error.code != Errc::none)
		return refuse_region(guest, request, v, error);

	// Afterwards no one knows what lay there. Nobody can take the RAM before the lock is released,
	// that is before the invalidation is complete.
	mark_ram(guest, region, false);

	const int error = answer(guest, request, v, engine_unmap(guest, region));

	if (error)
		mark_ram(guest, region, true);
	return error;
}

} // namespace

int guest_map(Guest &guest, const Request &request)
{
	Value v[region_words];

	v[prot_word].number = default_prot;
	v[max_word].number = 1;
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

	const int error =
		answer(guest, request, v, engine_protect(guest, region_of(v), access_of(v)));

	kernel_trace_protect(guest.name, v[ipa_word].number, v[size_word].number,
			     static_cast<unsigned>(v[prot_word].number), error,
			     guest.tables.used());
	return error;
}

int guest_fold(Guest &guest, const Request &request)
{
	Value v[region_words];

	if (const int error = request.parse(just_region_words, v))
		return error;

	return answer(guest, request, v, engine_fold(guest, region_of(v)));
}

int guest_admit(Guest &guest, const Request &request)
{
	if (engine::kind() == engine::Kind::soft)
		return request.refuse(EOPNOTSUPP, error_log::no_caret, "the engine is soft: %s",
				      engine::about());
	if (!engine::is_ready())
		return request.refuse(EBUSY, error_log::no_caret, engine::not_ready);
	if (!guest.tlb.admit(guest.tree().geometry(), guest.tree().root_address()))
		return request.refuse(ENOSPC, error_log::no_caret,
				      "every VMID is in use by another guest");
	return 0;
}

int guest_set_walk(Guest &guest, const Request &request)
{
	Value ipa;

	if (const int error = request.parse_number(ipa))
		return error;
	if (ipa.number > guest.tree().geometry().last_input())
		return request.refuse(
			ERANGE, ipa.column, "beyond the IPA space, which ends at 0x%lx",
			static_cast<unsigned long>(guest.tree().geometry().last_input()));
	guest.walk_ipa = Ipa{ipa.number};
	guest.walk_given = true;
	return 0;
}

} // namespace stage2
