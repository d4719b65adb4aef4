// SPDX-License-Identifier: MIT OR Apache-2.0
//
// StockedMemory: a TableMemory that keeps tables ready, for a change that must not fail for lack of memory, or that
// runs where nothing can be allocated (under a spin lock, in a fault).
//
//   const auto tables = guest.tables_to_protect(region, r);    // how many can it take?
//   if (!tables || !memory.stock(tables.value()))              // may wait, may fail
//           return ...;
//   guest.protect(region, r);                                  // takes them from the stock
//
// The number holds until the next change. Tables that are not used stay in stock.
#pragma once

#include "vmsa/memory.hpp"

namespace vmsa
{

// A TableMemory that has tables ready. Locking: as the tree that uses it.
template <TableMemory Memory, PageGranule Granule> class StockedMemory {
    public:
	// Takes tables from `memory`, which outlives it. Nothing is in stock yet.
	constexpr explicit StockedMemory(Memory &memory) : memory_{&memory}
	{
	}
	constexpr ~StockedMemory()
	{
		release();
	}
	StockedMemory(const StockedMemory &) = delete;
	StockedMemory &operator=(const StockedMemory &) = delete;

	// Fills the stock to at least `tables`. If that fails, the stock is as before.
	[[nodiscard]] constexpr bool stock(size_t tables)
	{
		const size_t before = stocked_;

		while (stocked_ < tables) {
			Descriptor *table = memory_->allocate(Granule::table_bytes);

			if (!table) {
				keep(before);
				return false;
			}
			chain_.push(*memory_, table);
			stocked_++;
		}
		return true;
	}

	// Gives back all that is in stock.
	constexpr void release()
	{
		keep(0);
	}

	// How many are in stock.
	constexpr size_t stocked() const
	{
		return stocked_;
	}

	// All tables are reached `by` bytes further on from now on, modulo 2^64; `memory` was told, and is there.
	void relocate(int64_t by, Memory &memory)
	{
		chain_.relocate(by);
		memory_ = &memory;
	}

	// ---- TableMemory ----

	// From the stock, or if that is empty from the memory behind.
	constexpr Descriptor *allocate(size_t bytes)
	{
		if (bytes != Granule::table_bytes || !stocked_)
			return memory_->allocate(bytes);
		stocked_--;
		return chain_.pop(*memory_);
	}

	// Back to the memory behind.
	constexpr void free(Descriptor *table, size_t bytes)
	{
		memory_->free(table, bytes);
	}

	// As the memory behind has it.
	constexpr Pa physical(const Descriptor *table) const
	{
		return memory_->physical(const_cast<Descriptor *>(table));
	}

	// As the memory behind has it.
	constexpr Descriptor *pointer(Pa pa) const
	{
		return memory_->pointer(pa);
	}

    private:
	constexpr void keep(size_t tables)
	{
		for (; stocked_ > tables; stocked_--)
			memory_->free(chain_.pop(*memory_), Granule::table_bytes);
	}

	Memory *memory_;
	TableChain chain_;
	size_t stocked_ = 0;
};

} // namespace vmsa
