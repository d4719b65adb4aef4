// SPDX-License-Identifier: GPL-2.0-only
//
// Numbers as people write and read them: 0x80000000, 4096, 2M. The one home of both directions: the module's
// files and the programs take and write the same words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace numbers
{

// What a number turned out to be. `at` is where the trouble begins.
struct Number {
	enum class Trouble : uint8_t { none, missing, negative, not_a_number, too_large, junk };

	uint64_t value = 0;
	Trouble trouble = Trouble::none;
	size_t at = 0;
};

namespace detail
{

// A digit of base 10 or 16, or 255.
constexpr unsigned digit_of(char c, unsigned base)
{
	unsigned digit = 255;

	if (c >= '0' && c <= '9')
		digit = static_cast<unsigned>(c - '0');
	else if (c >= 'a' && c <= 'f')
		digit = static_cast<unsigned>(c - 'a') + 10;
	else if (c >= 'A' && c <= 'F')
		digit = static_cast<unsigned>(c - 'A') + 10;
	return digit < base ? digit : 255;
}

inline constexpr std::string_view suffixes{"BKMGT"};

// By how much a suffix, of either case, shifts; or 255.
constexpr unsigned shift_of(char suffix)
{
	for (unsigned i = 0; i < suffixes.size(); i++) {
		if (suffix == suffixes[i] || suffix == (suffixes[i] | 0x20))
			return 10 * i;
	}
	return 255;
}

} // namespace detail

// 4096, 0x1000, 4K or 1.5G: decimal or hexadecimal, then perhaps B, K, M, G or T (either case). A decimal point wants
// a suffix; what is not a whole number of bytes is rounded down.
constexpr Number parse(std::string_view s)
{
	using Trouble = Number::Trouble;

	const bool hex = s.starts_with("0x") || s.starts_with("0X");
	const unsigned base = hex ? 16 : 10;
	const size_t first = hex ? 2 : 0;
	size_t at = first;
	uint64_t n = 0;
	unsigned tenths = 0;
	unsigned shift = 0;

	if (s.empty())
		return {0, Trouble::missing, 0};
	if (s[0] == '-')
		return {0, Trouble::negative, 0};
	for (; at < s.size() && detail::digit_of(s[at], base) != 255; at++) {
		if (__builtin_mul_overflow(n, base, &n) ||
		    __builtin_add_overflow(n, detail::digit_of(s[at], base), &n))
			return {0, Trouble::too_large, 0};
	}
	if (at == first)
		return {0, Trouble::not_a_number, first};

	const size_t digits_end = at;

	if (!hex && s.size() - at >= 3 && s[at] == '.' && detail::digit_of(s[at + 1], 10) != 255) {
		tenths = detail::digit_of(s[at + 1], 10);
		at += 2;
	}
	if (at < s.size()) {
		shift = detail::shift_of(s[at]);
		if (shift == 255 || at + 1 != s.size())
			return {0, Trouble::junk, digits_end};
	}
	if (n << shift >> shift != n)
		return {0, Trouble::too_large, 0};
	return {(n << shift) + (uint64_t{tenths} << shift) / 10, Trouble::none, 0};
}

// A size is the same however it is written: 2m, 2M, 0x200000.
constexpr bool same_size(std::string_view a, std::string_view b)
{
	const Number x = parse(a);
	const Number y = parse(b);

	return x.trouble == Number::Trouble::none && y.trouble == x.trouble && x.value == y.value;
}

// What a person should be told about it.
constexpr const char *explain(Number::Trouble trouble)
{
	switch (trouble) {
	case Number::Trouble::missing:
		return "a number is missing";
	case Number::Trouble::negative:
		return "a number cannot be negative";
	case Number::Trouble::too_large:
		return "the number does not fit in 64 bits";
	case Number::Trouble::junk:
		return "other characters after the number (a suffix is K, M, G or T)";
	default:
		return "not a number (write 4096, 0x1000 or 4K)";
	}
}

// A short word, NUL-terminated.
struct Word {
	char chars[24] = {};
	uint8_t size = 0;

	constexpr void add(char c)
	{
		chars[size++] = c;
	}
	constexpr void add(uint64_t n)
	{
		uint64_t power = 1;

		while (n / power >= 10)
			power *= 10;
		for (; power; power /= 10)
			add(static_cast<char>('0' + n / power % 10));
	}
	constexpr std::string_view text() const
	{
		return {chars, size};
	}
};

// The largest suffix that leaves a whole number, however many digits: "2097156K".
constexpr Word exact_size(uint64_t bytes)
{
	size_t i = 0;
	Word word;

	if (bytes % 1024 == 0) {
		for (bytes >>= 10, i++;
		     bytes >= 1024 && bytes % 1024 == 0 && i + 1 < detail::suffixes.size(); i++)
			bytes >>= 10;
	}
	word.add(bytes);
	word.add(detail::suffixes[i]);
	return word;
}

// "2M", "5188K", "100B": exact where four digits are enough, else with one decimal: "2.0G". parse() takes every one
// of these words.
constexpr Word size(uint64_t bytes)
{
	Word word = exact_size(bytes);
	unsigned i = 0;

	if (word.size <= 5)
		return word;
	while (i + 1 < detail::suffixes.size() && bytes >> (10 * i) >= 1024)
		i++;

	const uint64_t unit = uint64_t{1} << (10 * i);

	word = {};
	word.add(bytes / unit);
	word.add('.');
	word.add(bytes % unit * 10 / unit);
	word.add(detail::suffixes[i]);
	return word;
}

static_assert(size(2 * 1024 * 1024).text() == "2M" && size(100).text() == "100B" &&
	      size(0).text() == "0K");
static_assert(size(0x8000'1000).text() == "2.0G" && exact_size(0x8000'1000).text() == "2097156K");
static_assert(exact_size(~uint64_t{0}).text() == "18446744073709551615B");
static_assert(parse("0x80000000").value == 0x8000'0000 && parse("16k").value == 0x4000);
static_assert(parse("1.5G").value == 0x6000'0000 && parse("100B").value == 100);
static_assert(same_size("2m", "0x200000") && !same_size("2m", "2") && !same_size("x", "x"));
static_assert(parse("1.5").trouble == Number::Trouble::junk && parse("1.5").at == 1);
static_assert(parse("16777216T").trouble == Number::Trouble::too_large);

} // namespace numbers
