// SPDX-License-Identifier: MIT OR Apache-2.0
//
// SeenTables: which tables some entry has named already, so that a table named twice is found in tables that others
// made, with a few bytes of stack. One pass over the tree looks at a window of table numbers; where there are more, the
// next pass begins with the least that was out of it.
//
//   for (SeenTables seen; ; seen = seen.next()) {
//           ...                                     seen.again(number) for each table descriptor
//           if (!seen.has_more())
//                   break;
//   }
#pragma once

#include <cstddef>
#include <cstdint>

namespace vmsa
{

class SeenTables {
    public:
	static constexpr size_t window = 4096;

	constexpr explicit SeenTables(uint64_t first = 0) : first_{first}
	{
	}

	// Is it named a second time?
	constexpr bool again(uint64_t number)
	{
		if (number < first_)
			return false;
		if (number - first_ >= window) {
			next_ = number < next_ ? number : next_;
			return false;
		}

		uint64_t &word = bits_[(number - first_) / 64];
		const uint64_t bit = uint64_t{1} << ((number - first_) % 64);
		const bool set = word & bit;

		word |= bit;
		return set;
	}

	constexpr bool has_more() const
	{
		return next_ != none;
	}
	constexpr SeenTables next() const
	{
		return SeenTables{next_};
	}

    private:
	static constexpr uint64_t none = ~uint64_t{0};

	uint64_t first_;
	uint64_t next_ = none;
	uint64_t bits_[window / 64] = {};
};

} // namespace vmsa
