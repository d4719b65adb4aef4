// SPDX-License-Identifier: GPL-2.0-only
#include "walker.hpp"

#include "kernel.hpp"

namespace fuzz
{

namespace
{

using stage2::Space;
using vmsa::Ipa;

// Null where it has gone, and then nobody may have kept anything of it.
const Space *space_of(uint64_t vttbr)
{
	for (const auto &[name, guest] : kernel.folders) {
		if (guest->space->tlb().registers().vttbr == vttbr)
			return guest->space;
	}
	return nullptr;
}

// Would a guest that goes on with `old` do what the tables do not let it, or leave no note of what it does?
bool is_stale(const Space::Found &old, const Space::Found &now)
{
	const auto &a = old.attributes, &b = now.attributes;

	return old.pa != now.pa || a.memory != b.memory || (a.access.read && !b.access.read) ||
	       (a.access.write && !b.access.write) || a.access.execute != b.access.execute ||
	       (a.accessed && !b.accessed);
}

} // namespace

void Walker::load(const stage2_context &vcpu)
{
	require(!cpus_.contains(&vcpu), "a vCPU is loaded once");
	cpus_[&vcpu] = {vcpu.vttbr, {}, {}};
}

void Walker::put(const stage2_context &vcpu)
{
	require(cpus_.erase(&vcpu), "a vCPU that is put was loaded");
}

void Walker::lose(const stage2_context &vcpu)
{
	lost_.push_back(cpus_.at(&vcpu));
	cpus_.erase(&vcpu);
}

// With the guest's space.
template <class Look> void Walker::for_each(const Look &look) const
{
	for (const auto &[vcpu, held] : cpus_)
		look(held, space_of(held.vttbr));
	for (const Held &held : lost_) {
		if (const Space *space = space_of(held.vttbr))
			look(held, space);
	}
}

void Walker::enter(const stage2_context &vcpu)
{
	Held &held = cpus_.at(&vcpu);
	const Space *space = space_of(held.vttbr);

	look();
	if (!space || !held.pages.empty())
		return;
	for (Ipa at{};;) {
		const Space::Entry entry = space->at(at);

		space->steps(at, [&](vmsa::Level level, size_t, vmsa::Descriptor d) {
			if (space->decode(d, level).kind == Space::Decoded::Kind::table)
				held.tables.insert(space->child(d));
		});
		for (uint64_t n = entry.leaf ? entry.region.size() / space->format().page() : 0; n;
		     n--) {
			Space::Found found;

			require(space->translate(at, found), "a leaf translates");
			if (found.attributes.accessed)
				held.pages.push_back({at, found});
			at = at + space->format().page();
		}
		if (entry.region.last == space->all().last)
			break;
		at = entry.region.last + 1;
	}
}

void Walker::invalidate(uint64_t vttbr)
{
	const auto forget = [&](Held &held) {
		if (held.vttbr == vttbr)
			held = {vttbr, {}, {}};
	};

	for (auto &[vcpu, held] : cpus_)
		forget(held);
	for (Held &held : lost_)
		forget(held);
}

void Walker::look() const
{
	for_each([](const Held &held, const Space *space) {
		require(space, "a guest whose vCPU is loaded is there");
		for (const Page &page : held.pages) {
			Space::Found now;

			require(space->translate(page.ipa, now) && !is_stale(page.found, now),
				"no TLB has what the tables say no more");
		}
	});
}

void Walker::freed(const void *table) const
{
	for_each([=](const Held &held, const Space *) {
		require(!held.tables.contains(table), "no TLB knows a table that is freed");
	});
}

} // namespace fuzz
