// SPDX-License-Identifier: GPL-2.0-only
//
// World: from the empty tree, breadth first, every operation in every state, in every way, until nothing new is
// found. A step is one operation, or some in one batch. After each:
//
//   it ended as foretold, and the tree says what was foretold     (meaning.hpp)
//   tables_to_... had said the same, and how many tables it took
//   the tables could be adopted, and none of them is empty
//   the judges of the lab have no objection                       (support/lab.hpp)
//
// and the same again with the first allocation failing, the second, and so on to the last.
//
// Where the plan has hardware, the judges look before each atomic access, too: TLBs may have seen any moment, and
// nothing but what was accessed has changed since the last. And it is done again with a note of the hardware before
// each access, of each page: the tree says what was foretold, and the note is nowhere lost.
#pragma once

#include "exhaust/perform.hpp"
#include "exhaust/state.hpp"
#include "exhaust/walker.hpp"

#include <iostream>

namespace exhaust
{

using vmsa::OnBreak;

// How changes are made: vmsa::ChangeRules.
struct Way {
	bool live;
	OnBreak on_break;
	unsigned bbm_level;
};

struct Plan {
	unsigned levels;
	std::vector<Operation> operations;
	std::vector<Way> ways;
	size_t batch = 1; // as many operations in one batch, each and every
	bool hardware = false; // that notes something at every step, too
};

template <class F> class World {
	using Input = typename F::Input;
	using Region = vmsa::Region<Input>;

    public:
	World(struct kunit *test, const Plan &plan)
	    : plan_{plan}, verdict_{test}, geometry_{toy_geometry<F>(plan.levels)}, lab_{test,
											 geometry_,
											 tables}
	{
		states_.add(state());
	}

	void explore(const char *name)
	{
		for (size_t i = 0; i < states_.size() && good(); i++)
			leave(i);
		std::cout << name << ": " << states_.size() << " states, " << steps_ << " steps";
		if (batches_)
			std::cout << ", " << batches_ << " batches";
		if (notes_)
			std::cout << ", " << notes_ << " notes of hardware";
		std::cout << ", " << starved_ << " of them with a failed allocation" << std::endl;
	}

    private:
	static constexpr size_t tables = 16;

	bool good() const
	{
		return verdict_.good() && lab_.good();
	}

	// Every step from state `i`.
	void leave(size_t i)
	{
		for (const Way &way : plan_.ways) {
			come_to(i);
			before_ = meaning();
			for (const Operation &o : plan_.operations) {
				step(i, way, o);
				if (!good())
					return report(i, way, {&o});
			}
			if (plan_.batch > 1) {
				Together none;

				leave_together(i, way, none, before_);
			}
		}
	}

	// Operations of one batch. All but the last succeed: one that fails does nothing, which a step has shown.
	using Together = std::vector<const Operation *>;

	void leave_together(size_t i, const Way &way, Together &all, const Meaning &before)
	{
		for (const Operation &o : plan_.operations) {
			const Outcome want = foretell(o, before);

			all.push_back(&o);
			if (all.size() > 1)
				step_together(i, way, all, want);
			if (!good())
				return report(i, way, all);
			if (want.code == Errc::none && all.size() < plan_.batch)
				leave_together(i, way, all, want.after);
			if (!good())
				return;
			all.pop_back();
		}
	}

	void step_together(size_t i, const Way &way, const Together &all, const Outcome &want)
	{
		Error got;

		use(way);
		lab_.together([&] {
			for (const Operation *o : all)
				got = performer_.perform(*o);
		});
		ended(*all.back(), want, got, way);
		batches_++;
		judge(*all.back(), want.after);
		come_to(i);
	}

	void step(size_t i, const Way &way, const Operation &o)
	{
		const Outcome want = foretell(o, before_);
		const size_t taken = lab_.memory().allocations();

		use(way);

		const auto foreseen = performer_.foresee(o);

		steps = {};
		steps_++;
		if (plan_.hardware && way.live && !by_hardware(o))
			watch();

		const uint64_t breaks = lab_.breaks();
		const Error got = performer_.perform(o);

		stop_watching();
		verdict_.expect(way.on_break == OnBreak::perform || lab_.breaks() == breaks,
				"no break where breaks are refused", lab_.breaks(), breaks);
		verdict_.expect(!foreseen || foreseen->error() == got, "the end that was foreseen",
				static_cast<uint64_t>(got.code), got.first);
		if (!ended(o, want, got, way))
			return;

		const unsigned long accesses = steps.taken;

		judge(o, want.after);
		if (!good())
			return;
		states_.add(state());

		const size_t needed = lab_.memory().allocations() - taken;

		verdict_.expect(!foreseen || foreseen->value() == needed,
				"as many tables as were foreseen", needed, 0);
		come_to(i);
		for (size_t k = 0; k < needed && good(); k++) {
			use(way);
			lab_.memory().fail_at(k);
			const Error got = performer_.perform(o);

			verdict_.expect(got.code == Errc::no_memory && state() == states_[i],
					"without memory nothing is done", k, needed);
			starved_++;
		}
		lab_.memory().fail_at(support::ScratchMemory::never);
		if (plan_.hardware && way.live)
			disturb(i, way, o, accesses, want.after);
	}

	// Hardware sees every moment between two accesses, and TLBs keep what it saw.
	void watch()
	{
		lab_.shadow().watch(true);
		steps.context = this;
		steps.look = [](void *self, const volatile void *word) {
			// The judges' own accesses are no steps.
			const Steps of_operation = std::exchange(steps, {});

			auto &lab = static_cast<World *>(self)->lab_;

			lab.look();
			lab.shadow().will_access(static_cast<const volatile Descriptor *>(word));
			steps = of_operation;
		};
	}

	void stop_watching()
	{
		lab_.shadow().watch(false);
		steps.look = nullptr;
	}

	// Once more, for each page and each access: the hardware notes something just before it.
	void disturb(size_t i, const Way &way, const Operation &o, unsigned long accesses,
		     const Meaning &want)
	{
		for (size_t page = 0; page < before_.pages && good(); page++) {
			const Page &was = before_.page[page];

			for (bool write : {false, true}) {
				if (was.kind != Page::mapped || !may_note(was, write))
					continue;
				for (By by : {By::root, By::walk_cache, By::group, By::late}) {
					if (!walker_.prepare(page, write, by))
						continue;
					for (unsigned long n = 0; n < accesses && good(); n++)
						note_at(i, way, o, n, page, write, by, want);
				}
			}
		}
	}

	static bool may_note(const Page &page, bool write)
	{
		if (write)
			return (page.bits & arm::dbm) && !(page.bits & arm::writable);
		return !(page.bits & arm::access_flag);
	}

	void note_at(size_t i, const Way &way, const Operation &o, unsigned long n, size_t page,
		     bool write, By by, const Meaning &want)
	{
		Error got;

		use(way);
		walker_.prepare(page, write, by);
		performer_.listen(page);
		walker_.at(n, [&] { got = performer_.perform(o); });

		const Meaning after = meaning();
		Page is = after.page[page];
		const Descriptor noted = walker_.noted();
		const auto leaf = lab_.tree().at(Input{uint64_t{page} << page_shift});

		// What is said of one leaf of a group is said of each.
		if (leaf.is_leaf() && (leaf.descriptor & arm::contiguous))
			is.bits |= after.page[page ^ (leaf.region.size() >> page_shift)].bits;
		const Descriptor known = performer_.told() | is.bits |
					 (is.bits & arm::was_dirty ? arm::writable : 0);
		const bool goes = o.verb == Verb::unmap || o.verb == Verb::unmap_saying ||
				  o.verb == Verb::map;
		const bool concerned = o.first <= page && page <= o.last;

		notes_ += noted != 0;
		verdict_.expect(got.code == Errc::none, "a note is no obstacle", page, n);
		verdict_.expect((goes && concerned) || !(noted & ~known),
				"what hardware noted is not lost", page, n);
		judge_pages(o, want, after);
		come_to(i);
	}

	// Did it end well, and was that foretold?
	bool ended(const Operation &o, const Outcome &want, const Error &got, const Way &way)
	{
		const bool refused = got.code == Errc::needs_break && way.live &&
				     way.on_break == OnBreak::refuse;
		// What is wrong with one page is said of the entry that decides it.
		const bool says_where = want.code != Errc::none && !of_one_page(o);

		verdict_.expect(refused || got.code == want.code, "the end that was foretold",
				static_cast<uint64_t>(got.code), static_cast<uint64_t>(want.code));
		verdict_.expect(refused || !says_where || got.first == want.at << page_shift,
				"the page that is at fault", got.first, want.at << page_shift);
		verdict_.expect(way.live || !steps.atomics, "no atomic where nobody walks",
				steps.atomics, 0);
		return got.code == Errc::none;
	}

	void judge(const Operation &o, const Meaning &want)
	{
		judge_pages(o, want, meaning());

		const auto bad = vmsa::check_tables(lab_.tree(), [](vmsa::Pa) { return true; });

		verdict_.expect(bad.why == Errc::none, "tables that could be adopted",
				bad.region.first.raw(), bad.descriptor);
		verdict_.expect(!any_empty(lab_.tree().root(), geometry_.start), "no empty table",
				0, 0);
	}

	void judge_pages(const Operation &o, const Meaning &want, const Meaning &is)
	{
		for (size_t i = 0; i < is.pages; i++) {
			const bool beside = i < o.first || o.last < i;
			Page page = want.page[i];

			// What is harvested is harvested of the whole leaf, or group.
			if (beside && o.verb == Verb::harvest_accessed)
				page.bits &= is.page[i].bits | ~arm::access_flag;
			if (beside && o.verb == Verb::harvest_dirty)
				page.bits &= is.page[i].bits | ~(arm::writable | arm::was_dirty);
			verdict_.expect(accepts(page, is.page[i]), "what a page shall say",
					page.bits | page.value, is.page[i].bits | is.page[i].value);
		}
	}

	bool any_empty(const Descriptor *table, Level level) const
	{
		Descriptor any = 0;

		for (size_t i = 0; i < 8; i++)
			any |= table[i];
		for (size_t i = 0; i < F::Granule::entries; i++) {
			if (names_table<F>(table[i], level) &&
			    any_empty(pointer(table[i] & arm::address), level + 1))
				return true;
		}
		return !any && level > geometry_.start;
	}

	void use(const Way &way)
	{
		steps.atomics = 0;
		lab_.rules().live = way.live;
		lab_.rules().on_break = way.on_break;
		lab_.rules().bbm_level = way.bbm_level;
	}

	// The tables are those of state `i`, and no judge remembers others.
	void come_to(size_t i)
	{
		Descriptor *root = lab_.tree().root();

		lab_.memory().keep_only(root);
		lab_.shadow().start(root, geometry_);
		restore<F>(states_[i].data(), root, geometry_.start, [this] {
			Descriptor *table = lab_.memory().allocate(F::Granule::table_bytes);

			return std::pair{table, lab_.memory().physical(table).raw()};
		});
		lab_.hardware_was_here();
	}

	const Descriptor *pointer(uint64_t address) const
	{
		return lab_.tree().memory().pointer(vmsa::Pa{address});
	}

	State state() const
	{
		State words;

		append<F>(words, lab_.tree().root(), geometry_.start,
			  [this](uint64_t address) { return pointer(address); });
		return words;
	}

	Meaning meaning() const
	{
		return read<F>(lab_.tree().root(), geometry_,
			       [this](uint64_t address) { return pointer(address); });
	}

	void report(size_t i, const Way &way, const Together &all) const
	{
		std::cout << "in state " << i << ':' << std::hex;
		for (Descriptor d : states_[i])
			std::cout << ' ' << d;
		std::cout << std::dec << (way.live ? ", live" : ", not live")
			  << (way.on_break == OnBreak::refuse ? ", no breaks" : "") << ", BBM "
			  << way.bbm_level;
		for (const Operation *o : all)
			std::cout << (o == all.front() ? ": " : ", then ") << text(*o);
		std::cout << std::endl;
	}

	const Plan &plan_;
	support::Verdict verdict_;
	vmsa::Geometry geometry_;
	support::Lab<F> lab_;
	Performer<F> performer_{lab_, verdict_};
	Walker<F> walker_{lab_};
	States states_;
	Meaning before_;
	unsigned long notes_ = 0;
	unsigned long steps_ = 0;
	unsigned long batches_ = 0;
	unsigned long starved_ = 0;
};

extern template class World<Toy<1>>; // world.cpp

} // namespace exhaust
