// SPDX-License-Identifier: GPL-2.0-only
//
// From where races start: every state that a few of a writer's operations lead to.
#pragma once

#include "exhaust/everywhere.hpp"
#include "interleave/race.hpp"

namespace interleave
{

using exhaust::Kind;
using exhaust::Note;
using exhaust::States;

// What leads to leaves of every size, groups, dirty state, annotations, and tables with something beside.
inline std::vector<Operation> builders(const exhaust::Edges &edges)
{
	return exhaust::everywhere(
		edges, {
			       {.verb = Verb::map},
			       {.verb = Verb::map, .attributes = Kind::logged, .largest = 3},
			       {.verb = Verb::map,
				.attributes = Kind::logged,
				.largest = 3,
				.contiguous = true},
			       {.verb = Verb::annotate, .to = Note::a},
			       {.verb = Verb::write},
		       });
}

// All that `steps` of them lead to, the empty tree first.
inline States states_after(Race &race, const std::vector<Operation> &operations, unsigned steps)
{
	States all;
	size_t done = 0;

	all.add(race.empty());
	while (steps--) {
		for (const size_t end = all.size(); done < end; done++) {
			for (const Operation &o : operations)
				all.add(race.after(State{all[done]}, o));
		}
	}
	return all;
}

} // namespace interleave
