// SPDX-License-Identifier: GPL-2.0-only
//
// Addresses, regions with an inclusive last byte, and fields of bits.
#include "vmsa/address.hpp"
#include "suite.hpp"
#include "vmsa/bits.hpp"

#include <concepts>

using namespace vmsa;

static_assert(!std::convertible_to<Ipa, Pa> && !std::equality_comparable_with<Ipa, Pa>);
static_assert(!std::convertible_to<uint64_t, Ipa> && !std::convertible_to<Ipa, uint64_t>);

TEST(a_region_holds_its_first_and_last_byte_and_no_more)
{
	const Region region{Ipa{0x8000}, 0x3000};

	EXPECT(region.is_valid());
	EXPECT_EQ(region.size(), 0x3000);
	EXPECT_EQ(region.last, Ipa{0xafff});
	EXPECT(region.contains(Ipa{0x8000}) && region.contains(Ipa{0xafff}));
	EXPECT(!region.contains(Ipa{0x7fff}) && !region.contains(Ipa{0xb000}));
}

// Trap 47: with an exclusive end, the end of this one would be 0.
TEST(a_region_reaches_the_last_byte_of_the_space)
{
	const Region page{Va{~uint64_t{0xfff}}, 0x1000};

	EXPECT(page.is_valid());
	EXPECT_EQ(page.last.raw(), ~uint64_t{0});
	EXPECT_EQ(page.size(), 0x1000);
	EXPECT(page.contains(Va{~uint64_t{0}}));

	const auto all = Region<Va>::inclusive(Va{0}, Va{~uint64_t{0}});

	EXPECT(all.is_valid());
	EXPECT_EQ(all.size(), 0);
	EXPECT(all.contains(page) && !page.contains(all));
}

TEST(an_empty_or_wrapping_region_is_not_valid)
{
	EXPECT(!(Region{Va{0x1000}, 0}.is_valid()));
	EXPECT(!(Region{Va{~uint64_t{0}}, 0}.is_valid()));
	EXPECT(!(Region{Va{~uint64_t{0}}, 2}.is_valid()));
	EXPECT(!(Region{Va{0x1000}, ~uint64_t{0xfff} + 1}.is_valid()));
	EXPECT(!(Region{Va{1}, ~uint64_t{0}}.is_valid() && Region{Va{2}, ~uint64_t{0}}.is_valid()));
	EXPECT(Region(Va{1}, ~uint64_t{0}).is_valid());
}

TEST(regions_contain_and_intersect)
{
	const Region a{Ipa{0x1000}, 0x4000};
	const Region b{Ipa{0x3000}, 0x4000};

	EXPECT(a.contains(a) && !a.contains(b) && !b.contains(a));
	EXPECT(a.contains(Region{Ipa{0x4000}, 0x1000}) && !a.contains(Region{Ipa{0x4000}, 0x1001}));
	EXPECT(a.intersect(b) == (Region{Ipa{0x3000}, 0x2000}));
	EXPECT(a.intersect(b) == b.intersect(a));
	EXPECT(!a.intersect(Region{Ipa{0x5000}, 0x1000}).is_valid());
	EXPECT(a.intersect(Region{Ipa{0x4fff}, 0x1000}) == (Region{Ipa{0x4fff}, 1}));
}

TEST(addresses_align_add_and_subtract)
{
	const Ipa ipa{0x1234'5678'9abc};

	for (unsigned n = 0; n < 64; n++) {
		ASSERT_EQ(ipa.align_down(bit(n)).raw(), ipa.raw() >> n << n);
		ASSERT(ipa.align_down(bit(n)).is_aligned(bit(n)));
		ASSERT_EQ(ipa.is_aligned(bit(n)), n <= 2);
	}
	EXPECT_EQ(ipa + 0x1000 - ipa, 0x1000);
	EXPECT_EQ(ipa - 0x9abc, Ipa{0x1234'5678'0000});
	EXPECT(ipa < ipa + 1 && ipa == ipa && ipa > ipa - 1);
}

TEST(a_field_puts_and_gets_its_bits_and_no_others)
{
	EXPECT_EQ(low_bits(0), 0);
	EXPECT_EQ(low_bits(64), ~uint64_t{0});
	for (unsigned low = 0; low < 64; low++) {
		for (unsigned high = low; high < 64; high++) {
			const Field field{high, low};
			const uint64_t largest = field.get(~uint64_t{0});

			ASSERT_EQ(largest, low_bits(high - low + 1));
			ASSERT_EQ(field.put(largest), field.mask());
			ASSERT_EQ(field.put(~uint64_t{0}), field.mask());
			ASSERT_EQ(field.get(~field.mask()), 0);
			ASSERT_EQ(field.mask() >> low << low, field.mask());
		}
	}
}

SUITE(address, a_region_holds_its_first_and_last_byte_and_no_more,
      a_region_reaches_the_last_byte_of_the_space, an_empty_or_wrapping_region_is_not_valid,
      regions_contain_and_intersect, addresses_align_add_and_subtract,
      a_field_puts_and_gets_its_bits_and_no_others);
