// SPDX-License-Identifier: GPL-2.0-only
//
// Meaning: what a toy tree says of each of its pages, read by a walker of its own, and what it has to say after
// an operation. A page is mapped, annotated, or neither.
#pragma once

#include "exhaust/operation.hpp"

#include <array>

namespace exhaust
{

inline constexpr size_t most_pages = 16;

struct Page {
	enum Kind : uint8_t { hole, note, mapped };

	Kind kind = hole;
	uint64_t value = 0; // the annotation, or the output
	Descriptor bits = 0; // attributes of what is mapped, but for the contiguous hint

	bool operator==(const Page &) const = default;
};

// By the Arm ARM's numbers of bits, on purpose not the library's.
namespace arm
{
inline constexpr Descriptor valid = 1;
inline constexpr Descriptor table_or_page = 3;
inline constexpr Descriptor writable = 1 << 7; // S2AP[1]
inline constexpr Descriptor access_flag = 1 << 10;
inline constexpr Descriptor dbm = Descriptor{1} << 51;
inline constexpr Descriptor contiguous = Descriptor{1} << 52;
inline constexpr Descriptor was_dirty = Descriptor{1} << 58; // ours: ChangeRules::dirty_note
inline constexpr Descriptor permissions = 3 << 6 | Descriptor{3} << 53;
inline constexpr Descriptor address = (Descriptor{1} << 48) - (1 << page_shift);
} // namespace arm

// What hardware, or a protection, noted in one leaf of a contiguous group holds for both.
inline Descriptor notes(Descriptor d)
{
	return d & (arm::access_flag | arm::was_dirty | (d & arm::dbm ? arm::writable : 0));
}

struct Meaning {
	std::array<Page, most_pages> page;
	size_t pages = 0;

	bool operator==(const Meaning &) const = default;
};

// pointer(address of a table) -> its entries
template <class F, class Pointer>
void read_table(const Descriptor *table, Level level, size_t at, const Pointer &pointer,
		Meaning &all)
{
	const size_t each = F::Granule::size(level) >> page_shift;

	for (size_t i = 0; i < F::Granule::entries; i++, at += each) {
		const Descriptor d = table[i];

		if (level < 3 && (d & 3) == arm::table_or_page) {
			read_table<F>(pointer(d & arm::address), level + 1, at, pointer, all);
			continue;
		}
		for (size_t k = 0; k < each; k++) {
			Page &page = all.page[at + k];

			if (d & arm::valid)
				page = {Page::mapped, (d & arm::address) + (k << page_shift),
					(d & ~arm::address & ~arm::contiguous & ~Descriptor{3}) |
						(d & arm::contiguous ? notes(table[i ^ 1]) : 0)};
			else if (d)
				page = {Page::note, d >> 1, 0};
			else
				page = {};
		}
	}
}

template <class F, class Pointer>
Meaning read(const Descriptor *root, const vmsa::Geometry &g, const Pointer &pointer)
{
	Meaning all;

	all.pages = size_t{1} << (g.input_bits - page_shift);
	read_table<F>(root, g.start, 0, pointer, all);
	return all;
}

// How an operation has to end, and what is there then.
struct Outcome {
	vmsa::Errc code = vmsa::Errc::none;
	size_t at = 0; // the page that is at fault
	Meaning after;
};

inline Page encode(const Operation &o, size_t page)
{
	return {Page::mapped, output_of(o, page), bits_of(o.attributes)};
}

// Nothing but what hardware may note of a leaf at any moment may be more than was foretold.
inline bool accepts(const Page &want, const Page &is)
{
	if (want.kind != is.kind || want.value != is.value)
		return false;
	Descriptor may = arm::access_flag;

	if (want.bits & arm::dbm)
		may |= arm::writable | arm::was_dirty;
	else
		may |= is.bits & arm::was_dirty;
	return !((want.bits ^ is.bits) & ~may) && !(want.bits & ~is.bits);
}

Outcome foretell(const Operation &o, const Meaning &before);

} // namespace exhaust
