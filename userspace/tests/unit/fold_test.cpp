// SPDX-License-Identifier: GPL-2.0-only
#include "text/text.hpp"

#include "../random.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace
{

using text::fold;

TEST(fold, leaves_what_fits)
{
	EXPECT_EQ(fold("", 10), "");
	EXPECT_EQ(fold("0123456789\n\n  12345678", 10), "0123456789\n\n  12345678");
}

TEST(fold, goes_on_below_further_in)
{
	EXPECT_EQ(fold("one two three four\n", 12), "one two\n    three\n    four\n");
	EXPECT_EQ(fold("  one two three\n", 12, 0), "  one two\n  three\n");
}

TEST(fold, goes_on_under_the_last_column_of_the_left_half)
{
	EXPECT_EQ(fold("tcr  0x1  a long story\n", 24), "tcr  0x1  a long story\n");
	EXPECT_EQ(fold("tcr  0x1  a long story\n", 20), "tcr  0x1  a long\n          story\n");
	EXPECT_EQ(fold("tcr  0x1  a long story\n", 18), "tcr  0x1  a long\n     story\n");
}

TEST(fold, counts_no_colour_and_characters_once)
{
	EXPECT_EQ(fold("\033[97;48;5;25mrw-\033[0m normal", 10),
		  "\033[97;48;5;25mrw-\033[0m normal");
	EXPECT_EQ(fold("8.1 \u00b5s abc", 10), "8.1 \u00b5s abc");
}

TEST(fold, keeps_a_word_that_is_too_long)
{
	EXPECT_EQ(fold("a 0x0123456789 b\n", 8), "a 0x0123456789\n    b\n");
}

// Words and their order stay, and only a single word may be too wide.
TEST(fold, loses_nothing)
{
	Random random;

	for (int round = 0; round < 2000; round++) {
		const size_t columns = 10 + random.below(90);
		std::string line;

		for (uint64_t n = random.below(30); n > 0; n--)
			line.append(1 + random.below(3), ' ')
				.append(1 + random.below(8), static_cast<char>('a' + n % 26));

		const std::string folded = fold(line, columns);
		const auto bare = [](std::string text) {
			std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
			return text;
		};

		EXPECT_EQ(bare(folded), bare(line));
		for (size_t at = 0; at < folded.size();) {
			const size_t end = std::min(folded.find('\n', at), folded.size());

			EXPECT_LE(end - at, columns + 5) << folded;
			at = end + 1;
		}
	}
}

} // namespace
