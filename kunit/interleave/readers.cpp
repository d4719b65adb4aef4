// SPDX-License-Identifier: GPL-2.0-only
//
// Two readers at once: every pair of calls that a SharedMapping has, from every state that is near, and with hardware
// that notes something beside a call. With tables enough for both, and for one.
#include "interleave/explore.hpp"
#include "interleave/states.hpp"

using namespace interleave;

namespace
{

using exhaust::Edges;

// A leaf of `level` wherever one can stand in so many pages.
void add_maps(std::vector<Operation> &all, Level level, unsigned pages, Kind kind, Note over)
{
	const unsigned size = 1u << (vmsa::last_level - level);

	for (unsigned first = 0; first + size <= pages; first += size)
		all.push_back({.verb = Verb::map,
			       .first = static_cast<uint8_t>(first),
			       .last = static_cast<uint8_t>(first + size - 1),
			       .attributes = kind,
			       .largest = level,
			       .from = over});
}

std::vector<Operation> calls_of_readers(unsigned levels, const Edges &edges)
{
	std::vector<Operation> all =
		exhaust::everywhere(edges, {
						   {.verb = Verb::protect, .attributes = Kind::r},
						   {.verb = Verb::protect, .attributes = Kind::rw},
						   {.verb = Verb::note_accessed},
						   {.verb = Verb::note_dirty},
						   {.verb = Verb::write},
					   });
	const unsigned pages = 1u << levels;

	for (Level level = vmsa::last_level; level > vmsa::last_level - Level(levels); level--) {
		const unsigned near = level == vmsa::last_level ? pages / 2 : pages;

		add_maps(all, level, near, Kind::rw, Note::none);
		add_maps(all, level, near, Kind::logged, Note::a);
	}
	return all;
}

// Is one of them only hardware, there is no race with another one.
bool is_hardware(const Operation &o)
{
	return o.verb == Verb::write;
}

void race_in_pairs(struct kunit *test, const char *name, unsigned levels, const Edges &edges,
		   unsigned steps)
{
	Race race{test, levels};
	Explorer explorer{race};
	const auto calls = calls_of_readers(levels, edges);
	const States states = states_after(race, builders(edges), steps);

	for (size_t i = 0; i < states.size(); i++) {
		for (auto a = calls.begin(); a != calls.end(); a++) {
			for (auto b = a; b != calls.end() && race.good(); b++) {
				if (is_hardware(*a) && is_hardware(*b))
					continue;
				for (size_t left : {Pool::tables, size_t{1}}) {
					if (left == 1 && (levels < 3 || a->verb != Verb::map))
						continue;
					explorer.explore(states[i],
							 {{As::reader, *a}, {As::reader, *b}},
							 left);
				}
			}
		}
	}
	std::cout << states.size() << " states, " << calls.size() << " calls. ";
	explorer.print(name);
}

} // namespace

TEST(pairs_in_two_levels)
{
	race_in_pairs(test, "pairs, two levels", 2,
		      test_effort() > 1 ? Edges{0, 1, 2, 3, 4} : Edges{0, 1, 2, 4}, 2);
}

TEST(pairs_in_three_levels)
{
	race_in_pairs(test, "pairs, three levels", 3, Edges{0, 1, 4}, test_effort() > 1 ? 2 : 1);
}

SUITE(interleave_readers, pairs_in_two_levels, pairs_in_three_levels);
