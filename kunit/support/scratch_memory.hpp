// SPDX-License-Identifier: GPL-2.0-only
//
// ScratchMemory: a TableMemory that trusts nobody. Its tables lie in a block of the test's scratch
// memory and have physical addresses of their own, so that a pointer taken for an address shows.
//
//   it counts      live() tables, handed out and not freed
//   it fails       the allocation that fail_at() names
//   it objects     to a double free, to a free or a look-up of what is not its own or not live, and
//                  to a write to a table after it was freed (a freed table is full of poison)
#pragma once

#include "support/verdict.hpp"
#include "vmsa/memory.hpp"

namespace support
{

class ScratchMemory {
    public:
	// Bit 0 and 1 are set: who walks a freed table follows it, and is caught by pointer().
	static constexpr vmsa::Descriptor poison = 0xdead'dead'dead'deaf;
	static constexpr uint64_t usual_base = 0x5'4000'0000;
	static constexpr size_t never = ~size_t{0};

	// What a table takes: of memory, and of physical addresses, where a page may be more than a table. Both are
	// powers of two.
	struct Size {
		size_t bytes;
		uint64_t stride;

		Size(size_t table_bytes) : bytes{table_bytes}, stride{table_bytes}
		{
		}
		Size(size_t table_bytes, uint64_t page_size) : bytes{table_bytes}, stride{page_size}
		{
		}
	};

	// `base` is aligned to the largest concatenated root: 16 pages.
	ScratchMemory(struct kunit *test, Verdict &verdict, Size table, size_t pages,
		      uint64_t base = usual_base)
	    : verdict_{verdict}, page_bytes_{table.bytes}, base_{base},
	      stride_bits_{static_cast<unsigned>(__builtin_ctzll(table.stride))}
	{
		// One page more is where pointer() leads whoever has no business here.
		block_ = scratch<vmsa::Descriptor>(test, (pages + 1) * page_words(), 4096);
		state_ = scratch<uint8_t>(test, pages);
		if (!verdict.expect(!block_.empty() && !state_.empty(), "scratch memory for tables",
				    pages, page_bytes_)) {
			state_ = {};
			return;
		}
		for (vmsa::Descriptor &word : block_.first(pages * page_words()))
			word = poison;
	}

	vmsa::Descriptor *allocate(size_t bytes)
	{
		const size_t wanted = bytes / page_bytes_;

		allocations_++;
		if (fail_in_ != never && fail_in_-- == 0) {
			fail_in_ = never;
			return nullptr;
		}
		for (size_t first = 0; first + wanted <= state_.size(); first += wanted) {
			if (is_free(first, wanted))
				return hand_out(first, wanted);
		}
		return nullptr;
	}

	void free(vmsa::Descriptor *table, size_t bytes)
	{
		const size_t pages = bytes / page_bytes_;
		const uint64_t pa = physical(table).raw();

		if (!verdict_.expect(is_mine(table), "a table of this memory is freed", pa, bytes))
			return;
		const size_t first = page_of(table);

		if (!verdict_.expect(state_[first] == pages,
				     "a live table is freed, once, with its size", pa, bytes))
			return;
		if (on_free)
			on_free(context, table);
		for (size_t i = 0; i < pages; i++)
			state_[first + i] = 0;
		for (size_t i = 0; i < pages * page_words(); i++)
			table[i] = poison;
		live_ -= pages;
	}

	vmsa::Pa physical(const vmsa::Descriptor *table) const
	{
		const uintptr_t offset = reinterpret_cast<uintptr_t>(table) -
					 reinterpret_cast<uintptr_t>(block_.data());

		const uintptr_t within = offset & (page_bytes_ - 1);

		return vmsa::Pa{base_ + (offset - within) * ((1ull << stride_bits_) / page_bytes_) +
				within};
	}

	// Does a live table begin there?
	bool has(vmsa::Pa pa) const
	{
		const uint64_t offset = pa.raw() - base_;

		const uint64_t page = offset >> stride_bits_;

		return page < state_.size() && is_start(offset) && state_[page];
	}

	vmsa::Descriptor *pointer(vmsa::Pa pa) const
	{
		const uint64_t offset = pa.raw() - base_;
		const size_t page = offset >> stride_bits_;
		const bool known = page < state_.size() && is_start(offset);

		if (!verdict_.expect(known && state_[page], "a live table is looked up", pa.raw(),
				     offset))
			return block_.data() + state_.size() * page_words();
		return block_.data() + page * page_words();
	}

	// Allocation number `n` from now on, counted from 0, fails; the others do not.
	void fail_at(size_t n)
	{
		fail_in_ = n;
	}

	// Pages handed out and not freed. A root counts as many as it has.
	size_t live() const
	{
		return live_;
	}
	size_t allocations() const
	{
		return allocations_;
	}

	size_t pages() const
	{
		return state_.size();
	}
	size_t page_of(const vmsa::Descriptor *table) const
	{
		return static_cast<size_t>(table - block_.data()) / page_words();
	}
	vmsa::Descriptor *page(size_t i) const
	{
		return block_.data() + i * page_words();
	}

	// Nothing is out any more but the table at `root`, of one page, which is empty.
	void keep_only(const vmsa::Descriptor *root)
	{
		for (size_t i = 0; i < pages(); i++) {
			const bool kept = i == page_of(root);

			if (!kept && !state_[i])
				continue;
			state_[i] = kept;
			for (size_t k = 0; k < page_words(); k++)
				page(i)[k] = kept ? 0 : poison;
		}
		live_ = 1;
		fail_in_ = never;
	}

	// Called before a table goes.
	void (*on_free)(void *context, vmsa::Descriptor *table) = nullptr;
	void *context = nullptr;

    private:
	size_t page_words() const
	{
		return page_bytes_ / sizeof(vmsa::Descriptor);
	}

	bool is_start(uint64_t offset) const
	{
		return (offset & ((1ull << stride_bits_) - 1)) == 0;
	}

	bool is_mine(const vmsa::Descriptor *table) const
	{
		const uint64_t offset = physical(table).raw() - base_;

		return offset >> stride_bits_ < state_.size() && is_start(offset);
	}

	bool is_free(size_t first, size_t pages) const
	{
		for (size_t i = 0; i < pages; i++) {
			if (state_[first + i])
				return false;
		}
		return true;
	}

	vmsa::Descriptor *hand_out(size_t first, size_t pages)
	{
		vmsa::Descriptor *table = page(first);

		for (size_t i = 0; i < pages * page_words(); i++) {
			verdict_.expect(table[i] == poison, "nothing is written to a freed table",
					physical(table + i).raw(), table[i]);
			table[i] = 0;
		}
		state_[first] = static_cast<uint8_t>(pages);
		for (size_t i = 1; i < pages; i++)
			state_[first + i] = not_first;
		live_ += pages;
		return table;
	}

	static constexpr uint8_t not_first = 0xff;

	Verdict &verdict_;
	std::span<vmsa::Descriptor> block_;
	std::span<uint8_t> state_; // per page: 0, or the pages of the table that begins here
	size_t page_bytes_;
	uint64_t base_;
	unsigned stride_bits_; // not the stride: divisions were a sixth of a game's time
	size_t live_ = 0;
	size_t allocations_ = 0;
	size_t fail_in_ = never;
};

static_assert(vmsa::TableMemory<ScratchMemory>);

} // namespace support
