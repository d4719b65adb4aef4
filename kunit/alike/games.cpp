// SPDX-License-Identifier: GPL-2.0-only
//
// The same calls come to the same leaves and the same answers, whatever the library was optimized for.
#include "alike/alike.hpp"
#include "suite.hpp"

using namespace alike;

TEST(fast_and_small)
{
	for (unsigned format = 0; format < formats; format++) {
		for (uint64_t seed = 0; seed < 200 * test_effort(); seed++) {
			const auto fast = play_fast(format, seed);
			const auto small = play_small(format, seed);

			EXPECT_EQ(fast.size(), small.size());
			for (size_t i = 0; i < fast.size(); i++) {
				if (fast[i] == small[i])
					continue;

				const unsigned long long where[] = {format, seed, i, fast[i].call};

				test_remark(test, "alike: format, seed, number of the call, which",
					    where, std::size(where));
				EXPECT_EQ(fast[i].answer, small[i].answer);
				EXPECT_EQ(fast[i].leaves, small[i].leaves);
				return;
			}
		}
	}
}

SUITE(alike_games, fast_and_small);
