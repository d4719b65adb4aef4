// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Addresses that cannot be confused, and regions that can reach the last byte.
//
//   Va   virtual address, input of stage 1
//   Ipa  intermediate physical address, output of stage 1 and input of stage 2
//   Pa   physical address, output of stage 2 (or of stage 1 where there is no stage 2)
//
// A Region holds its *last* address, not the one after: the top of a 64-bit space then needs no
// special case, because nothing ever has to name 2^64.
#pragma once

#include <compare>
#include <cstdint>

namespace vmsa
{

// A 64-bit address of one address space. Addresses of different spaces do not mix; `raw()` is the number.
template <class Space> class Address {
    public:
	constexpr Address() = default;
	// The address `raw`, in bytes.
	constexpr explicit Address(uint64_t raw) : raw_{raw}
	{
	}

	// The number.
	constexpr uint64_t raw() const
	{
		return raw_;
	}

	// `size` is a power of two, in bytes.
	constexpr bool is_aligned(uint64_t size) const
	{
		return (raw_ & (size - 1)) == 0;
	}

	// The last multiple of `size`, a power of two in bytes, that is not above.
	constexpr Address align_down(uint64_t size) const
	{
		return Address{raw_ & ~(size - 1)};
	}

	[[gnu::always_inline]] constexpr auto operator<=>(const Address &) const = default;

	// Arithmetic is modulo 2^64; the one place that must not wrap is Region::is_valid.
	constexpr Address operator+(uint64_t bytes) const
	{
		return Address{raw_ + bytes};
	}
	// `bytes` lower, modulo 2^64.
	constexpr Address operator-(uint64_t bytes) const
	{
		return Address{raw_ - bytes};
	}
	// The distance in bytes, modulo 2^64.
	constexpr uint64_t operator-(Address other) const
	{
		return raw_ - other.raw_;
	}

    private:
	uint64_t raw_ = 0;
};

// Virtual address: input of stage 1.
using Va = Address<struct VirtualSpace>;
// Intermediate physical address: output of stage 1, input of stage 2.
using Ipa = Address<struct IntermediateSpace>;
// Physical address.
using Pa = Address<struct PhysicalSpace>;

// The bytes from `first` to `last`, both included: so a region can reach the last byte of a space.
template <class A> struct Region {
	A first; // lowest address
	A last; // included

	constexpr Region() = default;

	// `size` in bytes. Size 0, or one that wraps past 2^64, makes a region that is not valid.
	constexpr Region(A start, uint64_t size) : first{start}, last{start + (size - 1)}
	{
	}

	// The region that begins with `first` and ends with `last`.
	static constexpr Region inclusive(A first, A last)
	{
		return Region{first, last - first + 1};
	}

	// Is `last` not below `first`?
	constexpr bool is_valid() const
	{
		return first <= last;
	}

	// In bytes; 0 stands for all 2^64 of them.
	constexpr uint64_t size() const
	{
		return last - first + 1;
	}

	// Is the address in it?
	constexpr bool contains(A address) const
	{
		return first <= address && address <= last;
	}

	// Is all of `other` in it?
	constexpr bool contains(Region other) const
	{
		return first <= other.first && other.last <= last;
	}

	// Have they a byte in common?
	constexpr bool meets(Region other) const
	{
		return first <= other.last && other.first <= last;
	}

	// The bytes that both have. They must have some: meets().
	constexpr Region intersect(Region other) const
	{
		return inclusive(first < other.first ? other.first : first,
				 last < other.last ? last : other.last);
	}

	// The least region that holds both.
	constexpr Region hull(Region other) const
	{
		return inclusive(A{first < other.first ? first.raw() : other.first.raw()},
				 A{last < other.last ? other.last.raw() : last.raw()});
	}

	constexpr bool operator==(const Region &) const = default;
};

static_assert(Region{Va{0xffff'ffff'ffff'f000}, 0x1000}.is_valid());
static_assert(Region{Va{0xffff'ffff'ffff'f000}, 0x1000}.last.raw() == ~uint64_t{0});
static_assert(!Region{Va{0xffff'ffff'ffff'f000}, 0x2000}.is_valid());
static_assert(!Region{Va{0x1000}, 0}.is_valid());

} // namespace vmsa
