// SPDX-License-Identifier: GPL-2.0-only
//
// The verdicts of a series of trials: how many there were, and the first objections in words.
#pragma once

#include "attempt.hpp"

namespace mmu
{

class Verdicts {
    public:
	// `what` was done at `address`; line: which of the trials this was.
	void expect(bool holds, const char *what, uint64_t address, unsigned line)
	{
		count_++;
		if (!holds && objections_++ < 4)
			print("# ", what, " ", Hex{address}, " failed, line ", uint64_t{line},
			      "\n");
	}

	void expect(Outcome is, Outcome should, const char *what, uint64_t address, unsigned line)
	{
		count_++;
		if (is != should && objections_++ < 4)
			print("# ", what, " ", Hex{address}, ": ", name(is),
			      ", but it should be: ", name(should), ", line ", uint64_t{line},
			      "\n");
	}

	uint64_t count() const
	{
		return count_;
	}
	bool good() const
	{
		return !objections_;
	}

    private:
	uint64_t count_ = 0;
	unsigned objections_ = 0;
};

} // namespace mmu
