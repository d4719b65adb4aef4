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

// "2M", "5188K", "100B": exact where four digits are enough, else with one decimal: "2.0G". parse_number() takes
// every one of these words.
std::string size(uint64_t bytes);
// The largest suffix that leaves a whole number, however many digits: "2097156K".
std::string exact_size(uint64_t bytes);

// "950ns", "12.3us", "456us", "1.5s": three digits or so.
std::string duration(uint64_t ns);

// What a number turned out to be. `at` is where the trouble begins.
struct Number {
	enum class Trouble { none, not_a_number, too_large, junk };

	uint64_t value = 0;
	Trouble trouble = Trouble::none;
	size_t at = 0;
};

// 4096, 0x1000, 4K or 1.5G: decimal or hexadecimal, then perhaps B, K, M, G or T (either case). A decimal point wants
// a suffix; what is not a whole number of bytes is rounded down.
Number parse_number(std::string_view text);

// What a person should be told about it.
const char *explain(Number::Trouble trouble);

} // namespace text
