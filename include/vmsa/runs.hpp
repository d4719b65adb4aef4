// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The tight loops: a run of descriptors, side by side in one table. Everything else in the engine
// is paid once a run; these are paid once a descriptor, so they are unrolled.
#pragma once

#include "vmsa/memory.hpp"

namespace vmsa
{

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
	const uint64_t size = Format::Granule::size(level);

	if constexpr (Format::output_bits == 52) {
		constexpr unsigned in_place = Format::apart_from;

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

// Replaces the bits of `mask`; hardware may be updating others, so each is exchanged.
constexpr Descriptor replace_bits(Descriptor *entry, Descriptor mask, Descriptor bits)
{
	Descriptor old = load(entry);

	while (!compare_exchange(entry, old, (old & ~mask) | bits))
		;
	return old;
}

// Is a leaf `d` of `level` at `at` the first of a contiguous group?
template <class Format> constexpr bool begins_group(Descriptor d, auto at, Level level)
{
	return (d & Format::contiguous) &&
	       at.is_aligned(Format::contiguous_run(level) << Format::Granule::shift(level));
}

// What hardware noted in any leaf of a contiguous group it may have seen of another (rule R_JQQTC): it holds for all.
// So do the bits `also`, which software left in its place. No TLB has the group any more.
template <class Format> constexpr void share_notes(Descriptor *group, Level level, Descriptor also)
{
	const size_t n = Format::contiguous_run(level);
	Descriptor noted = 0;

	for (size_t i = 0; i < n; i++)
		noted |= Format::noted_by_hardware(load(group + i)) | (load(group + i) & also);
	for (size_t i = 0; i < n; i++) {
		Descriptor d = load(group + i);

		while (!compare_exchange(group + i, d, Format::note(d, noted) | (noted & also)))
			;
	}
}

} // namespace vmsa
