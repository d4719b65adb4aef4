// SPDX-License-Identifier: GPL-2.0-only
//
// Every operation of a list in every region whose ends are in another.
#pragma once

#include "exhaust/operation.hpp"

#include <vector>

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

} // namespace exhaust
