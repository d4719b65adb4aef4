// SPDX-License-Identifier: GPL-2.0-only
//
// The tests' own test: what suite.hpp promises, in whichever home this runs.
#include "suite.hpp"

namespace
{

struct Strong {
	uint64_t value;

	uint64_t raw() const
	{
		return value;
	}
	bool operator==(const Strong &) const = default;
};

enum class Colour : uint8_t { red = 1, green = 2 };

} // namespace

TEST(scratch_is_aligned_and_zeroed)
{
	for (size_t align = alignof(uint64_t); align <= 1024 * 1024; align *= 2) {
		auto block = scratch<uint64_t>(test, 513, align);

		ASSERT_EQ(block.size(), 513);
		ASSERT_EQ(reinterpret_cast<uintptr_t>(block.data()) % align, 0);
		for (uint64_t word : block)
			ASSERT_EQ(word, 0);
	}
}

TEST(scratch_blocks_are_apart)
{
	auto one = scratch<uint8_t>(test, 4096, 4096);
	auto other = scratch<uint8_t>(test, 4096, 4096);

	ASSERT(!one.empty() && !other.empty());
	for (uint8_t &byte : one)
		byte = 0xff;
	for (uint8_t byte : other)
		ASSERT_EQ(byte, 0);
}

TEST(scratch_without_memory_is_empty)
{
	EXPECT(scratch<uint8_t>(test, size_t{1} << 46).empty());
}

TEST(numbers_compare_as_numbers)
{
	EXPECT_EQ(uint64_t{3}, 3);
	EXPECT_EQ(true, 1u);
	EXPECT(!kunit_detail::equal(~uint64_t{0}, -1));
}

TEST(text_compares_as_text)
{
	char copy[] = "rw- normal";

	EXPECT_EQ(copy, "rw- normal");
	EXPECT_EQ(std::string_view{"rw-"}, std::string_view(copy, 3));
}

TEST(values_are_shown)
{
	int number = -2;

	EXPECT_EQ(kunit_detail::show(number).number, ~uint64_t{1});
	EXPECT_EQ(kunit_detail::show(&number).number, reinterpret_cast<uintptr_t>(&number));
	EXPECT_EQ(kunit_detail::show(Colour::green).number, 2);
	EXPECT_EQ(kunit_detail::show(Strong{0x8020'0000}).number, 0x8020'0000);
	EXPECT_EQ(kunit_detail::show("abc").text_size, 3);
	EXPECT_EQ(kunit_detail::show(test_value{}).kind, test_value::TEST_VALUE_OPAQUE);
	EXPECT_EQ(Strong{1}, Strong{1});
}

SUITE(selftest, scratch_is_aligned_and_zeroed, scratch_blocks_are_apart,
      scratch_without_memory_is_empty, numbers_compare_as_numbers, text_compares_as_text,
      values_are_shown);
