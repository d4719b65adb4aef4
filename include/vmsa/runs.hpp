// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The tight loops: a run of descriptors, side by side in one table. Everything else in the engine
// is paid once a run; these are paid once a descriptor, so they are unrolled.
#pragma once

#include "vmsa/memory.hpp"

namespace vmsa
{

// pair(entry) for two of `n` entries side by side where there are pairs, and each(entry) for what is left. In sixteens
// each entry is a constant further on. In a loop that is just unrolled g++ computes every address; elsewhere it makes
// vectors of that loop. Pairs may be asked for anywhere: a test does.
template <bool Pairs = has_pairs, class Entry, class Pair, class Each>
[[gnu::always_inline]] constexpr void for_each_pair(Entry *entry, size_t n, const Pair &pair,
						    const Each &each)
{
	if constexpr (Pairs) {
		for (Entry *end = entry + (n & ~size_t{15}); entry != end; entry += 16) {
			VMSA_UNROLL
			for (size_t i = 0; i < 16; i += 2)
				pair(entry + i);
		}
		for (Entry *end = entry + (n & 14); entry != end; entry += 2)
			pair(entry);
		n &= 1;
	}
	VMSA_UNROLL
	for (size_t i = 0; i < n; i++)
		each(entry + i);
}

// each(descriptor) for `n` side by side. Hardware may change them meanwhile, and the compiler may read one twice. So
// this is for bits that hardware does not change, and for AF and the dirty state where an older value does no harm:
// hardware sets AF, and makes a leaf dirty, but never the reverse.
template <bool Pairs = has_pairs, class Each>
[[gnu::always_inline]] constexpr void look_at(const Descriptor *entry, size_t n, const Each &each)
{
	for_each_pair<Pairs>(
		entry, n,
		[&](const Descriptor *e) __attribute__((always_inline)) {
			Descriptor a, b;

			load_pair(e, a, b);
			each(a);
			each(b);
		},
		[&](const Descriptor *e) __attribute__((always_inline)) { each(*e); });
}

// Is the first of `n` side by side `first`, and each `step` more than the one before? For bits as with look_at.
constexpr bool count_up(const Descriptor *entry, size_t n, Descriptor first, uint64_t step)
{
	Descriptor differ = 0;

	for (const Descriptor *end = entry + (n & ~size_t{15}); entry != end; entry += 16) {
		if (!sixteen_count_up(entry, first, step))
			return false;
	}
	for (size_t i = 0; i < (n & 15); i++, first += step)
		differ |= load(entry + i) ^ first;
	return !differ;
}

// `n` descriptors, each `step` more than the one before.
template <bool Pairs = has_pairs>
constexpr void fill(Descriptor *entry, size_t n, Descriptor first, uint64_t step)
{
	for_each_pair<Pairs>(
		entry, n,
		[&](Descriptor * e) __attribute__((always_inline)) {
			store_pair(e, first, first + step);
			first += 2 * step;
		},
		[&](Descriptor * e) __attribute__((always_inline)) {
			store(e, first);
			first += step;
		});
}

// `n` leaves of `level` side by side, their output contiguous from `pa` on: act(entry, n, output of the first, as a
// descriptor has it) for those of which each is a leaf's size more than the one before. With 52 bits of output the top
// ones stand elsewhere, so that an addition must not carry into them.
template <class Format, class Entry, class Act>
[[gnu::always_inline]] constexpr void for_each_addend(Entry *entry, size_t n, Level level, Pa pa,
						      const Act &act)
{
	if constexpr (Format::output_bits == 52) {
		constexpr unsigned in_place = Format::apart_from;

		for (;;) {
			const uint64_t rest = (bit(in_place) - (pa.raw() & low_bits(in_place))) >>
					      Format::Granule::shift(level);

			if (n <= rest)
				break;
			act(entry, rest, Format::encode_output(pa));
			entry += rest;
			n -= rest;
			pa = pa + rest * Format::Granule::size(level);
		}
	}
	act(entry, n, Format::encode_output(pa));
}

// These leaves. `bits` is all of one but its output.
template <class Format>
constexpr void fill_leaves(Descriptor *entry, size_t n, Level level, Pa pa, Descriptor bits)
{
	for_each_addend<Format>(entry, n, level, pa, [=](Descriptor *e, size_t m, Descriptor out) {
		fill(e, m, out | bits, Format::Granule::size(level));
	});
}

// Does each of the leaves that stand there differ from that one of those in a bit of `deciding`?
template <class Format>
constexpr bool all_differ(const Descriptor *entry, size_t n, Level level, Pa pa, Descriptor bits,
			  Descriptor deciding)
{
	const uint64_t size = Format::Granule::size(level);
	size_t alike = 0;

	for_each_addend<Format>(
		entry, n, level, pa, [&](const Descriptor *first, size_t m, Descriptor out) {
			Descriptor everywhere = deciding;
			Descriptor next = out | bits;

			// Where both have outputs side by side, they differ everywhere in the lowest bit in which they
			// differ at all.
			look_at(
				first, m, [&](Descriptor d) __attribute__((always_inline)) {
					everywhere &= d ^ next;
					next += size;
				});
			if (everywhere)
				return;
			next = out | bits;
			look_at(
				first, m, [&](Descriptor d) __attribute__((always_inline)) {
					alike += !((d ^ next) & deciding);
					next += size;
				});
		});
	return !alike;
}

// What `n` descriptors have in common (look_at). What is noted in all of them stays so; more may have been noted
// since, and whoever stores because of this keeps that (toggle).
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

