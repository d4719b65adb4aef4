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

std::string exact_size(uint64_t bytes)
{
	constexpr char suffixes[] = {'K', 'M', 'G', 'T'};
	size_t i = 0;

	if (bytes % 1024)
		return std::to_string(bytes) + 'B';
	for (bytes >>= 10; bytes >= 1024 && bytes % 1024 == 0 && i + 1 < sizeof(suffixes); i++)
		bytes >>= 10;
	return std::to_string(bytes) + suffixes[i];
}

std::string size(uint64_t bytes)
{
	constexpr char suffixes[] = {'B', 'K', 'M', 'G', 'T'};
	const std::string exact = exact_size(bytes);
	unsigned i = 0;

	if (exact.size() <= 5)
		return exact;
	while (i + 1 < sizeof(suffixes) && bytes >> (10 * i) >= 1024)
		i++;

	const uint64_t unit = uint64_t{1} << (10 * i);

	return std::to_string(bytes / unit) + '.' + std::to_string(bytes % unit * 10 / unit) +
	       suffixes[i];
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

Number parse_number(std::string_view s)
{
	const bool hex = s.starts_with("0x") || s.starts_with("0X");
	const char *begin = s.data() + (hex ? 2 : 0);
	const char *end = s.data() + s.size();
	uint64_t n = 0;
	unsigned tenths = 0;
	const auto [rest, error] = std::from_chars(begin, end, n, hex ? 16 : 10);
	unsigned shift = 0;

	if (error == std::errc::result_out_of_range)
		return {0, Number::Trouble::too_large, 0};
	if (error != std::errc{})
		return {0, Number::Trouble::not_a_number, 0};

	const char *at = rest; // behind the digits, and a decimal point and one more digit

	if (!hex && end - at >= 3 && at[0] == '.' && at[1] >= '0' && at[1] <= '9') {
		tenths = static_cast<unsigned>(at[1] - '0');
		at += 2;
	}
	if (at != end) {
		const size_t suffix = std::string_view{"bBkKmMgGtT"}.find(*at);

		if (suffix == std::string_view::npos || at + 1 != end)
			return {0, Number::Trouble::junk, static_cast<size_t>(rest - s.data())};
		shift = 10 * (static_cast<unsigned>(suffix) / 2);
	}
	if (n << shift >> shift != n)
		return {0, Number::Trouble::too_large, 0};
	return {(n << shift) + (uint64_t{tenths} << shift) / 10, Number::Trouble::none, 0};
}

const char *explain(Number::Trouble trouble)
{
	switch (trouble) {
	case Number::Trouble::too_large:
		return "the number does not fit in 64 bits";
	case Number::Trouble::junk:
		return "junk after a number (a suffix is K, M, G or T)";
	default:
		return "not a number (write 4096, 0x1000 or 4K)";
	}
}

} // namespace text
