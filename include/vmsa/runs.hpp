// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The tight loops: a run of descriptors, side by side in one table. Everything else in the engine
// is paid once a run; these are paid once a descriptor, so they are unrolled.
#pragma once

#include "vmsa/memory.hpp"

namespace vmsa
{

// Repeats the body of the loop it stands before; the compilers have no common spelling.
#if defined(__clang__)
#define VMSA_UNROLL _Pragma("clang loop unroll_count(8)")
#else
#define VMSA_UNROLL _Pragma("GCC unroll 8")
#endif

// `n` descriptors, each `step` more than the one before.
constexpr void fill(Descriptor *entry, size_t n, Descriptor first, uint64_t step)
{
	VMSA_UNROLL
	for (size_t i = 0; i < n; i++, first += step)
		store(entry + i, first);
}

// `n` leaves of `level` side by side, their output contiguous from `pa` on. `bits` is all of a leaf
// but its output. With 52 bits of output the top ones stand elsewhere, so that an addition must not
// carry into them.
template <class Format>
constexpr void fill_leaves(Descriptor *entry, size_t n, Level level, Pa pa, Descriptor bits)
{
	constexpr unsigned in_place = Format::lpa ? 48 : Format::lpa2 ? 50 : 64;
	const uint64_t size = Format::Granule::size(level);

	if constexpr (in_place < 64) {
		for (;;) {
			const uint64_t rest = (bit(in_place) - (pa.raw() & low_bits(in_place))) >>
					      Format::Granule::shift(level);

			if (n <= rest)
				break;
			fill(entry, rest, Format::encode_output(pa) | bits, size);
			entry += rest;
			n -= rest;
			pa = pa + rest * size;
		}
	}
	fill(entry, n, Format::encode_output(pa) | bits, size);
}

// What `n` descriptors have in common. A look, not a decision: hardware may set AF or the dirty
// state at any moment, so nothing is written back from here.
struct Common {
	Descriptor all = ~Descriptor{0}; // set in every one
	Descriptor any = 0; // set in some

	// Do they all have the same value in these bits?
	constexpr bool agree(Descriptor bits) const
	{
		return ((all ^ any) & bits) == 0;
	}
};

constexpr Common common(const Descriptor *entry, size_t n)
{
	Common c;

	VMSA_UNROLL
	for (size_t i = 0; i < n; i++) {
		c.all &= entry[i];
		c.any |= entry[i];
	}
	return c;
}

// How many of them are leaves? Mostly all, or none.
template <class Format>
constexpr size_t count_leaves(const Descriptor *entry, size_t n, Level level)
{
	const Common c = common(entry, n);
	size_t count = 0;

	if (c.agree(3))
		return Format::is_leaf(c.any, level) ? n : 0;
	for (size_t i = 0; i < n; i++)
		count += Format::is_leaf(entry[i], level);
	return count;
}

// A table by cache lines: what survives in it is likeliest found close to where leaves go.
template <class Granule> struct Lines {
	static constexpr size_t entries = 8;
	static constexpr size_t count = Granule::entries / entries;

	static constexpr Descriptor any(const Descriptor *table, size_t line)
	{
		const Descriptor *d = table + line * entries;

		return d[0] | d[1] | d[2] | d[3] | d[4] | d[5] | d[6] | d[7];
	}

	// Is nothing in a table but, perhaps, in that line? Looks outward from it; no count of
	// entries has to be kept anywhere.
	static constexpr bool empty_but(const Descriptor *table, size_t line)
	{
		size_t below = line;

		for (size_t above = line + 1; above < count || below > 0; above++) {
			if (above < count && any(table, above))
				return false;
			if (below > 0 && any(table, --below))
				return false;
		}
		return true;
	}
};

// Is nothing left in a table? `hint` is an entry that was just removed.
template <class Granule> constexpr bool is_empty(const Descriptor *table, size_t hint)
{
	const size_t line = hint / Lines<Granule>::entries;

	return !Lines<Granule>::any(table, line) && Lines<Granule>::empty_but(table, line);
}

// Replaces the bits of `mask`; hardware may be updating others, so each is exchanged.
constexpr Descriptor replace_bits(Descriptor *entry, Descriptor mask, Descriptor bits)
{
	Descriptor old = load(entry);

	while (!compare_exchange(entry, old, (old & ~mask) | bits))
		;
	return old;
}

} // namespace vmsa