	look_at(
		entry, n, [&](Descriptor d) __attribute__((always_inline)) {
			c.all &= d;
			c.any |= d;
		});
	return c;
}

// Stores `d` in place of `old`, which has been read. False if another wrote first; `old` is then that. `others`:
// somebody may. Else it is a plain store: with the MMU off memory is Device memory, and there no atomic need work.
[[gnu::always_inline]] constexpr bool replace(Descriptor *entry, Descriptor &old, Descriptor d,
					      bool others)
{
	if (others)
		return compare_exchange(entry, old, d);
	store(entry, d);
	return true;
}

// May somebody write to the leaf `d`? Who shares the tree, and hardware that walks it, if there is something to note.
template <class Format> constexpr bool is_contended(Descriptor d, bool live, bool shared)
{
	return shared || (live && (optimized_for_size || Format::open_notes(d)));
}

// Who else may be at a run of leaves.
enum class Beside : uint8_t {
	nobody, // they are not live
	readers, // hardware, which has nothing left to note
	hardware, // it may note something
};

// Toggles `bits` of `n` leaves, which nobody else does.
template <bool Pairs = has_pairs>
constexpr void toggle(Descriptor *entry, size_t n, Descriptor bits, Beside who)
{
	const auto two = [=](Descriptor * e) __attribute__((always_inline))
	{
		Descriptor a, b;

		load_pair(e, a, b);
		store_pair(e, a ^ bits, b ^ bits);
	};

	if (who == Beside::nobody) {
		for_each_pair<Pairs>(entry, n, two, [=](Descriptor *e) { *e ^= bits; });
	} else if (who == Beside::readers) {
		for_each_pair<Pairs>(entry, n, two,
				     [=](Descriptor *e) { store(e, load(e) ^ bits); });
	} else {
		VMSA_UNROLL
		for (size_t i = 0; i < n; i++)
			fetch_xor(entry + i, bits);
	}
}

// Are all of them leaves? At the last level one look at what is set in all tells.
template <class Format> constexpr bool all_leaves(const Descriptor *entry, size_t n, Level level)
{
	if (level == last_level) {
		Descriptor all = ~Descriptor{0};

		look_at(
			entry, n, [&](Descriptor d) __attribute__((always_inline)) { all &= d; });
		return Format::is_leaf(all, level);
	}

	const Common c = common(entry, n);

	return c.agree(3) && Format::is_leaf(c.any, level);
}

// How many of them are leaves? Mostly all, or none.
template <class Format>
constexpr size_t count_leaves(const Descriptor *entry, size_t n, Level level)
{
	size_t count = 0;

	if (all_leaves<Format>(entry, n, level))
		return n;
	for (size_t i = 0; i < n; i++)
		count += Format::is_leaf(entry[i], level);
	return count;
}

// Replaces the bits of `mask` in an entry of which hardware may be updating others, and says what was there.
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
// So do the bits `also`, which software left in its place. No TLB has the group any more. `others`: it is live.
template <class Format>
constexpr void share_notes(Descriptor *group, Level level, Descriptor also, bool others)
{
	const size_t n = Format::contiguous_run(level);
	Descriptor noted = 0;

	for (size_t i = 0; i < n; i++)
		noted |= Format::noted_by_hardware(load(group + i)) | (load(group + i) & also);
	for (size_t i = 0; i < n; i++) {
		Descriptor d = load(group + i);

		while (!replace(group + i, d, Format::note(d, noted) | (noted & also), others))
			;
	}
}

} // namespace vmsa
