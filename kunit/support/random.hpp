// SPDX-License-Identifier: GPL-2.0-only
//
// Numbers that look random and are the same in every run (splitmix64, by Sebastiano Vigna).
#pragma once

#include <cstdint>

namespace support
{

constexpr uint64_t mix(uint64_t x)
{
	x += 0x9e37'79b9'7f4a'7c15;
	x = (x ^ (x >> 30)) * 0xbf58'476d'1ce4'e5b9;
	x = (x ^ (x >> 27)) * 0x94d0'49bb'1331'11eb;
	return x ^ (x >> 31);
}

class Random {
    public:
	constexpr explicit Random(uint64_t seed) : state_{mix(seed)}
	{
	}

	// 0..limit-1
	constexpr uint64_t below(uint64_t limit)
	{
		return mix(state_++) % limit;
	}

	constexpr bool one_in(uint64_t n)
	{
		return below(n) == 0;
	}

    private:
	uint64_t state_;
};

} // namespace support
