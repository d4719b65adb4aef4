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
			report({file, line, rule, nullptr, nullptr}, first, last);
		good_ &= holds;
		return holds;
	}

    private:
	[[gnu::noinline]] void report(test_failure failure, uint64_t first, uint64_t last)
	{
		const test_value left{test_value::TEST_VALUE_NUMBER, first, nullptr, 0};
		const test_value right{test_value::TEST_VALUE_NUMBER, last, nullptr, 0};

		failure.left = &left;
		failure.right = &right;
		test_fail(test_, &failure);
	}

	struct kunit *test_;
	bool good_ = true;
};

} // namespace support
