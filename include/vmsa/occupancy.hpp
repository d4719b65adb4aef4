// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Is anything left in a table? A table goes when its last entry does, and no count is kept of the entries of every
// table: the table is asked, the closest entries first. Whoever goes through it page by page finds the next there.
// Where nothing is close, all of it is read. The entry that names it then says how many lines of eight held
// something, in bits that hardware ignores:
//
//   63   59 58        53                       table descriptor
//  +-------+------------+--- ... ---+
//  |       | occupancy  |           |          lines that hold something, at the least; 0: nobody knows
//  +-------+------------+--- ... ---+
//
// From there on whoever makes entries of that table, or takes them away, keeps it right, or says 0. It is
// a bound, not a truth: a table is never freed that was not read and found empty.
#pragma once

#include "vmsa/runs.hpp"

namespace vmsa
{

inline constexpr Field occupancy{58, 53};
inline constexpr size_t most_known = 63;
inline constexpr size_t line_entries = 8; // a cache line

constexpr Descriptor any_in_line(const Descriptor *table, size_t index)
{
	const Descriptor *d = table + (index & ~(line_entries - 1));

	return d[0] | d[1] | d[2] | d[3] | d[4] | d[5] | d[6] | d[7];
}

// How many of the lines in which the entries from `first` to `last` lie hold nothing?
[[gnu::noinline]] constexpr size_t empty_lines(const Descriptor *table, size_t first, size_t last)
{
	size_t n = 0;

	for (size_t i = first & ~(line_entries - 1); i <= last; i += line_entries)
		n += !any_in_line(table, i);
	return n;
}

// Does a table of `entries` hold nothing?
constexpr bool is_empty(const Descriptor *table, size_t entries)
{
	Descriptor any = 0;

	look_at(
		table, entries, [&](Descriptor d) __attribute__((always_inline)) { any |= d; });
	return !any;
}

// How many lines of a table of `entries` hold something? Counted as far as can be said.
[[gnu::noinline]] constexpr size_t occupied_lines(const Descriptor *table, size_t entries)
{
	size_t n = 0;

	for (size_t i = 0; i < entries && n < most_known; i += line_entries)
		n += any_in_line(table, i) != 0;
	return n;
}

// Is something beside `index` in its line? Whoever goes through a table, upwards or downwards, finds the next there.
// The line then stays occupied, whatever is known of the table.
VMSA_INLINE constexpr bool has_neighbour(const Descriptor *table, size_t index)
{
	const size_t last = line_entries - 1;
	const Descriptor *entry = table + index;

	return ((index & last) != last && entry[1]) || ((index & last) && entry[-1]);
}

// Is something else in the line of `index`, or anything in the lines beside it? The first and the last
// line of a table count as side by side: that takes no check for its ends.
[[gnu::noinline]] constexpr bool has_near_lines(const Descriptor *table, size_t entries,
						size_t index)
{
	const size_t last = entries - 1;
	Descriptor any = 0;

	for (size_t i = 1; i < line_entries; i++)
		any |= table[index ^ i];
	if (!any && entries > line_entries)
		any = any_in_line(table, (index + line_entries) & last) |
		      any_in_line(table, (index - line_entries) & last);
	return any;
}

// The entries from `first` to `last` go. Is something close to them? The neighbours are the likeliest.
[[gnu::always_inline]] constexpr bool has_near(const Descriptor *table, size_t entries,
					       size_t first, size_t last)
{
	return table[(last + 1) & (entries - 1)] || table[(first - 1) & (entries - 1)] ||
	       has_near_lines(table, entries, first);
}

// A writer does, alone, and hardware notes nothing in what names a table (FEAT_HAFT is off).
[[gnu::noinline]] constexpr void know(Descriptor *entry, size_t lines)
{
	store(entry, (load(entry) & ~occupancy.mask()) |
			     occupancy.put(lines < most_known ? lines : most_known));
}

// The entries from `first` to `last` of `table` are about to be made: all of them. `entry` names the table; null
// for the root, which never goes.
[[gnu::noinline]] constexpr void will_fill(Descriptor *entry, const Descriptor *table, size_t first,
					   size_t last)
{
	const size_t known = entry ? occupancy.get(load(entry)) : 0;

	if (known) [[unlikely]]
		know(entry, known + empty_lines(table, first, last));
}

// The entry at `index` is about to go. Does its table certainly stay? False: nobody knows, at once.
[[gnu::noinline]] constexpr bool outlives(Descriptor *entry, const Descriptor *table,
					  size_t entries, size_t index)
{
	if (!entry) // the root never goes
		return true;

	const size_t known = occupancy.get(load(entry));

	if (!known)
		return has_near(table, entries, index, index);

	Descriptor any = 0;

	for (size_t i = 1; i < line_entries; i++)
		any |= table[index ^ i];
	if (any)
		return true;
	if (known < 2)
		return false;
	know(entry, known - 1);
	return true;
}

// They have gone, all of them. Is nothing left in the table?
[[gnu::noinline]] constexpr bool is_emptied(Descriptor *entry, const Descriptor *table,
					    size_t entries, size_t first, size_t last)
{
	if (const size_t known = occupancy.get(load(entry))) {
		const size_t gone = empty_lines(table, first, last);

		if (gone < known) {
			if (gone)
				know(entry, known - gone);
			return false;
		}
	} else if (has_near(table, entries, first, last)) {
		return false;
	}

	if (is_empty(table, entries))
		return true;
	know(entry, occupied_lines(table, entries));
	return false;
}

} // namespace vmsa
