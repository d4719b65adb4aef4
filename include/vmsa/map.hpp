// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Map: give a region of input addresses an output. Nothing may be mapped or annotated there.
//
// A *rule* is a callable that says where the output of an address is, and how many bytes from there on are
// known to be contiguous:
//
//   rule(input) -> Extent{pa, bytes}      bytes must be a multiple of the page, and not 0
//
// Leaves are as large as the alignment of input and output, the extent and the caller's limit allow. A descriptor
// that becomes valid needs no invalidation, because no TLB may hold an invalid one. Its store must be visible
// before the next walk (Batch::sync). If the same batch broke something there, it is invalidated first (Batch::make).
#pragma once

#include "vmsa/annotation.hpp"
#include "vmsa/extent.hpp"
#include "vmsa/map_request.hpp"
#include "vmsa/unlink.hpp"

namespace vmsa
{

// Does all from `pa` to `pa + last_byte` lie in the output space?
template <class T> constexpr bool fits(const T &tree, Pa pa, uint64_t last_byte)
{
	const uint64_t limit = tree.geometry().last_output();

	return pa.raw() <= limit && last_byte <= limit - pa.raw();
}

template <class T, class Rule> class Mapper {
	using Format = typename T::Format;
	using Granule = typename T::Granule;
	using Input = typename T::Input;

    public:
	// `bits` as leaf_bits gives them: the limits' wish for the contiguous hint is part of them.
	constexpr Mapper(T &tree, const Rule &rule, Descriptor bits, MapLimits limits)
	    : tree_{tree}, rule_{rule}, bits_{bits}, largest_{limits.largest}, over_{limits.over},
	      reserve_{tree.memory()}
	{
	}

	// How many tables will it take? Errors: as run, but for no_memory.
	constexpr Result<size_t> count(Region<Input> region)
	{
		const auto path = path_to(tree_, region);

		last_ = region.last;
		if (!prepare(path.lowest(), path.level, region.first, region.last))
			return error_;
		return needed_;
	}

	template <class Batch> constexpr Error run(Batch &batch, Region<Input> region)
	{
		const auto path = path_to(tree_, region);

		last_ = region.last;
		if (!prepare(path.lowest(), path.level, region.first, region.last))
			return error_;
		if (!reserve_.fill(needed_))
			return {Errc::no_memory, region};
		batch.make(region);
		order_contents();
		will_fill(tree_, path, region);
		commit(batch, path.lowest(), path.level, region.first, region.last);
		batch.created();
		return {};
	}

    protected:
	// How many leaves of `level` can stand side by side from `at` on?
	constexpr size_t leaves_here(Level level, Input at, Input last, Extent extent) const
	{
		const uint64_t size = Granule::size(level);

		if (level < largest_ || !Format::allows_leaf(level) || !at.is_aligned(size) ||
		    !extent.pa.is_aligned(size))
			return 0;
		const uint64_t bytes = last - at + 1;

		return (bytes < extent.bytes ? bytes : extent.bytes) >> Granule::shift(level);
	}

	// Will all of an entry of `level`, in which nothing is, be leaves of one level?
	constexpr bool fills_alike(Level level, Region<Input> part, Extent extent) const
	{
		const uint64_t last_byte = Granule::size(level) - 1;

		return part.last - part.first == last_byte && extent.bytes > last_byte &&
		       fits(tree_, extent.pa, last_byte);
	}

	// Then how many tables are below the first, from the alignment of the output alone?
	constexpr size_t tables_below(Level level, Input at, Input last, Extent extent) const
	{
		size_t tables = 0;
		size_t n = 1;

		for (level++; level < last_level && !leaves_here(level, at, last, extent);
		     level++) {
			n *= Granule::entries;
			tables += n;
		}
		return tables;
	}

	// `table` is null where the tree has none yet. [at, last] lies within it.
	constexpr bool prepare(const Descriptor *table, Level level, Input at, Input last)
	{
		if (!table)
			pause(tree_.memory());
		if (is_cancelled(tree_.memory()))
			return fail({Errc::cancelled, Region<Input>::inclusive(at, last)});
		for (;;) {
			const Extent extent = rule_(at);
			const size_t n = leaves_here(level, at, last, extent);
			Region<Input> part;

			if (n) {
				part = {at, n << Granule::shift(level)};
				if (!output_fits(extent.pa, part))
					return false;
				if (table && !all_free(table + tree_.index(level, at), n)) {
					if (!may_map(part))
						return false;
					occupied_ = true;
				}
			} else {
				part = part_in_entry(at, last, Granule::size(level));
				if (!is_of_pages(extent, at, last))
					return false;
				const Descriptor d =
					table ? load(table + tree_.index(level, at)) : 0;

				const bool has_table = Format::is_table(d, level);

				if (d && !has_table && !may_map(part))
					return false;
				needed_ += !has_table;
				if (!has_table && fills_alike(level, part, extent))
					needed_ += tables_below(level, at, last, extent);
				else if (!prepare(has_table ? tree_.child(d) : nullptr, level + 1,
						  part.first, part.last))
					return false;
			}
			if (part.last == last)
				return true;
			at = part.last + 1;
		}
	}

	// Whole leaves fill the run. What may stand there, prepare has seen to it, are annotations, and
	// tables of nothing else.
	template <class Batch>
	constexpr void commit(Batch &batch, Descriptor *table, Level level, Input at, Input last)
	{
		for (;;) {
			const Extent extent = rule_(at);
			const size_t n = leaves_here(level, at, last, extent);
			Descriptor *entry = table + tree_.index(level, at);
			Region<Input> part;

			if (n) {
				part = {at, n << Granule::shift(level)};
				if (occupied_ && level < last_level)
					unlink_tables(batch, entry, level, part);
				write_leaves(entry, n, level, at, extent.pa);
			} else {
				const Descriptor d = load(entry);

				part = part_in_entry(at, last, Granule::size(level));
				if (Format::is_table(d, level)) {
					Descriptor *child = tree_.child(d);

					will_fill(tree_, entry, child, level + 1, part);
					commit(batch, child, level + 1, part.first, part.last);
				} else {
					Descriptor *child = reserve_.take();

					// Beside the region an annotation stays.
					if (d)
						fill(child, Granule::entries, d, 0);
					commit(batch, child, level + 1, part.first, part.last);
					store_release(entry, Format::table(tree_.memory().physical(
								     child)));
				}
			}
			if (part.last == last)
				return;
			at = part.last + 1;
		}
	}

	// A walk may stand in a table that maps nothing: it goes by break-before-make, too, though no
	// address faults for it that did not before.
	template <class Batch>
	constexpr void unlink_tables(Batch &batch, Descriptor *entry, Level level,
				     Region<Input> part)
	{
		const uint64_t size = Granule::size(level);

		for (Input at = part.first;; at = at + size, entry++) {
			const Descriptor d = load(entry);

			if (Format::is_table(d, level))
				unlink(tree_, batch, entry, tree_.child(d), level,
				       Region<Input>{at, size});
			if (at + (size - 1) == part.last)
				break;
		}
		batch.make(part);
	}

	constexpr void write_leaves(Descriptor *entry, size_t n, Level level, Input at, Pa pa)
	{
		const Descriptor bits = (bits_ & ~Format::contiguous) | Format::leaf_type(level);
		const size_t run = Format::contiguous_run(level);
		const uint64_t group = run << Granule::shift(level);

		if (!(bits_ & Format::contiguous) || run == 1 ||
		    !Pa{pa.raw() - at.raw()}.is_aligned(group)) {
			fill_leaves<Format>(entry, n, level, pa, bits);
			return;
		}

		// What comes before the first whole group, the groups, and what is left.
		const auto leaves = [&](uint64_t bytes) {
			return bytes >> Granule::shift(level);
		};
		size_t head = leaves(-at.raw() & (group - 1));

		head = head < n ? head : n;

		const size_t body = (n - head) & ~(run - 1);
		const auto after = [&](size_t leaf) {
			return pa + (uint64_t{leaf} << Granule::shift(level));
		};

		fill_leaves<Format>(entry, head, level, pa, bits);
		fill_leaves<Format>(entry + head, body, level, after(head),
				    bits | Format::contiguous);
		fill_leaves<Format>(entry + head + body, n - head - body, level, after(head + body),
				    bits);
	}

	static constexpr bool all_free(const Descriptor *entry, size_t n)
	{
		Descriptor any = 0;

		look_at(
			entry, n, [&](Descriptor d) __attribute__((always_inline)) { any |= d; });
		return !any;
	}

	constexpr bool is_of_pages(Extent extent, Input at, Input last)
	{
		if (!extent.pa.is_aligned(Granule::page_size))
			return fail({Errc::unaligned_output, extent.pa.raw(), extent.pa.raw()});
		if (extent.bytes < Granule::page_size)
			return fail({Errc::bad_rule, part_in_entry(at, last, Granule::page_size)});
		return true;
	}

	constexpr bool output_fits(Pa pa, Region<Input> part)
	{
		const uint64_t last_byte = part.size() - 1;

		if (fits(tree_, pa, last_byte))
			return true;
		return fail({Errc::beyond_output, pa.raw(), pa.raw() + last_byte});
	}

	// Does nothing stand there but what may be mapped over?
	constexpr bool may_map(Region<Input> part)
	{
		if (occupant(tree_, part, over_).code == Errc::none)
			return true;
		return fail(occupant(tree_, Region<Input>::inclusive(part.first, last_), over_));
	}

	constexpr bool fail(Error error)
	{
		error_ = error;
		return false;
	}

	T &tree_;
	const Rule &rule_;
	Descriptor bits_;
	Level largest_;
	Descriptor over_;
	Reserve<typename T::Memory, Granule::table_bytes> reserve_;
	Input last_;
	size_t needed_ = 0;
	bool occupied_ = false; // by what is mapped over
	Error error_;
};

// The common case, in one descent: one page, in a table that is there already. False where it is
// not that simple, also where it is an error.
template <AnyTree T, AnyBatch Batch, OutputRule<typename T::Input> Rule>
VMSA_INLINE constexpr bool map_page(const T &tree, Batch &batch, Region<typename T::Input> region,
				    const Rule &rule, typename T::Format::Attributes attributes,
				    MapLimits limits)
{
	using Format = typename T::Format;

	if (!T::is_page(region) || !Format::is_legal(attributes) ||
	    !batch.rules().indexes(attributes) || batch.rules().missing(attributes))
		return false;

	const Descriptor bits = leaf_bits<Format>(attributes, limits);

	if (bits & Format::contiguous)
		return false;

	VMSA_UNINITIALIZED const auto slot = tree.slot(region.first);
	const auto [pa, bytes] = rule(region.first);

	if (slot.level != last_level || slot.descriptor || !tree.is_output_page(pa) ||
	    bytes < T::Granule::page_size || limits.largest > last_level)
		return false;
	batch.make(region);
	if (slot.above & occupancy.mask()) [[unlikely]]
		will_fill(slot.named_by, slot.table, slot.index, slot.index);
	store_release(slot.entry(),
		      Format::encode_output(pa) | bits | Format::leaf_type(last_level));
	batch.created();
	return true;
}

// Every other case.
template <AnyTree T, AnyBatch Batch, OutputRule<typename T::Input> Rule>
constexpr Result<void> map_region(T &tree, Batch &batch, Region<typename T::Input> region,
				  const Rule &rule, typename T::Format::Attributes attributes,
				  MapLimits limits)
{
	const auto bits = checked_leaf_bits(tree, batch.rules(), region, attributes, limits);

	if (!bits)
		return bits.error();
	if (const Error e = Mapper{tree, rule, bits.value(), limits}.run(batch, region);
	    e.code != Errc::none)
		return e;
	return {};
}

// Maps all of `region`, or nothing. `region` must begin and end at a page boundary. Errors: those of check_region;
// reserved_attributes, forbidden_attributes; no_feature; bad_limit; bad_rule (naming the input); unaligned_output,
// beyond_output (naming the output); overlap (naming what is mapped); annotated (naming where there is another
// annotation than MapLimits::over); no_memory.
template <AnyTree T, OutputRule<typename T::Input> Rule, AnyBatch Batch>
constexpr Result<void> map(T &tree, Batch &batch, Region<typename T::Input> region,
			   const Rule &rule, typename T::Format::Attributes attributes,
			   MapLimits limits = {})
{
	if (!optimized_for_size && map_page(tree, batch, region, rule, attributes, limits))
		return {};
	return map_region(tree, batch, region, rule, attributes, limits);
}

// How many tables would that take? Errors: as map, but for no_memory.
template <AnyTree T, OutputRule<typename T::Input> Rule>
constexpr Result<size_t> tables_to_map(const T &tree, const ChangeRules &rules,
				       Region<typename T::Input> region, const Rule &rule,
				       const typename T::Format::Attributes &attributes,
				       MapLimits limits = {})
{
	const auto bits = checked_leaf_bits(tree, rules, region, attributes, limits);

	if (!bits)
		return bits.error();
	return Mapper{tree, rule, 0, limits}.count(region);
}

} // namespace vmsa
