// SPDX-License-Identifier: GPL-2.0-only
//
// The third home of the judges (kunit/home.h): what they object to ends the program.
#pragma once

#include "home.h"

#include <cstdlib>
#include <memory>
#include <vector>

// The memory that one input owns.
struct kunit {
	struct Free {
		void operator()(void *block) const
		{
			std::free(block);
		}
	};
	std::vector<std::unique_ptr<void, Free>> blocks;
};
