// SPDX-License-Identifier: GPL-2.0-only
//
// Numbers as people write and read them: 0x80000000, 4096, 2M. The one home of both directions.
#pragma once

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

// "2M": of whole KiB, the largest suffix that leaves a whole number; "12 bytes" of anything else.
std::string size(uint64_t bytes);

// "950ns", "12.3us", "456us", "1.5s": three digits or so.
std::string duration(uint64_t ns);

// What a number turned out to be. `at` is where the trouble begins.
struct Number {
	enum class Trouble { none, not_a_number, too_large, junk };

	uint64_t value = 0;
	Trouble trouble = Trouble::none;
	size_t at = 0;
};

// 4096, 0x1000 or 4K: decimal or hexadecimal, then perhaps K, M, G or T (either case).
Number parse_number(std::string_view text);

// What a person should be told about it.
const char *explain(Number::Trouble trouble);

} // namespace text
