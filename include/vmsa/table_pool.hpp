// SPDX-License-Identifier: MIT OR Apache-2.0
//
// TablePool: the simplest TableMemory, a block of memory for tables. It needs no allocator, so it suits firmware.
// Physical addresses may differ from pointers by a constant.
//
//   alignas(4096) static uint8_t block[64 * KiB];
//   TablePool<Granule4K> pages{block, sizeof(block)};
#pragma once

#include "vmsa/memory.hpp"

namespace vmsa
{

// A TableMemory: a block of memory, cut into tables. Locking: as the tree that uses it.
template <PageGranule Granule> class TablePool {
    public:
	// The block begins at `start`, and its physical address is the pointer. Tables are aligned to their size
	// physically; memory before the first boundary and after the last one stays unused.
	TablePool(void *start, size_t bytes)
	    : TablePool{start, bytes, Pa{reinterpret_cast<uintptr_t>(start)}}
	{
	}
	// The same, with the physical address of byte 0.
	TablePool(void *start, size_t bytes, Pa pa)
	    : offset_{pa.raw() - reinterpret_cast<uintptr_t>(start)}
	{
		const uint64_t skip = -pa.raw() & (Granule::table_bytes - 1);

		if (bytes < skip + Granule::table_bytes)
			return;
		tables_ = (bytes - skip) / Granule::table_bytes;
		next_ = reinterpret_cast<Descriptor *>(static_cast<unsigned char *>(start) + skip);
		end_ = next_ + tables_ * Granule::entries;
	}
	TablePool(const TablePool &) = delete;
	TablePool &operator=(const TablePool &) = delete;

	// How many tables there are in all; 0 if the block is too small.
	size_t tables() const
	{
		return tables_;
	}

	// How many are free. Cost: a look at each table that was freed.
	size_t available() const
	{
		return static_cast<size_t>(end_ - next_) / Granule::entries + free_.size(*this);
	}

	// A zeroed block, or null. Cost: zeroing it.
	Descriptor *allocate(size_t bytes)
	{
		if (bytes == Granule::table_bytes && !free_.empty())
			return zeroed(free_.pop(*this), bytes);
		// What is skipped to align a concatenated root serves as single tables.
		while (!physical(next_).is_aligned(bytes) && has_room(Granule::table_bytes))
			free(take(Granule::table_bytes), Granule::table_bytes);
		return has_room(bytes) ? zeroed(take(bytes), bytes) : nullptr;
	}

	// Takes it back.
	void free(Descriptor *table, size_t bytes)
	{
		for (size_t i = 0; i < bytes / Granule::table_bytes; i++)
			free_.push(*this, table + i * Granule::entries);
	}

	// The physical address of a table.
	Pa physical(const Descriptor *table) const
	{
		return Pa{reinterpret_cast<uintptr_t>(table) + offset_};
	}

	// The table at a physical address.
	Descriptor *pointer(Pa pa) const
	{
		return reinterpret_cast<Descriptor *>(pa.raw() - offset_);
	}

	// The block is reached `by` bytes further on from now on, modulo 2^64, and lies physically where it was. No
	// table is touched: it does not matter whether the old place, or the new one, is there at the moment.
	void relocate(int64_t by)
	{
		next_ = moved(next_, by);
		end_ = moved(end_, by);
		free_.relocate(by);
		offset_ -= static_cast<uint64_t>(by);
	}

    private:
	bool has_room(size_t bytes) const
	{
		return static_cast<size_t>(end_ - next_) >= bytes / sizeof(Descriptor);
	}

	Descriptor *take(size_t bytes)
	{
		Descriptor *table = next_;

		next_ += bytes / sizeof(Descriptor);
		return table;
	}

	static Descriptor *zeroed(Descriptor *table, size_t bytes)
	{
		for (size_t i = 0; i < bytes / sizeof(Descriptor); i++)
			store(table + i, 0);
		return table;
	}

	Descriptor *next_ = nullptr; // never handed out yet
	Descriptor *end_ = nullptr;
	size_t tables_ = 0;
	uint64_t offset_; // physical address less pointer, modulo 2^64
	TableChain free_;
};

static_assert(TableMemory<TablePool<Granule4K>>);

} // namespace vmsa
