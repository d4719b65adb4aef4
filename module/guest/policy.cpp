// SPDX-License-Identifier: GPL-2.0-only
#include "policy.hpp"

#include "ranges.hpp"
#include "region_words.hpp"
#include "words/error_log.hpp"

namespace stage2
{

using vmsa::Ipa;
using vmsa::Stage2Attributes;
using Region = vmsa::Region<Ipa>;

Stage2Attributes Policy::of_new(Region region, Stage2Attributes attributes, bool written) const
{
	if (attributes.access.write && logs(region)) {
		attributes.dbm = true;
		attributes.access.write = written;
	}
	return attributes;
}

Stage2Attributes Policy::of_protected(Region region, Stage2Attributes leaf,
				      vmsa::Access access) const
{
	const bool written = leaf.dbm && leaf.access.write;

	leaf.access = access;
	if (access.write && (leaf.dbm || logs(region))) {
		leaf.dbm = true;
		leaf.access.write = written;
	} else if (leaf.dbm) {
		leaf.dbm = false;
		leaf.software |= written ? was_written : 0;
	}
	return leaf;
}

namespace
{

// The leaves of `region`, those that stick out of it whole, stretch by stretch. Whole leaves are changed in place: that
// takes no tables, and cannot fail.
void update_region(Guest &guest, Region region, const Space::Update &update)
{
	Space &space = *guest.space;

	for (Ipa at = region.first;;) {
		const auto entry = space.at(at);
		Region part = entry.region;

		if (entry.is_leaf()) {
			const Region rest = Region::inclusive(at, region.last);

			part.last = space.at(space.stretch(rest, true).last).region.last;
			(void)space.modify(part, update);
		}
		if (part.last >= region.last)
			return;
		at = part.last + 1;
	}
}

void start_log(Guest &guest, Region region)
{
	guest.policy.dirty.insert({region});
	update_region(guest, region, [](Region, Stage2Attributes leaf) {
		if (leaf.access.write && !leaf.dbm) {
			leaf.dbm = true;
			leaf.access.write = false;
		}
		return leaf;
	});
}

void end_log(Guest &guest)
{
	guest.policy.dirty.clear();
	update_region(guest, guest.space->all(), [](Region, Stage2Attributes leaf) {
		if (leaf.dbm) {
			leaf.dbm = false;
			leaf.access.write = true;
		}
		leaf.software &= static_cast<uint8_t>(~Policy::was_written);
		return leaf;
	});
}

// Can `region` join the list?
template <class T>
int check_new(Guest &guest, const Request &request, const Value *v, const RegionList<T> &list)
{
	const Region region = region_of(v);

	if (const vmsa::Error error = guest.space->check(region); error.code != vmsa::Errc::none)
		return refuse_region(guest, request, v, error);
	if (const T *other = list.overlap(region))
		return request.refuse(EEXIST, v[ipa_word].column, "0x%lx-0x%lx is declared already",
				      other->region.first.raw(), other->region.last.raw());
	if (list.full())
		return request.refuse(ENOSPC, v[ipa_word].column, "there are %zu regions already",
				      RegionList<T>::most);
	return 0;
}

} // namespace

int policy_set_demand(Guest &guest, const Request &request)
{
	Value v[region_words];
	vmsa::Level largest;

	if (request.is("off")) {
		guest.policy.demand.clear();
		return 0;
	}
	v[prot_word].number = default_prot;
	if (const int error = request.parse(demand_words, v))
		return error;
	if (const int error = largest_of(guest, request, v, vmsa::last_level, largest))
		return error;
	if (const int error = check_new(guest, request, v, guest.policy.demand))
		return error;

	const Stage2Attributes attributes = attributes_of(v);

	if (!guest.space->is_legal(attributes))
		return refuse_region(guest, request, v,
				     {vmsa::Errc::forbidden_attributes, region_of(v)});
	guest.policy.demand.insert(
		{region_of(v), attributes, largest, 0, guest.space->leaf_bits(attributes)});
	return 0;
}

int policy_set_dirty(Guest &guest, const Request &request)
{
	Value v[region_words];

	if (request.is("off")) {
		end_log(guest);
		return 0;
	}
	if (const int error = request.parse(just_region_words, v))
		return error;
	if (const int error = check_new(guest, request, v, guest.policy.dirty))
		return error;
	start_log(guest, region_of(v));
	return 0;
}

int policy_set_accessed(Guest &guest, const Request &request)
{
	static constexpr Symbol answers[] = {{"note", 0}, {"report", 1}};
	static constexpr Word words[] = {{"faults", Word::Kind::symbol, true, answers}};
	Value v[1];

	if (const int error = request.parse(words, v))
		return error;
	guest.policy.report_accesses = v[0].number;
	return 0;
}

namespace
{

// How many leaves a harvest can report at most.
size_t count_leaves(const Guest &guest, Region region)
{
	Space::Row row;
	size_t leaves = 0;

	for (Ipa at = region.first; guest.space->next_row(at, row); at = row.region.last + 1) {
		if (row.region.first > region.last)
			break;
		leaves += row.leaves;
		if (row.region.last >= region.last)
			break;
	}
	return leaves;
}

int create_ranges(const Request &request, size_t most, void **taken)
{
	// To count them took a while, and from here on nothing ends it.
	if (kernel_is_killed())
		return refuse_killed(request);
	*taken = Ranges::create(most);
	if (!*taken)
		return request.refuse(ENOMEM, error_log::no_caret,
				      "no memory for a list of %zu leaves", most);
	return 0;
}

} // namespace

int policy_take_dirty(Guest &guest, const Request &request, void **taken)
{
	size_t most = 0;

	for (const LoggedRegion &logged : guest.policy.dirty.all())
		most += count_leaves(guest, logged.region);
	if (const int error = create_ranges(request, most, taken))
		return error;
	for (const LoggedRegion &logged : guest.policy.dirty.all()) {
		(void)guest.space->harvest_dirty(
			logged.region,
			[&](Region leaf, vmsa::Level) { static_cast<Ranges *>(*taken)->add(leaf); },
			Policy::was_written);
	}
	return 0;
}

int policy_take_accessed(Guest &guest, const Request &request, void **taken)
{
	if (const int error =
		    create_ranges(request, count_leaves(guest, guest.space->all()), taken))
		return error;
	(void)guest.space->harvest_accessed(guest.space->all(), [&](Region leaf, vmsa::Level) {
		static_cast<Ranges *>(*taken)->add(leaf);
	});
	return 0;
}

} // namespace stage2
