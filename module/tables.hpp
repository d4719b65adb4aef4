// SPDX-License-Identifier: GPL-2.0-only
//
// The memory that a guest's tables are made of: pages of the kernel's, within a limit.
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

} // namespace stage2
