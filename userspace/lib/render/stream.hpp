// SPDX-License-Identifier: GPL-2.0-only
//
// Numbers as text, for page.js: digits of 64 (those of base64). A number is written from its lowest five
// bits up, with 32 added to every digit but the last; where it is known how many there are, of six bits.
#pragma once

#include <cstdint>
#include <string>

namespace render
{

inline void append_digit(std::string &out, unsigned six_bits)
{
	out += "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[six_bits];
}

inline void append_number(std::string &out, uint64_t n)
{
	for (; n >= 32; n >>= 5)
		append_digit(out, 32 | (n & 31));
	append_digit(out, static_cast<unsigned>(n));
}

// Whole digits, the lowest first.
inline void append_digits(std::string &out, uint64_t n, unsigned digits)
{
	for (; digits; digits--, n >>= 6)
		append_digit(out, n & 63);
}

// 0, -1, 1, -2, 2, ... are 0, 1, 2, 3, 4, ...
inline void append_signed(std::string &out, int64_t n)
{
	append_number(out,
		      n < 0 ? (~static_cast<uint64_t>(n) << 1) + 1 : static_cast<uint64_t>(n) << 1);
}

} // namespace render
