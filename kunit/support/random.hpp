// SPDX-License-Identifier: GPL-2.0-only
//
// Numbers that look random and are the same in every run (splitmix64, by Sebastiano Vigna); or those that a fuzzer
// has chosen.
#pragma once

#include <cstdint>
#include <span>

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
	// As long as there are any; then all are 0.
	constexpr explicit Random(std::span<const uint8_t> chosen) : chosen_{chosen}
	{
	}

	// 0..limit-1
	constexpr uint64_t below(uint64_t limit)
	{
		return chosen_.data() ? next_chosen(limit) % limit : mix(state_++) % limit;
	}

	constexpr bool one_in(uint64_t n)
	{
		return below(n) == 0;
	}

	// Nothing is left of what was chosen.
	constexpr bool is_over() const
	{
		return chosen_.data() && chosen_.empty();
	}

    private:
	// A byte, or two where a byte has too few values: an input is worth more the shorter it is.
	constexpr uint64_t next_chosen(uint64_t limit)
	{
		uint64_t value = 0;

		for (int i = 0; i < (limit > 256 ? 2 : 1) && !chosen_.empty(); i++) {
			value = value << 8 | chosen_.front();
			chosen_ = chosen_.subspan(1);
		}
		return value;
	}

	uint64_t state_ = 0;
	std::span<const uint8_t> chosen_;
};

} // namespace support
