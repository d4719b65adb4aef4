// SPDX-License-Identifier: GPL-2.0-only
//
// Game: random operations of every kind on one tree, some in one batch, some with an allocation that fails
// or with breaks refused, with FEAT_BBM or without, with hardware setting AF and dirty state in between;
// against a flat map that says beforehand how each of them ends (board.hpp). All judges watch.
#pragma once

#include "support/board.hpp"

namespace support
{

template <class F> class Game : Board<F> {
	using Base = Board<F>;
	using typename Base::Attributes;
	using typename Base::Input;
	using typename Base::Region;

	using Base::flat_;
	using Base::lab_;
	using Base::random_;
	using Base::s_;
	using Base::verdict_;

    public:
	using Base::good;

	Game(struct kunit *test, const Scenario &s) : Base{test, s}
	{
	}

	// Returns how many operations that were.
	[[gnu::noinline]] unsigned long play()
	{
		for (unsigned i = 0; i < s_.moves && good() && !random_.is_over(); i++) {
			move();
			if (i % 64 == 63)
				this->review();
		}
		this->review();
		lab_.rules() = {};
		// What is left at the end, the lab reaps.
		if (random_.one_in(2)) {
			sweep(flat_.all());
			verdict_.expect(lab_.only_root(), "nothing is left but the root",
					lab_.memory().live(), 0);
		}
		this->expect_all_kinds_of_ends();
		if (!good())
			this->report();
		return this->operations_;
	}

    private:
	void move()
	{
		lab_.rules() = {};
		// Left alone, all falls to pieces, and nothing is ever cut, emptied or made a block.
		if (random_.one_in(8))
			sweep({this->start().align_down(s_.block), s_.block});
		lab_.rules().live = !random_.one_in(16);
		if (random_.one_in(8))
			lab_.rules().on_break = vmsa::OnBreak::refuse;
		lab_.rules().bbm_level = static_cast<unsigned>(random_.below(3));
		if (random_.one_in(64))
			this->adopt();
		// Often near each other, so that they meet.
		const Input first = this->start();
		if (!random_.one_in(4))
			return operate(first);
		lab_.together([&] {
			for (uint64_t n = 2 + random_.below(3); n && good(); n--)
				operate(random_.one_in(2) ? first : this->start());
		});
	}

	[[gnu::noinline]] void operate(Input first)
	{
		if (random_.one_in(2))
			lab_.memory().fail_at(random_.below(2));
		if (random_.one_in(6))
			remap(random_.one_in(2) ? this->reach(first)
						: this->extend(first, flat_.is_mapped(first)));
		else if (flat_.is_mapped(first) && random_.one_in(2))
			use(first);
		else if (!flat_.is_mapped(first))
			map(this->extend(first, false));
		else
			change(this->extend(first, true));
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
		switch (random_.below(6)) {
		case 0:
			return harvest(this->extend(at, true), false);
		case 1:
			return harvest(this->extend(at, true), true);
		case 2:
			return note(at, false);
		case 3:
			return note(at, true);
		default:
			return this->access(at, random_.one_in(2));
		}
	}

	[[gnu::noinline]] void sweep(Region region)
	{
		Region mapped;

		while (good() && flat_.find(region, true, mapped))
			unmap(mapped);
	}

	[[gnu::noinline]] void map(Region region)
	{
		const Pieces<F> rule = this->draw_rule();
		const vmsa::MapLimits limits = this->draw_limits();
		const Attributes a = draw_attributes<F>(random_);
		Region taken;
		Error want;

		if (is_forbidden(a))
			want = {Errc::forbidden_attributes, region};
		else if (flat_.find(region, true, taken))
			want = {Errc::overlap, taken};
		this->attempt(
			"map", region, want,
			[&] { return lab_.map_by(region, rule, a, limits).error(); },
			[&] { flat_.map(region, rule, a); });
	}

	// Over whatever is there; or, with its output left alone, in other leaves or with another access.
	[[gnu::noinline]] void remap(Region region)
	{
		const Pieces<F> rule = random_.one_in(3) ? again_ : this->draw_rule();
		const vmsa::MapLimits limits = this->draw_limits();
		const Attributes a = draw_attributes<F>(random_);
		const auto visit = [&](const vmsa::Entry<F> &e) {
			verdict_.expect(e.is_leaf() && region.contains(e.region) &&
						!lab_.tlb().may_hold(e.region),
					"what is shown was there, and is gone from every TLB",
					e.region.first.raw(), e.region.last.raw());
		};
		Error want;

		if (is_forbidden(a))
			want = {Errc::forbidden_attributes, region};
		again_ = rule;
		this->attempt(
			"remap", region, want,
			[&] { return lab_.remap(region, rule, a, limits, visit).error(); },
			[&] { flat_.map(region, rule, a); });
	}

	[[gnu::noinline]] void unmap(Region region)
	{
		const bool show = random_.one_in(3);
		uint64_t shown = 0;
		const auto visit = [&](const vmsa::Entry<F> &e) {
			verdict_.expect(e.is_leaf() && !lab_.tlb().may_hold(e.region),
					"what is shown is gone from every TLB",
					e.region.first.raw(), e.region.last.raw());
			shown += e.region.size();
		};

		this->attempt(
			"unmap", region, this->hole_in(region),
			[&] {
				return (show ? lab_.unmap(region, visit) : lab_.unmap(region))
					.error();
			},
			[&] {
				flat_.unmap(region);
				verdict_.expect(!show || shown == region.size(),
						"all that went was shown", shown, region.size());
			});
	}

	[[gnu::noinline]] void cut(Region region)
	{
		const Level level = 1 + static_cast<Level>(random_.below(3));

		this->attempt(
			"cut", region, this->hole_in(region),
			[&] { return lab_.cut(region, level).error(); }, [] {});
	}

	[[gnu::noinline]] void fold(Region region)
	{
		const vmsa::FoldLimits limits{static_cast<Level>(random_.below(4)) - 1,
					      random_.one_in(2)};

		this->attempt(
			"fold", region, {}, [&] { return lab_.fold(region, limits).error(); },
			[] {});
	}

	[[gnu::noinline]] void protect(Region region)
	{
		const auto access = draw_attributes<F>(random_).access;

		edit(
			"protect", region,
			[=](Attributes a) {
				if (is_dirty(a) && !access.write)
					a.software |= was_dirty;
				a.access = access;
				a.dbm = a.dbm && access.write;
				return a;
			},
			[&] { return lab_.protect(region, access).error(); });
	}

	[[gnu::noinline]] void modify(Region region)
	{
		const Attributes drawn = draw_attributes<F>(random_);
		const unsigned what = static_cast<unsigned>(random_.below(5));
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
				if constexpr (requires { a.global; })
					a.global = drawn.global;
				break;
			case 3:
				if constexpr (requires { a.global; })
					a.global = drawn.global;
				break;
			default:
				a.software = drawn.software;
			}
			return a;
		};

