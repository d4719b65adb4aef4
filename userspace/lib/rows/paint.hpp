// SPDX-License-Identifier: GPL-2.0-only
//
// What a leaf allows, in the colours that pictures have for it (lib/render/page.css), on a terminal of 256.
#pragma once

#include <string>
#include <string_view>

namespace rows
{

// "rwx" as it is to be shown; null: as it is.
using Paint = std::string (*)(std::string_view access);

// White on the colour; "rwx(el0)" has that of rwx.
std::string in_colour(std::string_view access);
// Of the 256.
unsigned colour_of(std::string_view access);

inline std::string painted(Paint paint, const std::string &access)
{
	return paint ? paint(access) : access;
}

} // namespace rows
