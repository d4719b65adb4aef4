// SPDX-License-Identifier: GPL-2.0-only
//
// What is tried in a world: every operation, everywhere (everywhere.hpp), on every CPU.
#pragma once

#include "exhaust/everywhere.hpp"
#include "exhaust/world.hpp"

namespace exhaust
{

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
