// SPDX-License-Identifier: GPL-2.0-only
//
// Where an address stands in a picture. What is mapped lies in islands; a hole between two, however long,
// gets the same small place, and no island is too small to be seen:
//
//   address  0x9000000        0x40000000..0x4000ffff          0x80000000..0x804fffff
//   place    0 [##] 12 ........ 28 [##] 40 ...................... 56 [##########] 1000
#pragma once

#include "dump/dump.hpp"

#include <vector>

namespace render
{

struct Island {
	uint64_t first;
	uint64_t last;
	double from; // its place, in 0..1
	double to;
};

class Axis {
    public:
	// Of all that any of the dumps maps; an axis of nothing has one island, the whole space.
	explicit Axis(std::initializer_list<const dump::Dump *> dumps);

	const std::vector<Island> &islands() const
	{
		return islands_;
	}

	// The place of an address that lies in an island.
	static double place(const Island &island, uint64_t address);

    private:
	void add(uint64_t first, uint64_t last);
	void join();
	void lay_out();

	std::vector<Island> islands_;
	uint64_t shortest_hole_ = 0; // islands are at least so far apart
};

} // namespace render
