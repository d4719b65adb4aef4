// SPDX-License-Identifier: MIT OR Apache-2.0
//
// What every change of a tree shares. A change has two halves:
//
//   prepare   look at the whole range, refuse, count the tables it will need, reserve them all
//   commit    cannot fail
//
// so that on any error the tables are, byte for byte, what they were.
#pragma once

#include "vmsa/runs.hpp"
#include "vmsa/tlb.hpp"
#include "vmsa/tree.hpp"

namespace vmsa
{

// The part of [at, last] that lies in one entry of `size` bytes.
template <class Input> constexpr Region<Input> part_in_entry(Input at, Input last, uint64_t size)
{
	const Input end = at.align_down(size) + (size - 1);

	return Region<Input>::inclusive(at, end < last ? end : last);
}

// Why a region is none. `last` is all there is to tell by: a size with its top bit set is taken for a
// negative one, and all 2^64 bytes, which no space has, for the 0 bytes that they look like.
template <class A> constexpr Errc shape_error(Region<A> region)
{
	if (region.size() == 0)
		return Errc::empty;
	if (region.is_valid())
		return Errc::none;
	return region.size() >> 63 ? Errc::backwards : Errc::wrapping;
}

// Pages, inside the input space? Errors: empty, backwards, wrapping, unaligned_input, beyond_input.
template <class T> constexpr Error check_region(const T &tree, Region<typename T::Input> region)
{
	if (const Errc e = shape_error(region); e != Errc::none)
		return {e, region};
	if (!region.first.is_aligned(T::Granule::page_size) ||
	    !(region.last + 1).is_aligned(T::Granule::page_size))
		return {Errc::unaligned_input, region};
	if (!tree.space().contains(region))
		return {Errc::beyond_input, region};
	return {};
}

// The tables from the root to the lowest one of which a region is only a part. A small request inside a
// populated tree then costs one descent, not a recursion from the root in each half. For size, a path ends at the
// root.
template <class T> struct Path {
	Descriptor *table[last_level + 2];
	Level level; // the lowest; table[i] is of level start + i
	Level start;

	constexpr Descriptor *lowest() const
	{
		return table[level - start];
	}
};

template <class T> constexpr Path<T> path_to(const T &tree, Region<typename T::Input> region)
{
	Path<T> p{};

	p.start = p.level = tree.geometry().start;
	p.table[0] = tree.root();
	if constexpr (optimized_for_size)
		return p;
	for (;;) {
		const Descriptor d = load(p.lowest() + tree.index(p.level, region.first));
		const unsigned shift = T::Granule::shift(p.level);

		if (!T::Format::is_table(d, p.level) ||
		    region.last - region.first >= low_bits(shift) ||
		    region.first.raw() >> shift != region.last.raw() >> shift)
			return p;
		p.table[++p.level - p.start] = tree.child(d);
	}
}

// The tables a change will need, allocated before its first store.
template <TableMemory Memory, size_t TableBytes> class [[nodiscard]] Reserve {
    public:
	constexpr explicit Reserve(Memory &memory) : memory_{memory}
	{
	}
	constexpr ~Reserve()
	{
		free_all(memory_, chain_, TableBytes);
	}
	Reserve(const Reserve &) = delete;
	Reserve &operator=(const Reserve &) = delete;

	// All or none.
	constexpr bool fill(size_t tables)
	{
		for (; tables; tables--) {
			Descriptor *table = memory_.allocate(TableBytes);

			if (!table)
				return false;
			chain_.push(memory_, table);
		}
		return true;
	}

	// Zeroed. The count given to fill() covers every call.
	constexpr Descriptor *take()
	{
		pause(memory_);
		return chain_.pop(memory_);
	}

    private:
	Memory &memory_;
	TableChain chain_;
};

} // namespace vmsa
