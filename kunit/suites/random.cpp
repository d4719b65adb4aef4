// SPDX-License-Identifier: GPL-2.0-only
//
// Random operations at stage 2: short games, for a kernel and for sanitizers. The long ones, in every
// format, are in games/. support/play.hpp says what happens.
#include "support/play.hpp"

using namespace vmsa;
using namespace support;

TEST(with_a_4k_granule_from_32_to_48_bits)
{
	unsigned long played = 0;

	for (unsigned ipa_bits = 32; ipa_bits <= 48; ipa_bits++)
		played += play<Stage2_4K>(test, ipa_bits, 4);
	test_played(test, played);
}

// In units of 2 MiB; level 1 may be the root.
TEST(with_blocks_of_1g_and_2m)
{
	unsigned long played = 0;

	for (unsigned ipa_bits : {36, 41, 46})
		played += play<Stage2_4K>(test, ipa_bits, 4, Range::lower, 1);
	test_played(test, played);
}

TEST(with_52_bits_and_write_back_forced)
{
	unsigned long played = 0;

	for (unsigned ipa_bits : {40, 49, 52})
		played += play<Format<Stage2Fwb, Granule4K, 52>>(test, ipa_bits, 4);
	test_played(test, played);
}

TEST(with_a_64k_granule_and_52_bits)
{
	unsigned long played = 0;

	for (unsigned ipa_bits : {42, 44, 52})
		played += play<Format<Stage2, Granule64K, 52>>(test, ipa_bits, 2);
	test_played(test, played);
}

SUITE(random, with_a_4k_granule_from_32_to_48_bits, with_blocks_of_1g_and_2m,
      with_52_bits_and_write_back_forced, with_a_64k_granule_and_52_bits);
