// SPDX-License-Identifier: GPL-2.0-only
//
// The table of `s2ctl top`: in whatever room there is, nothing is cut without a sign.
#include "trace/table.hpp"

#include <gtest/gtest.h>

#include <sstream>

using namespace trace;

namespace
{

Row row(const char *guest, uint64_t faults)
{
	Row r{guest, (uint64_t{2} << 30) + 4096, 1024, 4 << 20, {}};

	r.counts.events[EVENT_fault] = faults;
	r.counts.events[EVENT_exit] = 2 * faults;
	return r;
}

Snapshot snapshot()
{
	return {1'000'000'000,
		1'000'000'000,
		0,
		{row("calm", 0), row("busy", 123456), row("a_name_of_24_characters_x", 7)}};
}

std::vector<std::string> lines_of(const std::string &text)
{
	std::istringstream in{text};
	std::vector<std::string> lines;

	for (std::string line; std::getline(in, line);)
		lines.push_back(line);
	return lines;
}

TEST(table, fits_any_room)
{
	for (size_t columns = 1; columns < 140; columns++) {
		for (size_t lines = 2; lines < 8; lines++) {
			const auto text = lines_of(table(snapshot(), columns, lines));

			EXPECT_LE(text.size(), lines);
			for (const std::string &line : text)
				EXPECT_LE(line.size(), columns) << line;
		}
	}
}

TEST(table, columns_are_whole_or_counted)
{
	for (size_t columns = 40; columns < 140; columns++) {
		const auto text = lines_of(table(snapshot(), columns, 24));
		size_t shown = 0;

		std::istringstream head{text[1]};
		for (std::string word; head >> word;)
			shown += word != "GUEST" && word != "FAULT" && word != "RUN";
		EXPECT_EQ(text[1].find('~'), text[1].npos) << text[1];
		EXPECT_EQ(shown < 9,
			  text[0].find(std::to_string(9 - shown) + " column") != text[0].npos)
			<< text[0] << '\n'
			<< text[1];
	}
	EXPECT_EQ(lines_of(table(snapshot(), 80, 24))[0], "3 guests, 1.0s, 0 events lost");
}

TEST(table, the_most_active_come_first_and_sizes_are_short)
{
	const auto text = lines_of(table(snapshot(), 80, 24));

	EXPECT_TRUE(text[2].starts_with("busy ")) << text[2];
	EXPECT_NE(text[2].find(" 2.0G "), std::string::npos) << text[2];
	EXPECT_NE(text[2].find(" 123456 "), std::string::npos) << text[2];
	EXPECT_TRUE(text[3].starts_with("a_name_of_~ers_x ")) << text[3];
	EXPECT_TRUE(text[4].starts_with("calm ")) << text[4];
	// Elsewhere there is room for everything.
	EXPECT_TRUE(lines_of(table(snapshot(), ~size_t{0}, ~size_t{0}))[3].starts_with(
		"a_name_of_24_characters_x "));
}

} // namespace