		edit("modify", region, update, [&] {
			return lab_.modify(region, [&](auto, auto a) { return update(a); }).error();
		});
	}

	template <class Change, class Call>
	[[gnu::noinline]] void edit(const char *what, Region region, const Change &change,
				    const Call &call)
	{
		Error want = this->hole_in(region);
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
		this->attempt(
			what, region, want,
			[&] {
				Error got = call();

				if (got.code == Errc::forbidden_attributes)
					got.last = 0;
				return got;
			},
			[&] { flat_.edit(region, change); });
	}

	[[gnu::noinline]] void harvest(Region region, bool dirty)
	{
		const auto noted = [=](const Attributes &a) {
			return dirty ? is_dirty(a) || (a.software & was_dirty) : a.accessed;
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

		this->attempt(
			dirty ? "harvest_dirty" : "harvest_accessed", region, {},
			[&] {
				return (dirty ? lab_.harvest_dirty(region, visit)
					      : lab_.harvest_accessed(region, visit))
					.error();
			},
			[] {});
		verdict_.expect(!good() || !any_in(region, noted), "all that was noted is reported",
				region.first.raw(), region.last.raw());
	}

	// A fault handler notes what hardware did not. Which leaf that is, the flat map cannot tell.
	[[gnu::noinline]] void note(Input at, bool dirty)
	{
		const Region unit{at, s_.unit};
		Error want;

		if (dirty && !flat_.attributes(at).dbm)
			want = {Errc::forbidden_attributes, unit};
		this->attempt(
			dirty ? "note_dirty" : "note_accessed", unit, want,
			[&] {
				// Of every leaf in it, as the flat map knows no parts of a unit.
				for (Input leaf = at;;) {
					const auto got = dirty ? lab_.note_dirty(leaf)
							       : lab_.note_accessed(leaf);
					const Input last = lab_.tree().at(leaf).region.last;

					if (!got)
						return Error{got.error().code, unit};
					if (last >= unit.last)
						return Error{};
					leaf = last + 1;
				}
			},
			[&] {
				flat_.edit(unit, [=](Attributes a) {
					a.accessed |= !dirty;
					a.access.write |= dirty;
					return a;
				});
			});
	}

	Pieces<F> again_{Input{0}, vmsa::bit(45), 0, 0}; // the rule of the last remap

	// What protect leaves where it ends dirty state: bit 58.
	static constexpr uint8_t was_dirty = static_cast<uint8_t>(F::software.get(vmsa::bit(58)));

	static bool is_dirty(const Attributes &a)
	{
		return a.dbm && a.access.write;
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
			if (dirty) {
				a.access.write &= !a.dbm;
				a.software &= static_cast<uint8_t>(~was_dirty);
			} else {
				a.accessed = false;
			}
			return a;
		});
	}
};

} // namespace support
