// SPDX-License-Identifier: GPL-2.0-only
//
// The memory that belongs to a guest: one flat space of offsets, made of pieces that are each
// physically contiguous. A request takes the first free run of offsets that fits.
//
//   offset  0          2M          4M                  5M
//           +-----------+-----------+-------------------+
//           |   piece   |   piece   | piece | piece | ..|   large pieces first, so that an offset
//           +-----------+-----------+-------------------+   and its PA agree modulo 2M there
#pragma once

#include "kernel/kernel.hpp"

#include "vmsa/map.hpp"

namespace stage2
{

class Ram {
    public:
	~Ram()
	{
		release();
	}

	// How much a guest can have, so that the machine goes on: a sixteenth of its memory stays free, and what
	// others are taking now is theirs.
	static uint64_t most();

	enum class Taken : uint8_t {
		all,
		too_much, // more than most()
		no_more, // the kernel gave no more, though there was: the limit of a cgroup, say
		killed, // who asked is
	};

	// Zeroed, to be handed out in units of a page of the guest's; `bytes` is a multiple of that and of the kernel's
	// page. But for Taken::all nothing is held then.
	Taken allocate(uint64_t bytes, uint64_t unit);
	void release();

	// A free run, offset and PA congruent to `ipa` modulo 2M where there is a choice; or `none`.
	static constexpr uint64_t none = ~uint64_t{0};
	uint64_t find(uint64_t bytes, vmsa::Ipa ipa) const;
	// The same for a block: one piece of memory, aligned to its size, which is 2M at least. Quick where there has
	// been none, until RAM is given back; of blocks of more than 2M it looks at the first run alone.
	uint64_t find_block(uint64_t bytes) const;
	struct Page {
		uint64_t offset; // or none
		vmsa::Pa pa;
	};
	// A free page, clean: quick also where much is used. It is the caller's then, also where others
	// look for one meanwhile; none of them may `find` or `mark`.
	Page take_page();
	void give_back_page(uint64_t offset);
	// Before a run is mapped: what was written to it in its last use leaves the caches. Later it
	// could come over what a guest writes that has its caches off.
	// False: this thread was killed meanwhile, and some of it is as it was; of a page it never is.
	bool clean(uint64_t offset, uint64_t bytes)
	{
		const uint64_t i = offset >> unit_shift_;

		// What a fault asks for, and seldom is stale.
		return (bytes == unit() &&
			!(__atomic_load_n(&stale_[i / 64], __ATOMIC_RELAXED) >> i % 64 & 1)) ||
		       clean_stale(offset, bytes);
	}
	void mark(uint64_t offset, uint64_t bytes, bool used);
	// By PA; used: again, as it was before it was marked as free.
	void mark(vmsa::Pa pa, uint64_t bytes, bool used);

	// What lies at an offset, and how far it is contiguous. Mostly it is asked for what lies beside.
	vmsa::Extent at(uint64_t offset) const
	{
		size_t i = __atomic_load_n(&piece_, __ATOMIC_RELAXED);

		if (offset - pieces_[i].offset >= pieces_[i].bytes) [[unlikely]]
			i = search_piece(offset);

		const uint64_t into = offset - pieces_[i].offset;

		return {vmsa::Pa{pieces_[i].pa + into}, pieces_[i].bytes - into};
	}
	// The highest address.
	uint64_t last() const;

	uint64_t size() const
	{
		return bytes_;
	}
	uint64_t unit() const
	{
		return uint64_t{1} << unit_shift_;
	}
	uint64_t used() const;
	// What is used and was not cleaned since its last use: nothing, when who used it is done.
	bool is_stale() const
	{
		for (size_t i = 0; i * 64 < bytes_ >> unit_shift_; i++) {
			if (map_[i] & stale_[i])
				return true;
		}
		return false;
	}

    private:
	struct Piece {
		uint64_t offset;
		uint64_t pa;
		uint64_t bytes;
	};

	uint64_t take_page_in(size_t i);
	uint64_t take_other_page(size_t word);
	size_t search_piece(uint64_t offset) const;
	bool clean_stale(uint64_t offset, uint64_t bytes);
	static bool promise(uint64_t bytes);
	Taken gather(uint64_t &bytes);
	static size_t merge(Piece *pieces, size_t count);
	const Piece *find_piece(size_t first, size_t last, uint64_t pa) const;
	static void free_pieces(const Piece *pieces, size_t count);

	Array<Piece> pieces_;
	Array<unsigned long> map_; // a bit for each unit: it is used
	Array<unsigned long> stale_; // and one: it was used, and not cleaned since
	size_t count_ = 0;
	size_t large_ = 0; // the first of the single pages; each part is sorted by PA
	uint64_t bytes_ = 0;
	unsigned unit_shift_ = 12;
	// The smallest block that was looked for in vain, since RAM was given back: atomic, and a hint. Where a page is
	// given back at that moment it may be out of date, and blocks are made of pages until the next is.
	mutable uint64_t no_block_ = none;
	size_t first_free_ = 0; // hardly a word of map_ before it has a clear bit
	mutable size_t piece_ = 0; // that somebody asked for last: a hint, atomic
};

// The rule of a mapping: the output of an IPA is where the RAM that was picked for the region lies.
struct RamRule {
	const Ram &ram;
	vmsa::Ipa first;
	uint64_t offset;

	vmsa::Extent operator()(vmsa::Ipa ipa) const
	{
		return ram.at(offset + (ipa - first));
	}
};

} // namespace stage2
