// SPDX-License-Identifier: GPL-2.0-only
#include "text.hpp"

#include <charconv>

namespace text
{

void append_hex(std::string &out, uint64_t value, unsigned digits)
{
	char buffer[16];
	unsigned n = 0;

	do {
		buffer[15 - n++] = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value || n < (digits < 16 ? digits : 16));
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

std::string size(uint64_t bytes)
{
	constexpr char suffixes[] = {'K', 'M', 'G', 'T'};
	size_t i = 0;

	if (bytes % 1024)
		return std::to_string(bytes) + " bytes";
	for (bytes >>= 10; bytes >= 1024 && bytes % 1024 == 0 && i + 1 < sizeof(suffixes); i++)
		bytes >>= 10;
	return std::to_string(bytes) + suffixes[i];
}

Number parse_number(std::string_view s)
{
	const bool hex = s.starts_with("0x") || s.starts_with("0X");
	const char *begin = s.data() + (hex ? 2 : 0);
	const char *end = s.data() + s.size();
	uint64_t n = 0;
	const auto [rest, error] = std::from_chars(begin, end, n, hex ? 16 : 10);
	unsigned shift = 0;

	if (error == std::errc::result_out_of_range)
		return {0, Number::Trouble::too_large, 0};
	if (error != std::errc{})
		return {0, Number::Trouble::not_a_number, 0};
	if (rest != end) {
		const size_t suffix = std::string_view{"kKmMgGtT"}.find(*rest);

		if (suffix == std::string_view::npos || rest + 1 != end)
			return {0, Number::Trouble::junk, static_cast<size_t>(rest - s.data())};
		shift = 10 * (static_cast<unsigned>(suffix) / 2 + 1);
	}
	if (n << shift >> shift != n)
		return {0, Number::Trouble::too_large, 0};
	return {n << shift, Number::Trouble::none, 0};
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
