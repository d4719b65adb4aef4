// SPDX-License-Identifier: GPL-2.0-only
//
// Explorer: all schedules of the calls of a race. Each is run from the beginning; one that comes to a moment which
// an earlier one has been in goes on as that did, and ends there.
#pragma once

#include "interleave/race.hpp"

#include <iostream>
#include <unordered_set>

namespace interleave
{

using Schedule = std::vector<unsigned char>;

class Explorer {
    public:
	explicit Explorer(Race &race) : race_{race}
	{
	}

	// `left`: how many more tables there are.
	void explore(const State &from, const std::vector<Call> &calls, size_t left)
	{
		moments_.clear();
		open_.assign(1, {});
		races_++;
		while (!open_.empty() && race_.good()) {
			Schedule schedule = std::move(open_.back());

			open_.pop_back();
			follow(from, calls, left, schedule);
		}
		race_.end();
	}

	void print(const char *name) const
	{
		std::cout << name << ": " << races_ << " races, " << schedules_ << " schedules, "
			  << longest_ << " accesses at most, " << all_moments_ << " moments"
			  << std::endl;
	}

    private:
	// As the schedule says; behind its end whoever may go on first. All other choices are for later.
	void follow(const State &from, const std::vector<Call> &calls, size_t left,
		    Schedule &schedule)
	{
		race_.begin(from, calls, left);
		for (size_t step = 0;; step++) {
			if (step == schedule.size()) {
				const auto [choice, more] = choose(calls.size());

				if (choice == none)
					break;
				if (more && !moments_.insert(race_.moment()).second)
					return;
				all_moments_ += more;
				for (size_t i = choice + 1; i < calls.size(); i++) {
					if (race_.may_go_on(i)) {
						open_.push_back(schedule);
						open_.back().push_back(
							static_cast<unsigned char>(i));
					}
				}
				schedule.push_back(static_cast<unsigned char>(choice));
			}
			race_.go_on(schedule[step]);
			if (!race_.good())
				return report(from, calls, left, schedule);
		}
		schedules_++;
		longest_ = std::max(longest_, schedule.size());
		race_.judge_end();
		if (!race_.good())
			report(from, calls, left, schedule);
	}

	static constexpr size_t none = most_fibers;

	// The first that may go on, and whether another may.
	std::pair<size_t, bool> choose(size_t count) const
	{
		size_t first = none;
		size_t n = 0;

		for (size_t i = count; i-- > 0;) {
			if (race_.may_go_on(i)) {
				first = i;
				n++;
			}
		}
		return {first, n > 1};
	}

	void report(const State &from, const std::vector<Call> &calls, size_t left,
		    const Schedule &schedule) const
	{
		if (quiet)
			return;
		std::cout << race_.objection() << "\nin state" << std::hex;
		for (Descriptor d : from)
			std::cout << ' ' << d;
		std::cout << std::dec << ", " << left << " tables left:\n";
		for (size_t i = 0; i < calls.size(); i++)
			std::cout << "  " << i << ": " << text(calls[i].what)
				  << (calls[i].as == As::reader ? "" : ", a writer") << '\n';
		std::cout << "in this order:";
		for (unsigned char i : schedule)
			std::cout << ' ' << +i;
		std::cout << std::endl;
		race_.verdict().expect(false, race_.objection(), 0, 0);
	}

    public:
	bool quiet = false; // an objection is what the test is about

    private:
	Race &race_;
	std::unordered_set<uint64_t> moments_;
	std::vector<Schedule> open_;
	unsigned long races_ = 0;
	unsigned long schedules_ = 0;
	unsigned long all_moments_ = 0;
	size_t longest_ = 0;
};

} // namespace interleave
