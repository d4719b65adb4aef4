// SPDX-License-Identifier: GPL-2.0-only
//
// Race: two or three threads and one toy tree. Each thread makes one call, and stops before every atomic access, every
// allocation and every word to the TLB; which goes on is the explorer's choice (explore.hpp). When all have
// returned:
//
//   some order of the calls explains every result, and what each page says   (exhaust/meaning.hpp)
//   no thread touched a table that had been freed
//   what a call stored had been published, and what it took away was gone from every TLB, when it returned
//   every table that is out can be reached from the root
#pragma once

#include "interleave/explained.hpp"
#include "interleave/soft_tlb.hpp"
#include "interleave/toy_tables.hpp"
#include "support/verdict.hpp"
#include "vmsa/mapping.hpp"

#include <vector>

namespace interleave
{

using exhaust::State;
class Race {
    public:
	using F = ToyTables::F;
	using Ipa = vmsa::Ipa;
	using Region = vmsa::Region<Ipa>;

	Race(struct kunit *test, unsigned levels) : verdict_{test}, tables_{memory_, levels}
	{
		static_cast<void>(mapping_.create(tables_.geometry()));
		tables_.start(mapping_.tree().root());
	}
	Race(const Race &) = delete;

	bool good() const
	{
		return verdict_.good() && !objection_;
	}
	support::Verdict &verdict()
	{
		return verdict_;
	}
	// The first thing that went wrong, or null. It is no failure of the test until somebody says so.
	const char *objection() const
	{
		return objection_;
	}

	// From here on, the threads have not begun. `left`: how many more tables there are.
	void begin(const State &from, const std::vector<Call> &calls, size_t left)
	{
		hooks.self = nullptr;
		tables_.come_to(from);
		memory_.limit(left);
		calls_ = &calls;
		tlb_ = {};
		results_ = {};
		history_ = {};
		unpublished_ = {};
		stored_ = {};
		before_ = tables_.meaning();
		fill_tlb();
		fibers_.start(calls.size(), run, this);
		hooks = {before_access, after_access, this};
	}

	void end()
	{
		hooks.self = nullptr;
	}

	bool may_go_on(size_t i) const
	{
		if (fibers_.is_finished(i))
			return false;
		for (size_t k = 0; k < fibers_.count() && !fibers_.is_started(i); k++) {
			const bool inside = fibers_.is_started(k) && !fibers_.is_finished(k);

			if (inside &&
			    ((*calls_)[k].as == As::writer || (*calls_)[i].as == As::writer))
				return false;
		}
		return true;
	}

	void go_on(size_t i)
	{
		fibers_.resume(i);
		fill_tlb();
		if (fibers_.is_finished(i))
			judge_return(i);
	}

	// Equal where nothing that follows can tell two moments apart.
	uint64_t moment() const
	{
		uint64_t hash = 0xcbf29ce484222325;
		const auto mix = [&](uint64_t word) {
			hash = mixed(hash, word);
		};

		memory_.show(mix);
		tlb_.show(mix);
		for (size_t i = 0; i < fibers_.count(); i++) {
			mix(history_[i]);
			mix(fibers_.is_started(i) << 2 | fibers_.is_finished(i) << 1 |
			    unpublished_[i]);
		}
		return hash;
	}

	void judge_end()
	{
		hooks.self = nullptr;
		expect(tables_.reachable() == memory_.out(),
		       "every table that is out can be reached");

		const auto bad = vmsa::check_tables(mapping_.tree(), [](Pa) { return true; });

		expect(bad.why == Errc::none, "tables that could be adopted");
		expect(is_explained(*calls_, results_, before_, tables_.meaning()),
		       "some order explains the results, and every page");
	}

	// By a writer, alone: how states are found.
	State after(const State &from, const Operation &o)
	{
		hooks.self = nullptr;
		tables_.come_to(from);
		static_cast<void>(write(o));
		return tables_.state();
	}

	State empty()
	{
		return tables_.empty();
	}

    private:
	struct Sink {
		Race &race;

		void invalidate(Region region, Level, bool)
		{
			race.before(nullptr);
			if (race.fibers_.current() < most_fibers)
				race.tlb_.invalidate(race.fibers_.current(),
						     region.first.raw() >> exhaust::page_shift,
						     region.last.raw() >> exhaust::page_shift);
		}
		void sync()
		{
			race.before(nullptr);
			if (race.fibers_.current() < most_fibers) {
				race.tlb_.sync(race.fibers_.current());
				race.unpublished_[race.fibers_.current()] = false;
			}
		}
	};

	struct Rule {
		const Operation &o;

		vmsa::Extent operator()(Ipa at) const
		{
			return {Pa{exhaust::output_of(o, at.raw() >> exhaust::page_shift)},
				vmsa::bit(32)};
		}
	};

	static Region region_of(const Operation &o)
	{
		return {Ipa{uint64_t{o.first} << exhaust::page_shift},
			uint64_t{1u + o.last - o.first} << exhaust::page_shift};
	}

	void expect(bool holds, const char *what)
	{
		if (!holds && !objection_)
			objection_ = what;
	}

	// ---- What the threads do ----

	static void run(void *self, size_t i)
	{
		Race &race = *static_cast<Race *>(self);
		const Call &call = (*race.calls_)[i];

		race.results_[i] =
			call.as == As::reader ? race.share(call.what) : race.write(call.what);
	}

