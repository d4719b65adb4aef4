// SPDX-License-Identifier: GPL-2.0-only
//
// What the library asks of its user, answered for a guest: pages for tables, within a limit, and
// TLBs. No engine runs guests yet, so no TLB can hold anything of theirs: invalidations are counted.
#pragma once

#include "kernel.h"

#include "vmsa/memory.hpp"

namespace stage2
{

class Tables {
    public:
	// `limit` in bytes of tables, the root included.
	void set_limit(size_t limit)
	{
		limit_ = limit;
	}

	vmsa::Descriptor *allocate(size_t bytes)
	{
		if (bytes > limit_ - used_)
			return nullptr;

		auto *table = static_cast<vmsa::Descriptor *>(kernel_table_alloc(bytes));

		if (table)
			used_ += bytes;
		return table;
	}

	void free(vmsa::Descriptor *table, size_t bytes)
	{
		kernel_table_free(table);
		used_ -= bytes;
	}

	vmsa::Pa physical(const vmsa::Descriptor *table) const
	{
		return vmsa::Pa{kernel_phys(table)};
	}

	vmsa::Descriptor *pointer(vmsa::Pa pa) const
	{
		return static_cast<vmsa::Descriptor *>(kernel_virt(pa.raw()));
	}

	size_t used() const
	{
		return used_;
	}

    private:
	size_t used_ = 0;
	size_t limit_ = 0;
};

class CountingTlb {
    public:
	void invalidate(vmsa::Region<vmsa::Ipa>, vmsa::Level, bool)
	{
		invalidations_++;
	}
	void sync()
	{
	}

	uint64_t invalidations() const
	{
		return invalidations_;
	}

    private:
	uint64_t invalidations_ = 0;
};

} // namespace stage2
