// SPDX-License-Identifier: GPL-2.0-only
//
// What the judges of a test share: the first objection is reported, and the rest only follow
// from it.
#pragma once

#include "suite.hpp"

namespace support
{

class Verdict {
    public:
	explicit Verdict(struct kunit *test) : test_{test}
	{
	}

	bool good() const
	{
		return good_;
	}

	// `rule` says what should hold; the two numbers are the addresses it does not hold for.
	bool expect(bool holds, const char *rule, uint64_t first, uint64_t last,
		    const char *file = __builtin_FILE(), int line = __builtin_LINE())
	{
		if (!holds && good_)
			kunit_detail::expect_equal(test_, Place{first}, Place{last, false},
						   {file, line, rule, nullptr, nullptr});
		good_ &= holds;
		return holds;
	}

    private:
	// Shown as a number, equal to nothing.
	struct Place {
		uint64_t number;
		bool equal = false;

		uint64_t raw() const
		{
			return number;
		}
		bool operator==(const Place &) const
		{
			return equal;
		}
	};

	struct kunit *test_;
	bool good_ = true;
};

} // namespace support
