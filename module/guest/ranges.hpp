// SPDX-License-Identifier: GPL-2.0-only
//
// Ranges of IPAs, merged and in order: what a read of a log has taken out of the tables. They belong to
// the open file, so that no reader takes anything away from another.
#pragma once

#include "kernel/kernel.hpp"

#include "vmsa/address.hpp"

namespace stage2
{

class Ranges {
    public:
	using Region = vmsa::Region<vmsa::Ipa>;

	// For leaves that are `most` at most; null without memory. kernel_free's.
	static Ranges *create(size_t most)
	{
		// Holes may lie between any two, so that none of them merge.
		return static_cast<Ranges *>(kernel_alloc(sizeof(Ranges) + most * sizeof(Region)));
	}

	// In ascending order.
	void add(Region region)
	{
		if (count_ && region.first <= ranges()[count_ - 1].last + 1)
			ranges()[count_ - 1].last = region.last;
		else
			ranges()[count_++] = region;
	}

	size_t count() const
	{
		return count_;
	}
	const Region &operator[](size_t i) const
	{
		return ranges()[i];
	}

    private:
	Region *ranges() const
	{
		return reinterpret_cast<Region *>(const_cast<Ranges *>(this) + 1);
	}

	size_t count_;
};

static_assert(sizeof(Ranges) % alignof(Ranges::Region) == 0);

} // namespace stage2
