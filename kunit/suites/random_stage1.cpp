// SPDX-License-Identifier: GPL-2.0-only
//
// Random operations at stage 1, in both ranges: short games, as in random.cpp.
#include "support/play.hpp"

using namespace vmsa;
using namespace support;

TEST(with_el0_and_a_4k_granule)
{
	unsigned long played = 0;

	for (unsigned va_bits : {25, 33, 39, 48}) {
		for (Range range : {Range::lower, Range::upper})
			played += play<Format<El1And0, Granule4K>>(test, va_bits, 4, range);
	}
	test_played(test, played);
}

TEST(with_a_16k_granule_and_52_bits)
{
	unsigned long played = 0;

	for (unsigned va_bits : {36, 47, 52}) {
		for (Range range : {Range::lower, Range::upper})
			played += play<Format<El2And0, Granule16K, 52>>(test, va_bits, 2, range);
	}
	test_played(test, played);
}

TEST(without_el0_and_with_52_bits)
{
	unsigned long played = 0;

	for (unsigned va_bits : {39, 49, 52})
		played += play<Format<El3, Granule4K, 52>>(test, va_bits, 4);
	test_played(test, played);
}

SUITE(random_stage1, with_el0_and_a_4k_granule, with_a_16k_granule_and_52_bits,
      without_el0_and_with_52_bits);
