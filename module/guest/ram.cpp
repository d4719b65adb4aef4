// SPDX-License-Identifier: GPL-2.0-only
#include "ram.hpp"

#include <algorithm>

namespace stage2
{

namespace
{
inline constexpr uint64_t large = vmsa::Granule4K::size(2);
inline constexpr unsigned bits_per_long = 64;

// To guests that are being made, and not theirs yet; atomic.
constinit uint64_t promised = 0;
} // namespace

// Large pieces while there are any, then single pages. `bytes` is what is still to be had.
Ram::Taken Ram::gather(uint64_t &bytes)
{
	const uint64_t page = std::max(kernel_page_size(), unit());
	// All in large pieces, to begin with: there is no room for a piece for each page where much is asked for.
	size_t room = bytes / large + large / page;
	uint64_t step = large;

	if (!pieces_.allocate(room))
		return Taken::no_more;
	while (bytes) {
		if (kernel_is_killed())
			return Taken::killed;
		if (count_ == room && !pieces_.resize(count_, room *= 2))
			return Taken::no_more;
		if (bytes < step)
			step = page;
		if (const uint64_t pa = kernel_ram_alloc(step)) {
			pieces_[count_++] = {0, pa, step};
			bytes -= step;
			__atomic_fetch_sub(&promised, step, __ATOMIC_RELAXED);
		} else if (step > page) {
			step = page;
		} else {
			return Taken::no_more;
		}
		kernel_reschedule();
	}
	return Taken::all;
}

// Large ones first, then by address; neighbours become one. Offsets follow.
size_t Ram::merge(Piece *pieces, size_t count)
{
	Pause pause;

	std::sort(pieces, pieces + count, [&pause](const Piece &a, const Piece &b) {
		pause();
		return a.bytes != b.bytes ? a.bytes > b.bytes : a.pa < b.pa;
	});

	size_t merged = 0;

	for (size_t i = 1; i < count; i++, pause()) {
		Piece &last = pieces[merged];

		if (last.pa + last.bytes == pieces[i].pa)
			last.bytes += pieces[i].bytes;
		else
			pieces[++merged] = pieces[i];
	}
	for (size_t i = 1; i <= merged; i++, pause())
		pieces[i].offset = pieces[i - 1].offset + pieces[i - 1].bytes;
	return merged + 1;
}

void Ram::free_pieces(const Piece *pieces, size_t count)
{
	for (size_t i = 0; i < count; i++)
		kernel_ram_free(pieces[i].pa, pieces[i].bytes);
}

uint64_t Ram::most()
{
	const uint64_t available = kernel_ram_available();
	const uint64_t kept =
		kernel_ram_total() / 16 + __atomic_load_n(&promised, __ATOMIC_RELAXED);

	return available - std::min(available, kept);
}

// False: there is not so much.
bool Ram::promise(uint64_t bytes)
{
	uint64_t others = __atomic_load_n(&promised, __ATOMIC_RELAXED);

	do {
		if (bytes > most())
			return false;
	} while (!__atomic_compare_exchange_n(&promised, &others, others + bytes, false,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return true;
}

Ram::Taken Ram::allocate(uint64_t bytes, uint64_t unit)
{
	const size_t words = (bytes / unit + bits_per_long - 1) / bits_per_long;
	uint64_t untaken = bytes;

	unit_shift_ = static_cast<unsigned>(__builtin_ctzl(unit));
	if (!promise(bytes))
		return Taken::too_much;

	const Taken result =
		map_.allocate(words) && stale_.allocate(words) ? gather(untaken) : Taken::no_more;

	__atomic_fetch_sub(&promised, untaken, __ATOMIC_RELAXED);
	if (result != Taken::all) {
		release();
		return result;
	}
	count_ = merge(pieces_.data(), count_);
	(void)pieces_.resize(count_, count_); // or it stays as it is
	bytes_ = bytes;
	no_block_ = none;
	for (large_ = 0; large_ < count_ && pieces_[large_].bytes >= large; large_++)
		;
	return Taken::all;
}

void Ram::release()
{
	free_pieces(pieces_.data(), count_);
	count_ = 0;
	bytes_ = 0;
	piece_ = 0;
}

uint64_t Ram::find(uint64_t bytes, vmsa::Ipa ipa) const
{
	const uint64_t units = bytes >> unit_shift_;
	const uint64_t all = bytes_ >> unit_shift_;

	if (units > all)
		return none;

	uint64_t first = all;

	if (bytes >= large)
		first = kernel_bitmap_find(map_.data(), all, units, (large >> unit_shift_) - 1,
					   (large - ipa.raw() % large) % large >> unit_shift_);
	if (first >= all)
		first = kernel_bitmap_find(map_.data(), all, units, 0, 0);
	return first >= all ? none : first << unit_shift_;
}

uint64_t Ram::find_block(uint64_t bytes) const
{
	if (bytes >= __atomic_load_n(&no_block_, __ATOMIC_RELAXED))
		return none;

	// Behind the large pieces nothing is.
	const uint64_t all = (large_ < count_ ? pieces_[large_].offset : bytes_) >> unit_shift_;
	const uint64_t units = bytes >> unit_shift_;

	if (units <= all) {
		const uint64_t first =
			kernel_bitmap_find(map_.data(), all, units, (large >> unit_shift_) - 1, 0);
		const uint64_t offset = first << unit_shift_;

		if (first < all) {
			const vmsa::Extent extent = at(offset);

			if (extent.pa.is_aligned(bytes) && extent.bytes >= bytes)
				return offset;
		}
	}
	__atomic_store_n(&no_block_, bytes, __ATOMIC_RELAXED);
	return none;
}

// Of a word of the map. Bits are set one by one, each by one exchange: who finds it clear has the page.
[[gnu::always_inline]] inline uint64_t Ram::take_page_in(size_t i)
{
	const uint64_t all = bytes_ >> unit_shift_;

	if (i * bits_per_long >= all)
		return none;
	for (unsigned long used = __atomic_load_n(&map_[i], __ATOMIC_RELAXED); ~used;) {
		const auto bit = static_cast<unsigned>(__builtin_ctzl(~used));
		const uint64_t page = i * bits_per_long + bit;

		if (page >= all)
			return none;

		const unsigned long old =
			__atomic_fetch_or(&map_[i], vmsa::bit(bit), __ATOMIC_ACQUIRE);

		if (!(old & vmsa::bit(bit)))
			return page << unit_shift_;
		used = old;
	}
	return none;
}

// Behind that word, and then before it. Where somebody gives a page back, another may just have passed it by. So who
// finds nothing has looked at all.
[[gnu::noinline]] uint64_t Ram::take_other_page(size_t word)
{
	const size_t words = (bytes_ >> unit_shift_) / bits_per_long + 1;

	for (size_t n = 1; n <= words; n++) {
		const size_t i = word + n < words ? word + n : word + n - words;
		const uint64_t offset = take_page_in(i);

		if (offset != none) {
			__atomic_store_n(&first_free_, i, __ATOMIC_RELAXED);
			return offset;
		}
	}
	return none;
}

Ram::Page Ram::take_page()
{
	const size_t first = __atomic_load_n(&first_free_, __ATOMIC_RELAXED);
	uint64_t offset = take_page_in(first);

	if (offset == none) [[unlikely]]
		offset = take_other_page(first);
	if (offset == none) [[unlikely]]
		return {none, {}};
	(void)clean(offset, unit());
	return {offset, at(offset).pa};
}

void Ram::give_back_page(uint64_t offset)
{
	const uint64_t page = offset >> unit_shift_;

	__atomic_fetch_and(&map_[page / bits_per_long], ~vmsa::bit(page % bits_per_long),
			   __ATOMIC_RELEASE);
	__atomic_store_n(&no_block_, none, __ATOMIC_RELAXED);
	if (page / bits_per_long < __atomic_load_n(&first_free_, __ATOMIC_RELAXED))
		__atomic_store_n(&first_free_, page / bits_per_long, __ATOMIC_RELAXED);
}

[[gnu::noinline]] bool Ram::clean_stale(uint64_t offset, uint64_t bytes)
{
	Pause pause;

	for (uint64_t i = offset >> unit_shift_; i < (offset + bytes) >> unit_shift_; i++) {
		unsigned long *word = &stale_[i / bits_per_long];
		const unsigned long stale = __atomic_load_n(word, __ATOMIC_RELAXED);

		if (!stale) {
			i |= bits_per_long - 1;
			continue;
		}
		if (!(stale & vmsa::bit(i % bits_per_long)))
			continue;
		if (bytes != unit() && kernel_is_killed())
			return false;
		kernel_cache_clean(kernel_virt(at(i << unit_shift_).pa.raw()), unit());
		__atomic_fetch_and(word, ~vmsa::bit(i % bits_per_long), __ATOMIC_RELAXED);
		pause();
	}
	return true;
}

void Ram::mark(uint64_t offset, uint64_t bytes, bool used)
{
	kernel_bitmap_mark(map_.data(), offset >> unit_shift_, bytes >> unit_shift_, used);
	if (used)
		return;
	no_block_ = none;
	kernel_bitmap_mark(stale_.data(), offset >> unit_shift_, bytes >> unit_shift_, true);
	first_free_ = std::min(first_free_, (offset >> unit_shift_) / bits_per_long);
}

const Ram::Piece *Ram::find_piece(size_t first, size_t last, uint64_t pa) const
{
	const Piece *begin = pieces_.data() + first;
	const Piece *piece = std::upper_bound(begin, begin + (last - first), pa,
					      [](uint64_t a, const Piece &p) { return a < p.pa; });

	return piece != begin && pa - piece[-1].pa < piece[-1].bytes ? piece - 1 : nullptr;
}

void Ram::mark(vmsa::Pa pa, uint64_t bytes, bool used)
{
	const Piece *piece = find_piece(0, large_, pa.raw());

	if (!piece)
		piece = find_piece(large_, count_, pa.raw());

	const uint64_t offset = piece->offset + (pa.raw() - piece->pa);

	mark(offset, bytes, used);
	if (used)
		kernel_bitmap_mark(stale_.data(), offset >> unit_shift_, bytes >> unit_shift_,
				   false);
}

[[gnu::noinline]] size_t Ram::search_piece(uint64_t offset) const
{
	const Piece *first = pieces_.data();
	const Piece *piece =
		std::upper_bound(first, first + count_, offset,
				 [](uint64_t o, const Piece &p) { return o < p.offset; }) -
		1;
	const auto i = static_cast<size_t>(piece - first);

	__atomic_store_n(&piece_, i, __ATOMIC_RELAXED);
	return i;
}

uint64_t Ram::last() const
{
	uint64_t last = 0;
	Pause pause;

	for (size_t i = 0; i < count_; i++, pause())
		last = std::max(last, pieces_[i].pa + pieces_[i].bytes - 1);
	return last;
}

uint64_t Ram::used() const
{
	return count_ ? kernel_bitmap_weight(map_.data(), bytes_ >> unit_shift_) << unit_shift_ : 0;
}

} // namespace stage2
