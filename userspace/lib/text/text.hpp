// SPDX-License-Identifier: GPL-2.0-only
//
// Numbers as strings. How they are written and read is in include/stage2/numbers.hpp, which the module has, too.
#pragma once

#include "stage2/numbers.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace text
{

// Hexadecimal digits, at least as many as asked for, without the 0x.
void append_hex(std::string &out, uint64_t value, unsigned digits = 1);
void append_number(std::string &out, uint64_t value);

// "0x80000000", "0x0000000080000000"
std::string hex(uint64_t value, unsigned digits = 1);

// Sizes in bytes: include/stage2/numbers.hpp says which way is whose.
inline std::string size(uint64_t bytes)
{
	return std::string{numbers::size(bytes).text()};
}
inline std::string exact_size(uint64_t bytes)
{
	return std::string{numbers::exact_size(bytes).text()};
}

// "950ns", "12.3us", "456us", "1.5s": three digits or so.
std::string duration(uint64_t ns);

// Lines of more than so many columns, continued below at blanks: under what is the last column of theirs in the
// left half, or else `further` in than they begin. A word that is too long stays whole.
std::string fold(std::string_view text, size_t columns, size_t further = 4);

using numbers::explain;
using numbers::Number;

inline Number parse_number(std::string_view text)
{
	return numbers::parse(text);
}

} // namespace text
