// SPDX-License-Identifier: GPL-2.0-only
// test: audit refuses a call into the C++ library
// flags: -mgeneral-regs-only
// expect: root(std::array<unsigned long, 8ul> const&, unsigned long): needs std::__throw_out_of_range_fmt(char const\*, ...): the C++ library is not here
#include <array>

unsigned long root(const std::array<unsigned long, 8> &tables, unsigned long index)
{
	return tables.at(index);
}
