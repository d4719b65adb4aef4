// SPDX-License-Identifier: GPL-2.0-only
#include "text.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>

namespace text
{

namespace
{

// "000102...ff": two digits at a time.
constexpr auto pairs = [] {
	std::array<char, 512> all{};

	for (size_t i = 0; i < all.size(); i++)
		all[i] = "0123456789abcdef"[i / 2 >> (i % 2 ? 0 : 4) & 15];
	return all;
}();

} // namespace

void append_hex(std::string &out, uint64_t value, unsigned digits)
{
	const unsigned needed = (67 - static_cast<unsigned>(std::countl_zero(value | 1))) / 4;
	const unsigned n = std::max(needed, std::min(digits, 16u));
	char buffer[16];

	for (unsigned i = 16; i > 16 - n; i -= 2, value >>= 8)
		std::memcpy(buffer + i - 2, pairs.data() + 2 * (value & 0xff), 2);
	out.append(buffer + 16 - n, n);
}

void append_number(std::string &out, uint64_t value)
{
	char buffer[20];
	const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;

	out.append(buffer, end);
}

std::string hex(uint64_t value, unsigned digits)
{
	std::string out{"0x"};

	append_hex(out, value, digits);
	return out;
}

std::string duration(uint64_t ns)
{
	constexpr const char *units[] = {"ns", "us", "ms", "s"};
	uint64_t unit = 1;
	size_t i = 0;

	while (i + 1 < std::size(units) && ns / unit >= 1000) {
		unit *= 1000;
		i++;
	}

	const uint64_t whole = ns / unit;
	const uint64_t tenth = ns % unit * 10 / unit;

	return std::to_string(whole) +
	       (i && whole < 100 ? '.' + std::to_string(tenth) : std::string{}) + units[i];
}

} // namespace text
