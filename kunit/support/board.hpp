// SPDX-License-Identifier: GPL-2.0-only
//
// Board: what a game (game.hpp) is played on, and how each of its operations is judged. The flat map
// foretells how it ends; after it
//
//   the tables of before stand, byte for byte, where it failed     (snapshot)
//   the flat map and the tree agree, wherever a leaf changed and wherever one should have
//   no leaf changed outside of the window
//   no live descriptor was broken where breaks are refused
//
// and the lab's judges have had their say.
#pragma once

#include "support/move_log.hpp"
#include "support/scenario.hpp"

namespace support
{

using vmsa::Errc;
using vmsa::Error;
using vmsa::Level;

template <class F> class Board {
    protected:
	using Input = typename F::Input;
	using Attributes = typename F::Attributes;
	using Region = vmsa::Region<Input>;

	Board(struct kunit *test, const Scenario &s)
	    : test_{test}, s_{s}, verdict_{test},
	      random_{s.chosen.data() ? Random{s.chosen} : Random{s.seed}}, lab_{test, s.input_bits,
										 s.tables, s.range},
	      flat_{test, Input{s.first}, s.unit, s.units}, before_{test, lab_.memory()}, log_{test}
	{
	}

	bool good() const
	{
		return lab_.good() && flat_.ready() && verdict_.good();
	}

	// One operation on `region`, that should end with `want`: call() -> Error. Where it succeeds,
	// done() tells the flat map.
	template <class Call, class Done>
	[[gnu::noinline]] void attempt(const char *what, Region region, const Error &want,
				       const Call &call, const Done &done)
	{
		before_.take(lab_.tree());
		log_.add(what, region, lab_.rules());
		operations_++;

		const uint64_t breaks = lab_.breaks();
		const Error got = call();

		log_.ended(got.code);
		verdict_.expect(!refuses_breaks() || lab_.breaks() == breaks,
				"no break where breaks are refused", region.first.raw(),
				region.last.raw());
		if (ended_as(got, want, region))
			done();
		look_at(region);
		look_at_changes();
	}

	// What the hardware notes of an access: in all leaves of a unit, where they are smaller, because
	// the flat map knows no parts of one.
	[[gnu::noinline]] void access(Input at, bool write)
	{
		const Region unit{at, s_.unit};

		log_.add(write ? "write" : "access", unit, lab_.rules());
		lab_.access(unit, write);
		look_at(lab_.tree().at(at).region);
		look_at(unit);
	}

	// Somebody else takes over, and goes on.
	[[gnu::noinline]] void adopt()
	{
		attempt(
			"adopt", lab_.tree().space(), {}, [&] { return lab_.adopt().error(); },
			[] {});
	}

	// ---- What is drawn ----

	Input start()
	{
		const uint64_t offset = random_.below(s_.units) * s_.unit;

		return Input{s_.first} + (random_.one_in(2) ? offset & ~(s_.block - 1) : offset);
	}

	// As long as it pleases.
	[[gnu::noinline]] Region reach(Input first)
	{
		const Input end = flat_.all().last;
		const uint64_t most[] = {8 * s_.unit, 512 * s_.unit, s_.block, end - first + 1};
		const uint64_t limit = most[random_.below(4)];
		uint64_t bytes = (1 + random_.below(limit / s_.unit)) * s_.unit;

		if (random_.one_in(4))
			bytes = (bytes + s_.block - 1) & ~(s_.block - 1);
		if (bytes > end - first + 1)
			bytes = end - first + 1;
		return {first, bytes};
	}

	// Usually no longer than what is mapped (or is not).
	[[gnu::noinline]] Region extend(Input first, bool mapped)
	{
		Region region = reach(first);

		if (!random_.one_in(8))
			flat_.find(region, mapped, region);
		return region;
	}

	// Half the time in one piece: then blocks are possible, unless it is out of step.
	Pieces<F> draw_rule()
	{
		const uint64_t piece =
			random_.one_in(2) ? vmsa::bit(45) : s_.unit << random_.below(4);
		const uint64_t offset = random_.one_in(3) ? s_.unit : 0;

		return {Input{s_.range == vmsa::Range::lower ? 0 : s_.first}, piece,
			random_.below(vmsa::bit(32)), offset};
	}

	vmsa::MapLimits draw_limits()
	{
		const auto largest = static_cast<Level>(random_.below(4)) - 1;

		return {largest, random_.one_in(2)};
	}

	Error hole_in(Region region) const
	{
		Region hole;

		if (flat_.find(region, false, hole))
			return {Errc::not_mapped, hole};
		return {};
	}

	// Everything, also what no operation was about.
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
		verdict_.expect(leaves == c.all_leaves(), "as many leaves in rows as in the census",
				leaves, 0);
		verdict_.expect(c.tables == lab_.memory().live(),
				"as many tables in the census as there are", c.tables, 0);

		const auto bad = vmsa::check_tables(lab_.tree(), [](vmsa::Pa) { return true; });

		verdict_.expect(bad.why == Errc::none, "tables that could be adopted",
				bad.region.first.raw(), bad.descriptor);
		look_at(flat_.all());
	}

	// A game in which nothing goes wrong, or nothing right, tests little.
	void expect_all_kinds_of_ends()
	{
		verdict_.expect(!good() || s_.chosen.data() ||
					(succeeded_ > s_.moves / 3 && refused_ >= s_.moves / 40 &&
					 starved_ >= s_.moves / 200),
				"all kinds of ends", succeeded_, refused_);
	}

	// For who wants to play it again.
	[[gnu::noinline]] void report() const
	{
		const unsigned long long numbers[] = {static_cast<unsigned long long>(s_.number),
						      s_.seed,
						      s_.input_bits,
						      s_.range == vmsa::Range::upper,
						      s_.first,
						      s_.block,
						      log_.count()};

		test_remark(test_, "a game: number, seed, bits, upper, window, block, moves",
			    numbers, std::size(numbers));
		log_.print(test_);
	}

	struct kunit *test_;
	const Scenario &s_;
	Verdict verdict_;
	Random random_;
	Lab<F> lab_;
	FlatMap<F> flat_;
	unsigned long operations_ = 0;

    private:
	// Does the operation count? Where memory was to fail, it may have, and where breaks are refused,
	// which leaf is the first to need one the flat map cannot tell.
	[[gnu::noinline]] bool ended_as(const Error &got, const Error &want, Region region)
	{
		const bool starved = got == Error(Errc::no_memory, region);
		const bool broke = got.code == Errc::needs_break && refuses_breaks();

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

	bool refuses_breaks()
	{
		return lab_.rules().live && lab_.rules().on_break == vmsa::OnBreak::refuse;
	}

	void look_at_changes()
	{
		Region changed;

		if (!lab_.changed_leaves(changed))
			return;
		verdict_.expect(flat_.all().contains(changed), "nothing changes out of the window",
				changed.first.raw(), changed.last.raw());
		look_at(changed);
	}

	[[gnu::noinline]] void look_at(Region region)
	{
		region = region.intersect(flat_.all());
		verdict_.expect(flat_.agrees(lab_.tree(), region), "what the flat map says",
				region.first.raw(), region.last.raw());
	}

	Snapshot<vmsa::Tree<F, ScratchMemory>> before_;
	MoveLog log_;
	unsigned succeeded_ = 0;
	unsigned refused_ = 0;
	unsigned starved_ = 0;
};

} // namespace support
