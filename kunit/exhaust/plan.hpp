// SPDX-License-Identifier: GPL-2.0-only
//
// What is tried in a world: every operation of a list in every region whose ends are in another.
#pragma once

#include "exhaust/world.hpp"
namespace exhaust
{

// Where a region may begin and end, in pages. With fewer, part of the space is only used as a whole.
using Edges = std::vector<unsigned>;

inline std::vector<Operation> everywhere(const Edges &edges,
					 const std::vector<Operation> &operations)
{
	std::vector<Operation> all;

	for (Operation o : operations) {
		for (auto first = edges.begin(); first != edges.end(); first++) {
			for (auto end = first + 1; end != edges.end(); end++) {
				if (of_one_page(o) && *end - *first > 1)
					continue;
				o.first = static_cast<uint8_t>(*first);
				o.last = static_cast<uint8_t>(*end - 1);
				all.push_back(o);
			}
		}
	}
	return all;
}

// Of a CPU with FEAT_BBM of that level.
inline std::vector<Way> ways_of(unsigned bbm_level)
{
	std::vector<Way> ways{{true, OnBreak::perform, bbm_level},
			      {true, OnBreak::refuse, bbm_level}};

	if (!bbm_level)
		ways.push_back({false, OnBreak::perform, 0});
	return ways;
}

} // namespace exhaust
