// SPDX-License-Identifier: GPL-2.0-only
//
// Long games at stage 2 with HCR_EL2.FWB.
#include "all_sizes.hpp"

using namespace vmsa;
using games::AllSizes;

TEST(with_4k_and_48_bits)
{
	AllSizes<Format<Stage2Fwb, Granule4K, 48>>{test}.play();
}

TEST(with_4k_and_52_bits)
{
	AllSizes<Format<Stage2Fwb, Granule4K, 52>>{test}.play();
}

TEST(with_16k_and_48_bits)
{
	AllSizes<Format<Stage2Fwb, Granule16K, 48>>{test}.play();
}

TEST(with_16k_and_52_bits)
{
	AllSizes<Format<Stage2Fwb, Granule16K, 52>>{test}.play();
}

TEST(with_64k_and_48_bits)
{
	AllSizes<Format<Stage2Fwb, Granule64K, 48>>{test}.play();
}

TEST(with_64k_and_52_bits)
{
	AllSizes<Format<Stage2Fwb, Granule64K, 52>>{test}.play();
}

SUITE(games_stage2_fwb, with_4k_and_48_bits, with_4k_and_52_bits, with_16k_and_48_bits,
      with_16k_and_52_bits, with_64k_and_48_bits, with_64k_and_52_bits);
