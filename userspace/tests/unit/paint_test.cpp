// SPDX-License-Identifier: GPL-2.0-only
//
// The colours of a terminal are those of the picture: of the 256, the nearest to what page.css has.
#include "make_dump.hpp"

#include "rows/paint.hpp"

#include <gtest/gtest.h>

#include <array>

namespace
{

using Rgb = std::array<int, 3>;

// The cube of 6 x 6 x 6 and the greys; the first 16 are whatever the user has made of them.
Rgb rgb_of(unsigned colour)
{
	constexpr int levels[] = {0, 95, 135, 175, 215, 255};
	const int grey = 8 + 10 * (static_cast<int>(colour) - 232);

	if (colour >= 232)
		return {grey, grey, grey};
	colour -= 16;
	return {levels[colour / 36], levels[colour / 6 % 6], levels[colour % 6]};
}

int distance(const Rgb &a, const Rgb &b)
{
	int sum = 0;

	for (size_t i = 0; i < 3; i++)
		sum += (a[i] - b[i]) * (a[i] - b[i]);
	return sum;
}

TEST(paint, has_the_colours_of_the_page)
{
	const std::string css = unit::read_file("userspace/lib/render/page.css");

	for (unsigned i = 0; i < 8; i++) {
		const std::string access{i & 4 ? 'r' : '-', i & 2 ? 'w' : '-', i & 1 ? 'x' : '-'};
		std::string name = "--" + access + ": #";

		std::ranges::replace(name.begin() + 2, name.begin() + 5, '-', '_');

		const size_t at = css.find(name);

		ASSERT_NE(at, css.npos) << name;

		const int hex = std::stoi(css.substr(at + name.size(), 6), nullptr, 16);
		const Rgb wanted{hex >> 16, hex >> 8 & 255, hex & 255};
		const int ours = distance(wanted, rgb_of(rows::colour_of(access)));

		for (unsigned other = 16; other < 256; other++)
			EXPECT_LE(ours, distance(wanted, rgb_of(other))) << access << ' ' << other;
	}
	EXPECT_EQ(rows::in_colour("rwx(el0)"), "\033[97;48;5;124mrwx(el0)\033[0m");
}

} // namespace
