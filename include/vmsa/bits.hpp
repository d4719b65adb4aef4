// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Bits and fields of a register or descriptor, numbered as the Arm ARM numbers them.
#pragma once

#include <cstdint>

namespace vmsa
{

inline constexpr uint64_t KiB = uint64_t{1} << 10; // 2^10
inline constexpr uint64_t MiB = uint64_t{1} << 20; // 2^20
inline constexpr uint64_t GiB = uint64_t{1} << 30; // 2^30
inline constexpr uint64_t TiB = uint64_t{1} << 40; // 2^40

// Bit `n`, 0..63.
constexpr uint64_t bit(unsigned n)
{
	return uint64_t{1} << n;
}

// The low `n` bits set; n is 0..64.
[[gnu::always_inline]] constexpr uint64_t low_bits(unsigned n)
{
	return n >= 64 ? ~uint64_t{0} : bit(n) - 1;
}

// Field [high:low], both ends included.
struct Field {
	unsigned high; // 0..63
	unsigned low; // 0..high

	// All bits of the field.
	[[gnu::always_inline]] constexpr uint64_t mask() const
	{
		return low_bits(high + 1) & ~low_bits(low);
	}

	// The value in its place; what does not fit is cut off.
	[[gnu::always_inline]] constexpr uint64_t put(uint64_t value) const
	{
		return (value << low) & mask();
	}

	// The value of the field in `from`.
	constexpr uint64_t get(uint64_t from) const
	{
		return (from & mask()) >> low;
	}
};

static_assert(Field{7, 6}.mask() == 0xc0);
static_assert(Field{63, 48}.put(0x12) == 0x0012'0000'0000'0000);
static_assert(Field{63, 0}.get(~uint64_t{0}) == ~uint64_t{0});

} // namespace vmsa
