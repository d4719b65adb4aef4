// SPDX-License-Identifier: GPL-2.0-only
//
// Random numbers that are the same in every run: splitmix64.
#pragma once

#include <cstddef>
#include <cstdint>

class Random {
    public:
	explicit Random(uint64_t seed = 1) : state_{seed}
	{
	}

	uint64_t next()
	{
		uint64_t z = state_ += 0x9e3779b97f4a7c15;

		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
		z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
		return z ^ (z >> 31);
	}
	// 0 below 0, too.
	size_t below(size_t n)
	{
		return n ? next() % n : 0;
	}
	template <size_t N> const char *one_of(const char *const (&list)[N])
	{
		return list[below(N)];
	}

    private:
	uint64_t state_;
};
