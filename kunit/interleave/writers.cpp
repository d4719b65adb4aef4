// SPDX-License-Identifier: GPL-2.0-only
//
// Two readers and a writer, who waits until nobody is in, and keeps others out. And the same writer without that lock,
// which has to come to harm: the judges see it.
#include "interleave/explore.hpp"
#include "interleave/states.hpp"

using namespace interleave;

namespace
{

const exhaust::Edges edges{0, 1, 2, 4};

const std::vector<Operation> &calls_of_readers()
{
	static const std::vector<Operation> all{
		{.verb = Verb::map, .first = 0, .last = 0, .largest = 3},
		{.verb = Verb::map,
		 .first = 1,
		 .last = 1,
		 .attributes = Kind::logged,
		 .largest = 3},
		{.verb = Verb::map, .first = 0, .last = 1, .largest = 2},
		{.verb = Verb::protect, .first = 0, .last = 1, .attributes = Kind::r},
		{.verb = Verb::note_dirty, .first = 1, .last = 1},
		{.verb = Verb::write, .first = 1, .last = 1},
	};

	return all;
}

std::vector<Operation> calls_of_writers()
{
	return exhaust::everywhere(edges, {
						  {.verb = Verb::map},
						  {.verb = Verb::unmap},
						  {.verb = Verb::protect, .attributes = Kind::r},
						  {.verb = Verb::cut, .largest = 3},
						  {.verb = Verb::fold},
					  });
}

} // namespace

TEST(two_readers_and_a_writer)
{
	Race race{test, 2};
	Explorer explorer{race};
	const States states = states_after(race, builders(edges), test_effort());
	const auto &calls = calls_of_readers();

	for (size_t i = 0; i < states.size(); i++) {
		for (const Operation &w : calls_of_writers()) {
			for (auto a = calls.begin(); a != calls.end(); a++) {
				for (auto b = a; b != calls.end() && race.good(); b++)
					explorer.explore(states[i],
							 {{As::reader, *a},
							  {As::reader, *b},
							  {As::writer, w}},
							 Pool::tables);
			}
		}
	}
	explorer.print("two readers and a writer");
}

// Without the lock a reader maps in a table that the writer found empty.
TEST(an_intruder_is_found)
{
	Race race{test, 2};
	Explorer explorer{race};
	const Operation page{.verb = Verb::map, .first = 0, .last = 0, .largest = 3};
	const Operation beside{.verb = Verb::map, .first = 1, .last = 1, .largest = 3};
	const Operation unmap{.verb = Verb::unmap, .first = 0, .last = 0};

	explorer.quiet = true;
	explorer.explore(race.after(race.empty(), page),
			 {{As::reader, beside}, {As::intruder, unmap}}, Pool::tables);
	EXPECT(race.objection());
}

SUITE(interleave_writers, two_readers_and_a_writer, an_intruder_is_found);
