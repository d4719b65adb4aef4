// SPDX-License-Identifier: GPL-2.0-only
//
// What a guest can be asked to do. The guest's lock is held around each.
#include "error_log.hpp"
#include "guest.hpp"

#include <cerrno>

namespace stage2
{

namespace
{

using vmsa::Errc;
using vmsa::Ipa;
using Region = vmsa::Region<Ipa>;

// Symbols carry the index of what they stand for.
constexpr vmsa::Access accesses[] = {vmsa::no_access, vmsa::r,	vmsa::w,
				     vmsa::rw,	      vmsa::rx, vmsa::rwx};
constexpr Symbol prot_symbols[] = {{"none", 0}, {"r", 1},  {"w", 2},
				   {"rw", 3},	{"rx", 4}, {"rwx", 5}};
constexpr uint64_t default_prot = 3;

constexpr vmsa::MemoryType memory_types[] = {vmsa::normal, vmsa::device, vmsa::nc};
constexpr Symbol attr_symbols[] = {{"normal", 0}, {"device", 1}, {"nc", 2}};

constexpr Symbol max_symbols[] = {{"4k", 3}, {"2m", 2}, {"1g", 1}};
constexpr uint64_t default_max = 1;

enum { ipa_word, size_word, prot_word, attr_word, max_word, map_words };

constexpr Word words[map_words] = {
	{"ipa", Word::Kind::number, true},
	{"size", Word::Kind::number, true},
	{"prot", Word::Kind::symbol, false, prot_symbols},
	{"attr", Word::Kind::symbol, false, attr_symbols},
	{"max", Word::Kind::symbol, false, max_symbols},
};

constexpr Word protect_words[] = {
	words[ipa_word],
	words[size_word],
	{"prot", Word::Kind::symbol, true, prot_symbols},
};

constexpr std::span<const Word> unmap_words{words, prot_word};

Region region_of(const Value *values)
{
	return {Ipa{values[ipa_word].number}, values[size_word].number};
}

// The library's error in the request's words: which one was wrong, and what would be right.
int refuse(const Guest &guest, const Request &request, const Value *values,
	   const vmsa::Error &error)
{
	const Value &ipa = values[ipa_word];
	const Value &size = values[size_word];
	const unsigned long first = error.first;
	const unsigned long last = error.last;
	const unsigned long page = Guest::Format::Granule::page_size;

	switch (error.code) {
	case Errc::empty_or_wrapping:
		if (size.number == 0)
			return request.refuse(EINVAL, size.column, "size is 0");
		return request.refuse(EINVAL, size.column, "the region wraps around 2^64");
	case Errc::unaligned_input:
		return request.refuse(EINVAL, ipa.number % page ? ipa.column : size.column,
				      "%s is not a multiple of the page, 0x%lx",
				      ipa.number % page ? "ipa" : "size", page);
	case Errc::beyond_input:
		return request.refuse(
			ERANGE, ipa.column, "0x%lx-0x%lx leaves the IPA space, which ends at 0x%lx",
			first, last,
			static_cast<unsigned long>(guest.tree().geometry().last_input()));
	case Errc::forbidden_attributes:
		return request.refuse(EINVAL, values[prot_word].column,
				      "device and nc memory cannot be executable (0x%lx-0x%lx)",
				      first, last);
	case Errc::overlap:
		return request.refuse(EEXIST, ipa.column, "0x%lx-0x%lx is mapped already", first,
				      last);
	case Errc::not_mapped:
		return request.refuse(ENOENT, ipa.column, "0x%lx-0x%lx is not mapped", first, last);
	case Errc::no_memory:
		return request.refuse(ENOMEM, ipa.column,
				      "no memory for another table (%lu bytes in use)",
				      static_cast<unsigned long>(guest.tables.used()));
	default:
		return request.refuse(EINVAL, ipa.column, "the library refuses 0x%lx-0x%lx", first,
				      last);
	}
}

// The output of an IPA is where the RAM that was picked for the region lies.
struct RamRule {
	const Ram &ram;
	Ipa first;
	uint64_t offset;

	vmsa::Extent operator()(Ipa ipa) const
	{
		return ram.at(offset + (ipa - first));
	}
};

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
	return guest.mapping.protect(region, access);
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
		at = part.last + 1;
	}
}

} // namespace

int guest_map(Guest &guest, const Request &request)
{
	Value v[map_words];

	v[prot_word].number = default_prot;
	v[max_word].number = default_max;
	if (const int error = request.parse(words, v))
		return error;

	const Region region = region_of(v);

	if (const vmsa::Error error = vmsa::check_region(guest.tree(), region);
	    error.code != Errc::none)
		return refuse(guest, request, v, error);

	// "Mapped already" explains more than "no RAM left", so it is asked first.
	const Region hole = guest.tree().stretch(region, false);

	if (hole != region) {
		const auto rest = Region::inclusive(hole.last + 1, region.last);

		return refuse(guest, request, v, {Errc::overlap, guest.tree().stretch(rest, true)});
	}

	const uint64_t offset = guest.ram.find(region.size(), region.first);

	if (offset == Ram::none)
		return request.refuse(
			ENOSPC, v[size_word].column,
			"no free run of RAM that long (0x%lx of 0x%lx bytes are mapped)",
			static_cast<unsigned long>(guest.ram.used()),
			static_cast<unsigned long>(guest.ram.size()));

	const auto result =
		engine_map(guest, region, offset,
			   memory_types[v[attr_word].number] | accesses[v[prot_word].number],
			   {.largest = static_cast<vmsa::Level>(v[max_word].number)});

	if (!result)
		return refuse(guest, request, v, result.error());
	guest.ram.mark(offset, region.size(), true);
	return 0;
}

int guest_unmap(Guest &guest, const Request &request)
{
	Value v[map_words];

	if (const int error = request.parse(unmap_words, v))
		return error;

	const Region region = region_of(v);

	if (const vmsa::Error error = vmsa::check_region(guest.tree(), region);
	    error.code != Errc::none)
		return refuse(guest, request, v, error);

	// Afterwards no one knows what lay there. Nobody can take the RAM before the lock is released,
	// that is before the invalidation is complete.
	mark_ram(guest, region, false);

	const auto result = engine_unmap(guest, region);

	if (!result) {
		mark_ram(guest, region, true);
		return refuse(guest, request, v, result.error());
	}
	return 0;
}

int guest_protect(Guest &guest, const Request &request)
{
	Value v[map_words];

	if (const int error = request.parse(protect_words, v))
		return error;

	const auto result = engine_protect(guest, region_of(v), accesses[v[prot_word].number]);

	return result ? 0 : refuse(guest, request, v, result.error());
}

int guest_admit(Guest &guest, const Request &request)
{
	if (engine::kind() == engine::Kind::soft)
		return request.refuse(EOPNOTSUPP, error_log::no_caret, "the engine is soft: %s",
				      engine::about());
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