	vmsa::Error share(const Operation &o)
	{
		auto shared = mapping_.shared(sink_);
		const Region region = region_of(o);
		const auto attributes = exhaust::attributes_of(o.attributes);

		switch (o.verb) {
		case Verb::map:
			return shared
				.map(region.first, o.largest, Pa{exhaust::output_of(o, o.first)},
				     attributes, vmsa::annotation(o.from))
				.error();
		case Verb::protect:
			return shared.protect(region, attributes.access).error();
		case Verb::note_accessed:
			return shared.note_accessed(region.first).error();
		case Verb::note_dirty:
			return shared.note_dirty(region.first).error();
		default:
			return hardware(o);
		}
	}

	vmsa::Error write(const Operation &o)
	{
		const Region region = region_of(o);
		const auto attributes = exhaust::attributes_of(o.attributes);

		switch (o.verb) {
		case Verb::map:
			return mapping_
				.map(region, Rule{o}, attributes,
				     {o.largest, o.contiguous, vmsa::annotation(o.from)})
				.error();
		case Verb::protect:
			return mapping_.protect(region, attributes.access).error();
		case Verb::unmap:
			return mapping_.unmap(region).error();
		case Verb::annotate:
			return mapping_.annotate(region, o.to).error();
		case Verb::cut:
			return mapping_.cut(region, o.largest).error();
		case Verb::fold:
			return mapping_.fold(region, {o.largest, o.contiguous}).error();
		default:
			return hardware(o);
		}
	}

	// A walk, and what it notes, in one moment.
	vmsa::Error hardware(const Operation &o)
	{
		before(nullptr);

		Descriptor *entry = tables_.entry(o.first);

		if (!(*entry & exhaust::arm::valid))
			return {Errc::not_mapped, region_of(o)};
		*entry |= exhaust::arm::access_flag;
		if (o.verb == Verb::write && (*entry & exhaust::arm::dbm))
			*entry |= exhaust::arm::writable;
		return {};
	}

	// ---- What is seen of it ----

	static void before_access(void *self, const volatile void *where)
	{
		static_cast<Race *>(self)->before(where);
	}
	static void after_access(void *self, const volatile void *where, unsigned long found)
	{
		static_cast<Race *>(self)->after_it(where, found);
	}

	void before(const volatile void *where)
	{
		if (!hooks.self || fibers_.current() == Fibers::none)
			return;
		if (where && !memory_.holds(where))
			return;
		fibers_.stop();
		expect(!where || memory_.is_out(where), "no freed table is touched");
	}

	void after_it(const volatile void *where, unsigned long found)
	{
		const size_t i = fibers_.current();

		if (i == Fibers::none || (where && !memory_.holds(where)))
			return;
		history_[i] = mixed(history_[i], found);
		if (!where)
			return;
		unpublished_[i] |= found == stored;
		for (size_t page = 0; page < before_.pages; page++) {
			const Descriptor *entry = tables_.entry(page);

			if (entry != where || !(*entry & exhaust::arm::valid))
				continue;
			tlb_.looked_at(i, page, ToyTables::permission(*entry));
			stored_[i][page] |= found == stored;
		}
	}

	static uint64_t mixed(uint64_t hash, uint64_t word)
	{
		hash = (hash ^ word) * 0x9e3779b97f4a7c15;
		return hash ^ hash >> 29;
	}

	void fill_tlb()
	{
		for (size_t page = 0; page < before_.pages; page++) {
			const Descriptor d = *tables_.entry(page);

			if (!(d & exhaust::arm::valid))
				continue;
			tlb_.fill(page, ToyTables::permission(d));
			// By what another leaf of its group says.
			if (d & exhaust::arm::contiguous)
				tlb_.fill(page,
					  ToyTables::permission(*tables_.other_of_group(page)));
		}
	}

	// ---- Judges ----

	void judge_return(size_t i)
	{
		const Call &call = (*calls_)[i];
		const bool done = results_[i].code == Errc::none;

		expect(!unpublished_[i],
		       "what a call stored is visible to walkers when it returns");
		if (!done || call.what.verb != Verb::protect)
			return;
		for (size_t page = call.what.first; page <= call.what.last; page++) {
			// The barrier before a TLBI waits for stores, also for one of another thread, if
			// this one has stored over it (Documentation/litmus/promise-for-another.litmus).
			expect(call.as == As::writer || stored_[i][page],
			       "protect stores to every leaf that it promises something of");
			expect(tlb_.promised[i][page].empty(),
			       "when protect returns, no TLB allows what it took away");
		}
	}

	support::Verdict verdict_;
	Pool memory_;
	ToyTables tables_;
	Sink sink_{*this};
	vmsa::Mapping<F, Pool, Sink> mapping_{memory_, sink_};
	Fibers fibers_;
	SoftTlb tlb_;
	const std::vector<Call> *calls_ = nullptr;
	exhaust::Meaning before_;
	Results results_{};
	std::array<uint64_t, most_fibers> history_{};
	std::array<bool, most_fibers> unpublished_{};
	std::array<std::array<bool, most_pages>, most_fibers> stored_{};
	const char *objection_ = nullptr;
};

} // namespace interleave
