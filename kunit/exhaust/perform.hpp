// SPDX-License-Identifier: GPL-2.0-only
//
// Performer: does what an operation says, and listens to what visitors are told of one page.
#pragma once

#include "exhaust/meaning.hpp"
#include "support/lab.hpp"

#include <optional>

namespace exhaust
{

using vmsa::Errc;
using vmsa::Error;

template <class F> class Performer {
	using Input = typename F::Input;
	using Region = vmsa::Region<Input>;

    public:
	Performer(support::Lab<F> &lab, support::Verdict &verdict) : lab_{lab}, verdict_{verdict}
	{
	}

	void listen(size_t page)
	{
		told_ = 0;
		told_of_ = Input{uint64_t{page} << page_shift};
	}

	// access_flag and writable, as far as a visitor was told of them.
	Descriptor told() const
	{
		return told_;
	}

	Error perform(const Operation &o)
	{
		const Region region = region_of(o);
		const vmsa::MapLimits limits = limits_of(o);
		const Rule rule{o};
		const auto attributes = attributes_of(o.attributes);
		const auto seen = [&](const vmsa::Entry<F> &e) {
			verdict_.expect(!lab_.tlb().may_hold(e.region),
					"what is shown is gone from every TLB",
					e.region.first.raw(), e.region.last.raw());
			if (e.region.contains(told_of_))
				told_ |= e.descriptor;
		};
		const auto hear = [&](Region leaf, Level) {
			if (leaf.contains(told_of_))
				told_ |= o.verb == Verb::harvest_dirty ? arm::writable
								       : arm::access_flag;
		};

		switch (o.verb) {
		case Verb::map:
			return lab_.map_by(region, rule, attributes, limits).error();
		case Verb::remap:
			return lab_.remap(region, rule, attributes, limits, seen).error();
		case Verb::unmap:
			return lab_.unmap(region).error();
		case Verb::unmap_saying:
			return lab_.unmap(region, o.to).error();
		case Verb::unmap_showing:
			return lab_.unmap(region, seen).error();
		case Verb::protect:
			return lab_.protect(region, attributes.access).error();
		case Verb::retype:
			return lab_.modify(region, Retype{attributes.memory}).error();
		case Verb::mark:
			return lab_
				.modify(region,
					[&](auto, auto a) {
						a.software =
							(a.software & ~1) | (o.to != Note::none);
						return a;
					})
				.error();
		case Verb::annotate:
			return lab_.annotate(region, o.to).error();
		case Verb::reannotate:
			return lab_.annotate(region, o.from, o.to).error();
		case Verb::unannotate:
			return lab_.unannotate(region, o.from).error();
		case Verb::cut:
			return lab_.cut(region, o.largest).error();
		case Verb::fold:
			return lab_.fold(region, {o.largest, o.contiguous}).error();
		case Verb::harvest_accessed:
			return lab_.harvest_accessed(region, hear).error();
		case Verb::harvest_dirty:
			return lab_.harvest_dirty(region, hear).error();
		case Verb::note_accessed:
			return lab_.note_accessed(region.first).error();
		case Verb::note_dirty:
			return lab_.note_dirty(region.first).error();
		case Verb::access:
		case Verb::write:
		case Verb::write_noted_beside:
			return hardware(region, o.verb);
		}
		return {};
	}

	// How many tables it will take, and how it will end but for no_memory. Empty where nobody can be asked.
	std::optional<vmsa::Result<size_t>> foresee(const Operation &o) const
	{
		const auto &map = lab_.mapping();
		const Region region = region_of(o);
		const auto attributes = attributes_of(o.attributes);

		switch (o.verb) {
		case Verb::map:
			return map.tables_to_map(region, Rule{o}, attributes, limits_of(o));
		case Verb::remap:
			return map.tables_to_remap(region, Rule{o}, attributes, limits_of(o));
		case Verb::unmap:
		case Verb::unmap_saying:
		case Verb::unmap_showing:
			return map.tables_to_unmap(region);
		case Verb::protect:
			return map.tables_to_protect(region, attributes.access);
		case Verb::retype:
			return map.tables_to_modify(region, Retype{attributes.memory});
		case Verb::annotate:
			return map.tables_to_annotate(region, o.to);
		case Verb::reannotate:
			return map.tables_to_annotate(region, o.from, o.to);
		case Verb::unannotate:
			return map.tables_to_unannotate(region, o.from);
		case Verb::cut:
			return map.tables_to_cut(region, o.largest);
		default:
			return {};
		}
	}

    private:
	struct Rule {
		const Operation &o;

		vmsa::Extent operator()(Input at) const
		{
			return {vmsa::Pa{output_of(o, at.raw() >> page_shift)}, vmsa::bit(32)};
		}
	};

	struct Retype {
		vmsa::MemoryType memory;

		auto operator()(auto, auto a) const
		{
			a.memory = memory;
			return a;
		}
	};

	static Region region_of(const Operation &o)
	{
		return {Input{uint64_t{o.first} << page_shift},
			uint64_t{1u + o.last - o.first} << page_shift};
	}

	static vmsa::MapLimits limits_of(const Operation &o)
	{
		return {o.largest, o.contiguous, vmsa::annotation(o.from)};
	}

	Error hardware(Region region, Verb verb)
	{
		const auto leaf = lab_.tree().at(region.first);

		if (!leaf.is_leaf())
			return {Errc::not_mapped, region};
		if (verb == Verb::write_noted_beside && (leaf.descriptor & arm::contiguous))
			region = {Input{region.first.raw() ^ leaf.region.size()}, region.size()};
		lab_.access(region, verb != Verb::access);
		return {};
	}

	support::Lab<F> &lab_;
	support::Verdict &verdict_;
	Input told_of_{};
	Descriptor told_ = 0;
};

} // namespace exhaust
