// SPDX-License-Identifier: GPL-2.0-only
#include "paint.hpp"

namespace rows
{

unsigned colour_of(std::string_view access)
{
	// By x, w and r, each a bit: the nearest of the 256 to each colour of page.css.
	constexpr unsigned colours[] = {241, 29, 94, 25, 89, 97, 130, 124};
	unsigned which = 0;

	for (unsigned i = 0; i < 3 && i < access.size(); i++)
		which |= (access[i] != '-') << i;
	return colours[which];
}

std::string in_colour(std::string_view access)
{
	return "\033[97;48;5;" + std::to_string(colour_of(access)) + "m" + std::string{access} +
	       "\033[0m";
}

} // namespace rows
