// SPDX-License-Identifier: GPL-2.0-only
//
// Long games at stage 1 where there are two privilege levels.
#include "all_sizes.hpp"

using namespace vmsa;
using games::AllSizes;

TEST(with_4k_and_48_bits)
{
	AllSizes<Format<El1And0, Granule4K, 48>>{test}.play();
}

TEST(with_4k_and_52_bits)
{
	AllSizes<Format<El2And0, Granule4K, 52>>{test}.play();
}

TEST(with_16k_and_48_bits)
{
	AllSizes<Format<El1And0, Granule16K, 48>>{test}.play();
}

TEST(with_16k_and_52_bits)
{
	AllSizes<Format<El2And0, Granule16K, 52>>{test}.play();
}

TEST(with_64k_and_48_bits)
{
	AllSizes<Format<El1And0, Granule64K, 48>>{test}.play();
}

TEST(with_64k_and_52_bits)
{
	AllSizes<Format<El2And0, Granule64K, 52>>{test}.play();
}

SUITE(games_with_el0, with_4k_and_48_bits, with_4k_and_52_bits, with_16k_and_48_bits,
      with_16k_and_52_bits, with_64k_and_48_bits, with_64k_and_52_bits);
