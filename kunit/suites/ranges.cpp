// SPDX-License-Identifier: GPL-2.0-only
//
// The ranges that a reader of a log takes out: merged where they touch, and with room for all that do
// not. What is written beyond its room, the sanitizers see.
#include "suite.hpp"

#include "module/guest/ranges.hpp"

#include "vmsa/bits.hpp"

#include <cstdlib>

using namespace vmsa;
using stage2::Ranges;

#ifndef __KERNEL__
extern "C" {

void *kernel_alloc(unsigned long bytes)
{
	return std::calloc(1, bytes);
}

void kernel_free(void *object)
{
	std::free(object);
}
}
#endif

namespace
{

constexpr uint64_t page = 4 * KiB;

TEST(ranges_that_touch_become_one)
{
	Ranges *ranges = Ranges::create(5);

	ASSERT(ranges != nullptr);
	EXPECT_EQ(ranges->count(), 0);
	ranges->add({Ipa{0}, page});
	ranges->add({Ipa{page}, 2 * page});
	ranges->add({Ipa{4 * page}, page});
	ranges->add({Ipa{5 * page}, page});
	ranges->add({Ipa{7 * page}, page});
	ASSERT_EQ(ranges->count(), 3);
	EXPECT((*ranges)[0] == Ranges::Region(Ipa{0}, 3 * page));
	EXPECT((*ranges)[1] == Ranges::Region(Ipa{4 * page}, 2 * page));
	EXPECT((*ranges)[2] == Ranges::Region(Ipa{7 * page}, page));
	kernel_free(ranges);
}

TEST(every_leaf_may_stand_alone)
{
	for (const size_t leaves : {1u, 2u, 3u, 7u, 64u, 511u, 10000u}) {
		Ranges *ranges = Ranges::create(leaves);

		ASSERT(ranges != nullptr);
		for (size_t i = 0; i < leaves; i++)
			ranges->add({Ipa{2 * i * page}, page});
		EXPECT_EQ(ranges->count(), leaves);
		for (size_t i = 0; i < leaves; i++)
			EXPECT((*ranges)[i] == Ranges::Region(Ipa{2 * i * page}, page));
		kernel_free(ranges);
	}
}

} // namespace

SUITE(ranges, ranges_that_touch_become_one, every_leaf_may_stand_alone);
