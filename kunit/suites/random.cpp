// SPDX-License-Identifier: GPL-2.0-only
//
// Random operations at stage 2, in every geometry. support/play.hpp says what happens.
#include "support/play.hpp"

using namespace vmsa;
using namespace support;

TEST(with_a_4k_granule_from_32_to_48_bits)
{
	for (unsigned ipa_bits = 32; ipa_bits <= 48; ipa_bits++)
		play<Stage2_4K>(test, ipa_bits, 4);
}

// In units of 2 MiB, with blocks of 1 GiB, which level 1 may be the root of.
TEST(with_blocks_of_1g_and_2m)
{
	for (unsigned ipa_bits : {36, 41, 46}) {
		const uint64_t middle = ipa_bits == 36 ? 32 * GiB : 512 * GiB;

		Game<Stage2_4K>{test,
				{ipa_bits, Range::lower, middle - 2 * GiB, 2 * MiB, 2048, GiB,
				 200 * test_effort()}}
			.play();
	}
}

TEST(with_52_bits_and_write_back_forced)
{
	for (unsigned ipa_bits : {40, 49, 52})
		play<Format<Stage2Fwb, Granule4K, 52>>(test, ipa_bits, 4);
}

TEST(with_a_16k_granule)
{
	for (unsigned ipa_bits : {36, 38, 42, 48})
		play<Format<Stage2, Granule16K>>(test, ipa_bits, 2);
}

TEST(with_a_64k_granule)
{
	for (unsigned ipa_bits : {42, 44, 48})
		play<Format<Stage2, Granule64K>>(test, ipa_bits, 2);
}

SUITE(random, with_a_4k_granule_from_32_to_48_bits, with_blocks_of_1g_and_2m,
      with_52_bits_and_write_back_forced, with_a_16k_granule, with_a_64k_granule);
