// SPDX-License-Identifier: GPL-2.0-only
//
// Calls that met are right if they could have come one after the other: in some order of them each ends as it did; and
// each page is as one such order leaves it.
#pragma once

#include "exhaust/meaning.hpp"
#include "interleave/fibers.hpp"

#include <algorithm>
#include <vector>

namespace interleave
{

using exhaust::Operation;
using exhaust::Verb;
using vmsa::Errc;

// How a call gets at the tree.
enum class As : uint8_t {
	reader, // SharedMapping, beside others
	writer, // Mapping, while nobody else is in
	intruder, // Mapping, without a lock: for a test of the judges
};

struct Call {
	As as;
	Operation what;
};

using Results = std::array<vmsa::Error, most_fibers>;

// Does that order of the calls end so? `m` is then what it makes of the pages.
inline bool ends_so(const std::vector<Call> &calls, const Results &results,
		    const std::vector<size_t> &order, exhaust::Meaning &m)
{
	for (size_t i : order) {
		const Errc is = results[i].code;

		// What is refused for want of a table, or of the writer's lock, has changed nothing.
		if (is == Errc::no_memory || is == Errc::needs_break)
			continue;

		const exhaust::Outcome want = exhaust::foretell(calls[i].what, m);

		if (want.code != is)
			return false;
		m = want.after;
	}
	return true;
}

inline bool is_explained(const std::vector<Call> &calls, const Results &results,
			 const exhaust::Meaning &before, const exhaust::Meaning &is)
{
	std::vector<size_t> order;
	std::array<bool, exhaust::most_pages> explained{};
	bool any = false;

	for (size_t i = 0; i < calls.size(); i++)
		order.push_back(i);
	do {
		exhaust::Meaning m = before;

		if (!ends_so(calls, results, order, m))
			continue;
		any = true;
		for (size_t page = 0; page < m.pages; page++)
			explained[page] |= exhaust::accepts(m.page[page], is.page[page]);
	} while (std::next_permutation(order.begin(), order.end()));
	for (size_t page = 0; page < before.pages; page++)
		any &= explained[page];
	return any;
}

} // namespace interleave
