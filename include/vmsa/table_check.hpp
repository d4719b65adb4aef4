// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Can this library adopt these tables of a boot loader, another kernel or EDK2? Everything that it will rely on is
// checked, only by reads, so hardware may be walking them.
//
//   each table    is where its owner accepts tables, one entry points to it, and it is within the output space
//   each entry    is invalid, a table, or a leaf of a level that may have leaves: no reserved encoding
//   each leaf     has an output within the output space, no address bits below its size, and a shareability
//   each group    with the contiguous hint has leaves with the same attributes and contiguous outputs
//
// The contents of invalid entries count as annotations (annotation.hpp).
#pragma once

#include "vmsa/seen_tables.hpp"
#include "vmsa/tree.hpp"

namespace vmsa
{

// Is there a table at that physical address that the tree may have, and may free?
template <class O>
concept TableOwner = requires(const O &owns, Pa pa)
{
	static_cast<bool>(owns(pa));
};

// The entry at fault.
template <class Format> struct BadEntry {
	Errc why = Errc::none; // none: no entry is at fault
	Region<typename Format::Input> region; // what it decides
	Level level = 0; // of the entry
	Pa at; // where it stands
	Descriptor descriptor = 0; // what it says

	// `first` is where it stands, `last` what it says.
	constexpr Error error() const
	{
		return why == Errc::none ? Error{} : Error{why, at.raw(), descriptor};
	}
};

template <class T, TableOwner Owns> class TableCheck {
	using Format = typename T::Format;
	using Granule = typename T::Granule;
	using Input = typename T::Input;

    public:
	constexpr TableCheck(const T &tree, const Owns &owns, size_t most_tables)
	    : tree_{tree}, owns_{owns}, most_{most_tables}
	{
	}

	constexpr BadEntry<Format> run()
	{
		do {
			seen_ = first_pass_ ? SeenTables{} : seen_.next();
			left_ = most_;
			if (!check(tree_.root(), tree_.geometry().start, tree_.space().first))
				break;
			first_pass_ = false;
		} while (seen_.has_more());
		return bad_;
	}

    private:
	constexpr bool check(const Descriptor *table, Level level, Input at)
	{
		const uint64_t size = Granule::size(level);

		for (size_t i = 0; i < tree_.entries(level); i++, at = at + size) {
			const Descriptor *entry = table + i;
			const Descriptor d = load(entry);

			if (!Format::is_valid(d))
				continue;
			if (Format::is_table(d, level)) {
				if (const Errc why = check_table(d); why != Errc::none)
					return fail(why, entry, level, at);
				if (!check(tree_.child(d), level + 1, at))
					return false;
			} else if (first_pass_) {
				const Errc why = check_leaf(d, level);

				if (why != Errc::none)
					return fail(why, entry, level, at);
				if ((d & Format::contiguous) && Format::contiguous_run(level) > 1 &&
				    !fits_group(table, i, level))
					return fail(Errc::torn_group, entry, level, at);
			}
		}
		return true;
	}

	constexpr Errc check_table(Descriptor d)
	{
		const Pa pa = Format::next_table(d);
		const Geometry &g = tree_.geometry();
		const Region<Pa> root{tree_.root_address(), g.root_bytes<Granule>()};

		// Tables mostly lie near to their root: what is named twice is seen before it is followed.
		const uint64_t number = (pa - root.first) / Granule::table_bytes;

		if (pa.raw() > g.last_output())
			return Errc::beyond_output;
		if (!pa.is_aligned(Granule::table_bytes) || root.contains(pa) || !owns_(pa) ||
		    seen_.again(number) || !left_)
			return Errc::stray_table;
		left_--;
		return Errc::none;
	}

	constexpr Errc check_leaf(Descriptor d, Level level) const
	{
		// nT stands among them, and with 52 bits a part of the output.
		constexpr Descriptor others = low_bits(12) | Format::nt | Format::apart_bits;
		const uint64_t last_byte = Granule::size(level) - 1;

		if (!Format::is_leaf(d, level) || (d & last_byte & ~others))
			return Errc::reserved_entry;
		if (!is_encoding(Format::attributes(d).shareability))
			return Errc::reserved_attributes;
		if (Format::output(d, level).raw() + last_byte > tree_.geometry().last_output())
			return Errc::beyond_output;
		return Errc::none;
	}

	// Leaf `i` of `table`, which has the hint: does it fit to the first of its group?
	constexpr bool fits_group(const Descriptor *table, size_t i, Level level) const
	{
		const size_t n = Format::contiguous_run(level);
		const size_t first = i & ~(n - 1);

		// Whoever stands at an end looks at all of them; the others are looked at by these.
		if ((i != first && i != first + n - 1) || first + n > tree_.entries(level))
			return first + n <= tree_.entries(level) &&
			       (load(table + first) & table_or_hint) ==
				       (load(table + i) & table_or_hint);
		const Descriptor like = load(table + first);

		if (!Format::output(like, level).is_aligned(n << Granule::shift(level)))
			return false;
		for (size_t k = 0; k < n; k++) {
			const Descriptor d = load(table + first + k);

			if (!Format::is_leaf(d, level) || !(d & Format::contiguous) ||
			    ((d ^ like) & Format::attribute_mask & ~noted(d & like)) ||
			    Format::output(d, level) !=
				    Format::output(like, level) +
					    (uint64_t{k} << Granule::shift(level)))
				return false;
		}
		return true;
	}

	static constexpr Descriptor table_or_hint = Format::contiguous | 3;

	// What hardware writes in one leaf for all, and what it ignores.
	static constexpr Descriptor noted(Descriptor both)
	{
		return Format::af | Format::software.mask() |
		       ((both & Format::dbm) ? Format::dirty_bit : 0);
	}

	constexpr bool fail(Errc why, const Descriptor *entry, Level level, Input at)
	{
		bad_ = {why,
			{at, Granule::size(level)},
			level,
			tree_.memory().physical(const_cast<Descriptor *>(entry)),
			load(entry)};
		return false;
	}

	const T &tree_;
	const Owns &owns_;
	SeenTables seen_;
	BadEntry<Format> bad_;
	size_t most_;
	size_t left_ = 0;
	bool first_pass_ = true;
};

// The most tables that are accepted: 2 GiB of them. A loop ends here.
inline constexpr size_t most_tables = size_t{1} << 19;

// Returns the first entry at fault, or one whose error() is none. Cost: a look at every entry, once for each range of
// 4096 tables' physical addresses that has any. Errors: stray_table, beyond_output, reserved_entry,
// reserved_attributes, torn_group.
template <AnyTree T, TableOwner Owns>
constexpr BadEntry<typename T::Format> check_tables(const T &tree, const Owns &owns,
						    size_t most = most_tables)
{
	return TableCheck{tree, owns, most}.run();
}

} // namespace vmsa
