// SPDX-License-Identifier: GPL-2.0-only
//
// Game: random operations of every kind on one tree, some with an allocation that fails or with breaks
// refused, with FEAT_BBM or without, with hardware setting AF and dirty state in between; against a flat
// map that says beforehand how each of them ends. All judges watch.
#pragma once

#include "support/scenario.hpp"

namespace support
{

using vmsa::Errc;
using vmsa::Error;
using vmsa::Level;

template <class F> class Game {
	using Input = typename F::Input;
	using Attributes = typename F::Attributes;
	using Region = vmsa::Region<Input>;

    public:
	Game(struct kunit *test, const Scenario &s)
	    : s_{s}, verdict_{test}, random_{s.input_bits + s.unit}, lab_{test, s.input_bits, 48,
									  s.range},
	      flat_{test, Input{s.first}, s.unit, s.units}, before_{test, lab_.memory()}
	{
	}

	[[gnu::noinline]] void play()
	{
		for (unsigned i = 0; i < s_.operations && good(); i++) {
			move();
			if (i % 64 == 63)
				review();
		}
		lab_.rules() = {};
		sweep(flat_.all());
		verdict_.expect(lab_.only_root(), "nothing is left but the root",
				lab_.memory().live(), 0);
		// A game in which nothing goes wrong, or nothing right, tests little.
		verdict_.expect(!good() || (succeeded_ > s_.operations / 3 &&
					    refused_ >= s_.operations / 40 &&
					    starved_ >= s_.operations / 200),
				"all kinds of ends", succeeded_, refused_);
	}

    private:
	bool good() const
	{
		return lab_.good() && flat_.ready() && verdict_.good();
	}

	void move()
	{
		const Input first = start();

		lab_.rules() = {};
		// Left alone, all falls to pieces, and nothing is ever cut, emptied or made a block.
		if (random_.one_in(8))
			sweep({first.align_down(s_.block), s_.block});
		lab_.rules() = {!random_.one_in(16),
				random_.one_in(8) ? vmsa::OnBreak::refuse : vmsa::OnBreak::perform,
				static_cast<unsigned>(random_.below(3))};
		if (random_.one_in(2))
			lab_.memory().fail_at(random_.below(2));
		if (flat_.is_mapped(first) && random_.one_in(2))
			use(first);
		else if (!flat_.is_mapped(first))
			map(extend(first, false));
		else
			change(extend(first, true));
		lab_.memory().fail_at(ScratchMemory::never);
	}

	[[gnu::noinline]] void change(Region region)
	{
		switch (random_.below(8)) {
		case 0:
			return fold(region);
		case 1:
			return cut(region);
		case 2:
			return protect(region);
		case 3:
		case 4:
			return modify(region);
		default:
			return unmap(region);
		}
	}

	// Memory is accessed or written; or somebody asks which was.
	[[gnu::noinline]] void use(Input at)
	{
		switch (random_.below(4)) {
		case 0:
			return harvest(extend(at, true), false);
		case 1:
			return harvest(extend(at, true), true);
		default:
			lab_.access({at, s_.unit}, random_.one_in(2));
			look_at({at, s_.unit});
		}
	}

	[[gnu::noinline]] void sweep(Region region)
	{
		Region mapped;

		while (good() && flat_.find(region, true, mapped))
			unmap(mapped);
	}

	Input start()
	{
		const uint64_t offset = random_.below(s_.units) * s_.unit;

		return Input{s_.first} + (random_.one_in(2) ? offset & ~(s_.block - 1) : offset);
	}

	// As long as it pleases; usually no longer than what is mapped (or is not).
	[[gnu::noinline]] Region extend(Input first, bool mapped)
	{
		const Input end = flat_.all().last;
		const uint64_t most[] = {8 * s_.unit, s_.block, 2 * s_.block, end - first + 1};
		const uint64_t limit = most[random_.below(4)];
		uint64_t bytes = (1 + random_.below(limit / s_.unit)) * s_.unit;

		if (random_.one_in(2))
			bytes = (bytes + s_.block - 1) & ~(s_.block - 1);
		if (bytes > end - first + 1)
			bytes = end - first + 1;

		Region region{first, bytes};

		if (!random_.one_in(8))
			flat_.find(region, mapped, region);
		return region;
	}

	[[gnu::noinline]] void map(Region region)
	{
		// Half the time in one piece: then blocks are possible, unless it is out of step.
		const uint64_t piece =
			random_.one_in(2) ? vmsa::bit(45) : s_.unit << random_.below(4);
		const uint64_t offset = random_.one_in(3) ? s_.unit : 0;
		const Pieces<F> rule{Input{s_.range == vmsa::Range::lower ? 0 : s_.first}, piece,
				     random_.below(vmsa::bit(32)), offset};
		const vmsa::MapLimits limits{static_cast<Level>(random_.below(4)) - 1,
					     random_.one_in(2)};
		const Attributes a = draw_attributes<F>(random_);
		Region taken;
		Error want;

		if (is_forbidden(a))
			want = {Errc::forbidden_attributes, region};
		else if (flat_.find(region, true, taken))
			want = {Errc::overlap, taken};
		before_.take(lab_.tree());
		if (ended_as(lab_.map_by(region, rule, a, limits).error(), want, region))
			flat_.map(region, rule, a);
		look_at(region);
	}

	[[gnu::noinline]] void unmap(Region region)
	{
		const Error want = hole_in(region);

		before_.take(lab_.tree());
		if (ended_as(lab_.unmap(region).error(), want, region))
			flat_.unmap(region);
		look_at(region);
	}

	[[gnu::noinline]] void cut(Region region)
	{
		const Error want = hole_in(region);

		before_.take(lab_.tree());
		ended_as(lab_.cut(region, 1 + static_cast<Level>(random_.below(3))).error(), want,
			 region);
		look_at(region);
	}

	[[gnu::noinline]] void fold(Region region)
	{
		before_.take(lab_.tree());
		ended_as(lab_.fold(region,
				   {static_cast<Level>(random_.below(4)) - 1, random_.one_in(2)})
				 .error(),
			 {}, region);
		look_at(region);
	}

	[[gnu::noinline]] void protect(Region region)
	{
		const auto access = draw_attributes<F>(random_).access;

		edit(
			region,
			[=](Attributes a) {
				a.access = access;
				a.dbm = a.dbm && access.write;
				return a;
			},
			[&] { return lab_.protect(region, access).error(); });
	}

	[[gnu::noinline]] void modify(Region region)
	{
		const Attributes drawn = draw_attributes<F>(random_);
		const unsigned what = static_cast<unsigned>(random_.below(4));
		const auto update = [=](Attributes a) {
			switch (what) {
			case 0:
				a.memory = drawn.memory;
				break;
			case 1:
				a.access = drawn.access;
				a.dbm = drawn.dbm;
				break;
			case 2:
				a.shareability = drawn.shareability;
				break;
			default:
				a.software = drawn.software;
			}
			return a;
		};

		edit(region, update, [&] {
			return lab_.modify(region, [&](auto, auto a) { return update(a); }).error();
		});
	}

	template <class Change, class Call>
	[[gnu::noinline]] void edit(Region region, const Change &change, const Call &call)
	{
		Error want = hole_in(region);
		const uint64_t end = (want.code == Errc::none ? region.last.raw() : want.first - 1);

		for (Input at = region.first; at.raw() <= end;) {
			if (is_forbidden(change(flat_.attributes(at)))) {
				// The leaf at fault; how long it is the flat map cannot tell.
				want = {Errc::forbidden_attributes, at.raw(), 0};
				break;
			}
			if (end - at.raw() < s_.unit)
				break;
			at = at + s_.unit;
		}
		before_.take(lab_.tree());

		Error got = call();

		if (got.code == Errc::forbidden_attributes)
			got.last = 0;
		if (ended_as(got, want, region))
			flat_.edit(region, change);
		look_at(region);
	}

	[[gnu::noinline]] void harvest(Region region, bool dirty)
	{
		const auto noted = [=](const Attributes &a) {
			return dirty ? a.dbm && a.access.write : a.accessed;
		};
		Region seen{Input{0}, 0};
		const auto visit = [&](Region leaf, Level) {
			leaf = whole_units(leaf);
			// A group is reported once for each leaf in which something was noted.
			if (leaf == seen)
				return;
			seen = leaf;
			verdict_.expect(any_in(leaf, noted), "only what was noted is reported",
					leaf.first.raw(), leaf.last.raw());
			clear(leaf, dirty);
		};

		look_at(region); // takes notes over that the map does not know
		before_.take(lab_.tree());
		ended_as((dirty ? lab_.harvest_dirty(region, visit)
				: lab_.harvest_accessed(region, visit))
				 .error(),
			 {}, region);
		look_at(region);
		verdict_.expect(!good() || !any_in(region, noted), "all that was noted is reported",
				region.first.raw(), region.last.raw());
	}

	Region whole_units(Region leaf) const
	{
		return Region::inclusive(leaf.first.align_down(s_.unit),
					 leaf.last.align_down(s_.unit) + (s_.unit - 1));
	}

	template <class Noted> bool any_in(Region leaf, const Noted &noted)
	{
		bool any = false;

		flat_.edit(leaf, [&](Attributes a) {
			any = any || noted(a);
			return a;
		});
		return any;
	}

	void clear(Region leaf, bool dirty)
	{
		flat_.edit(leaf, [=](Attributes a) {
			if (dirty)
				a.access.write &= !a.dbm;
			else
				a.accessed = false;
			return a;
		});
	}

	Error hole_in(Region region) const
	{
		Region hole;

		if (flat_.find(region, false, hole))
			return {Errc::not_mapped, hole};
		return {};
	}

	// Does the operation count? Where memory was to fail, it may have, and where breaks are refused,
	// which leaf is the first to need one the flat map cannot tell.
	[[gnu::noinline]] bool ended_as(const Error &got, const Error &want, Region region)
	{
		const bool starved = got == Error(Errc::no_memory, region);
		const bool broke = got.code == Errc::needs_break && lab_.rules().live &&
				   lab_.rules().on_break == vmsa::OnBreak::refuse;

		verdict_.expect(got == want || broke || (starved && want.code == Errc::none),
				"the end that the flat map foretold", region.first.raw(),
				region.last.raw());
		verdict_.expect(got.code == Errc::none || before_.matches(lab_.tree()),
				"the tables of before, after a failure", region.first.raw(),
				region.last.raw());
		succeeded_ += got.code == Errc::none;
		starved_ += starved;
		refused_ += got.code != Errc::none && !starved;
		return good() && got.code == Errc::none;
	}

	// Where something was to happen, and a block to either side: a group may reach so far.
	[[gnu::noinline]] void look_at(Region region)
	{
		const Region all = flat_.all();

		region = region.intersect(all);
		if (region.first - all.first >= s_.block)
			region.first = region.first - s_.block;
		if (all.last - region.last >= s_.block)
			region.last = region.last + s_.block;
		verdict_.expect(flat_.agrees(lab_.tree(), region), "what the flat map says",
				region.first.raw(), region.last.raw());
	}

	[[gnu::noinline]] void review()
	{
		const auto c = vmsa::census(lab_.tree());
		const Input end = lab_.tree().space().last;
		vmsa::Row<F> row;
		uint64_t leaves = 0;

		for (Input from = lab_.tree().space().first; next_row(lab_.tree(), from, row);
		     from = row.region.last + 1) {
			leaves += row.leaves;
			if (row.region.last == end)
				break;
		}
		verdict_.expect(leaves == c.leaves[0] + c.leaves[1] + c.leaves[2] + c.leaves[3],
				"as many leaves in rows as in the census", leaves, 0);
		verdict_.expect(c.tables == lab_.memory().live(),
				"as many tables in the census as there are", c.tables, 0);
		look_at(flat_.all());
	}

	const Scenario &s_;
	Verdict verdict_;
	Random random_;
	Lab<F> lab_;
	FlatMap<F> flat_;
	Snapshot<vmsa::Tree<F, ScratchMemory>> before_;
	unsigned succeeded_ = 0;
	unsigned refused_ = 0;
	unsigned starved_ = 0;
};

} // namespace support
