// SPDX-License-Identifier: GPL-2.0-only
//
// An allocator that is elsewhere: what is measured is the library.
#pragma once

#include "vmsa/memory.hpp"

struct Memory {
	vmsa::Descriptor *allocate(size_t bytes);
	void free(vmsa::Descriptor *table, size_t bytes);

	static vmsa::Pa physical(const vmsa::Descriptor *table)
	{
		return vmsa::Pa{reinterpret_cast<uintptr_t>(table)};
	}
	static vmsa::Descriptor *pointer(vmsa::Pa pa)
	{
		return reinterpret_cast<vmsa::Descriptor *>(pa.raw());
	}
};
