// SPDX-License-Identifier: GPL-2.0-only
#include "axis.hpp"

#include <algorithm>

namespace render
{

namespace
{

constexpr size_t most_islands = 40;
// Of the whole picture.
constexpr double hole_share = 0.012;
constexpr double least_share = 0.02;

double span(const Island &island)
{
	return static_cast<double>(island.last - island.first) + 1;
}

} // namespace

Axis::Axis(std::initializer_list<const dump::Dump *> dumps)
{
	uint64_t last = 0;

	for (const dump::Dump *dump : dumps) {
		last = std::max(last, dump->geometry().last_input());
		dump->for_each_row(rows::Detail::brief, [&](const rows::Row &row) {
			add(row.first, row.last);
			if (islands_.size() > 4 * most_islands)
				join();
		});
		join();
	}
	if (islands_.empty())
		islands_.push_back({0, last, 0, 1});
	while (islands_.size() > most_islands)
		join();
	lay_out();
}

// Rows of one dump come in order.
void Axis::add(uint64_t first, uint64_t last)
{
	if (!islands_.empty() && first >= islands_.back().first &&
	    (first <= islands_.back().last || first - islands_.back().last <= shortest_hole_ + 1))
		islands_.back().last = std::max(last, islands_.back().last);
	else
		islands_.push_back({first, last, 0, 0});
}

// In order, and holes that are short beside what is mapped are closed; while there are too many islands,
// always more of them.
void Axis::join()
{
	uint64_t mapped = 0;
	std::vector<Island> all;

	std::ranges::sort(islands_, {}, &Island::first);
	for (const Island &island : islands_)
		mapped += island.last - island.first;
	shortest_hole_ = std::max(islands_.size() > most_islands ? 2 * shortest_hole_ : 0,
				  mapped / 16 + 4096);
	std::swap(all, islands_);
	for (const Island &island : all)
		add(island.first, island.last);
}

void Axis::lay_out()
{
	const double holes = hole_share * static_cast<double>(islands_.size() - 1);
	const double least = std::min(least_share, 0.5 / static_cast<double>(islands_.size()));
	double total = 0, wide = 0, at = 0;

	for (const Island &island : islands_)
		total += span(island);
	for (Island &island : islands_) {
		island.to = std::max(span(island) / total, least);
		wide += island.to;
	}
	for (Island &island : islands_) {
		island.from = at;
		at += island.to / wide * (1 - holes);
		island.to = at;
		at += hole_share;
	}
	islands_.back().to = 1;
}

double Axis::place(const Island &island, uint64_t address)
{
	return island.from + (island.to - island.from) *
				     static_cast<double>(address - island.first) / span(island);
}

} // namespace render
