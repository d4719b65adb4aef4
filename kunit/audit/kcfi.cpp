// SPDX-License-Identifier: GPL-2.0-only
// test: audit accepts the types of functions that kCFI puts before them
// compilers: clang
// flags: -mgeneral-regs-only
// Of the hashes of these types some have a byte that looks like a register (d4) where a disassembler shows bytes.
template <typename Result, typename... Operands>
[[gnu::noinline]] Result pick(unsigned at, Operands... operands)
{
	const Result all[] = {static_cast<Result>(operands)...};

	return all[at % sizeof...(operands)];
}

template <typename Result> struct Picks {
	Result (*one)(unsigned, char);
	Result (*two)(unsigned, char, short);
	Result (*three)(unsigned, char, short, long);
	Result (*four)(unsigned, long, short, long, char);
};

template <typename Result>
constexpr Picks<Result> picks{pick<Result>, pick<Result>, pick<Result>, pick<Result>};

constinit Picks<int> ints = picks<int>;
constinit Picks<long> longs = picks<long>;
constinit Picks<unsigned char> bytes = picks<unsigned char>;
constinit Picks<unsigned short> shorts = picks<unsigned short>;
