// SPDX-License-Identifier: GPL-2.0-only
//
// Errors as text: each code has a name of its own, and the line says all there is.
#include "vmsa/error_text.hpp"
#include "suite.hpp"

using namespace vmsa;

namespace
{

constexpr bool same(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	return *a == *b;
}

struct Line {
	char text[160] = {};

	constexpr explicit Line(const Error &e)
	{
		size_t n = 0;

		print(e, [&](char c) {
			if (n + 1 < sizeof(text))
				text[n++] = c;
		});
	}
};

constexpr auto last_code = static_cast<unsigned>(Errc::cancelled);

} // namespace

TEST(each_code_has_a_name_of_its_own)
{
	for (unsigned i = 0; i <= last_code; i++) {
		const char *one = name(static_cast<Errc>(i));

		EXPECT(*one && !same(one, "unknown"));
		for (unsigned k = 0; k < i; k++)
			EXPECT(!same(one, name(static_cast<Errc>(k))));
	}
	EXPECT(same(name(static_cast<Errc>(0xff)), "unknown"));
}

// In a constant expression, too: there is nothing to allocate.
TEST(a_line_says_all_there_is)
{
	static_assert(same(Line{{}}.text, "none: no error"));
	static_assert(same(Line{{Errc::overlap, 0x1000, 0x1fff}}.text,
			   "overlap: something is mapped there already, 0x1000 to 0x1fff"));
	static_assert(same(Line{{Errc::asid, 0x100, 0xff}}.text,
			   "asid: the ASID or VMID is too large, 0x100, the limit is 0xff"));
	EXPECT(same(Line{{Errc::stray_table, 0, ~uint64_t{0}}}.text,
		    "stray_table: a table entry points to no table of this tree, 0x0 says "
		    "0xffffffffffffffff"));
}

SUITE(error_text, each_code_has_a_name_of_its_own, a_line_says_all_there_is);
