// SPDX-License-Identifier: MIT OR Apache-2.0
//
// A tree of tables, and every way to read it. Functions that change it are in map.hpp, unmap.hpp and others.
//
// Locking: a Tree has no lock. Readers may run while hardware walks the tables, but not during a change, because a
// change frees tables. Hold one lock around both.
#pragma once

#include "vmsa/entry.hpp"
#include "vmsa/error.hpp"
#include "vmsa/geometry.hpp"
#include "vmsa/runs.hpp"

namespace vmsa
{

// The tables of one input space. It is changed by the functions map, unmap, protect and the like.
template <DescriptorFormat F, TableMemory M> class Tree {
    public:
	using Format = F;
	using Memory = M;
	using Granule = typename F::Granule;
	using Input = typename F::Input;

	// Takes tables from `memory`, which outlives it. create() comes next.
	constexpr explicit Tree(Memory &memory) : memory_{&memory}
	{
	}
	// A copy would have the same tables. A tree does not move either: batches, sinks and rules refer to it.
	Tree(const Tree &) = delete;
	Tree &operator=(const Tree &) = delete;

	// Allocates the root. Before, and after destroy(), nothing is within space(). Errors: no_memory;
	// input_bits, for a geometry that is none, or another granule's.
	constexpr Result<void> create(const Geometry &geometry)
	{
		if (const Error e = check_geometry(geometry); e.code != Errc::none)
			return e;
		if (Descriptor *root = memory_->allocate(geometry.root_bytes<Granule>()))
			return attach(root, geometry);
		return Error{Errc::no_memory, 0, geometry.last_input()};
	}

	// Takes `root` and everything below it without a check (adopt.hpp checks). From now on this tree frees these
	// tables. Errors: input_bits.
	constexpr Result<void> attach(Descriptor *root, const Geometry &geometry)
	{
		if (const Error e = check_geometry(geometry); e.code != Errc::none)
			return e;
		root_ = root;
		geometry_ = geometry;
		root_entries_ = geometry.root_entries<Granule>();
		root_shift_ = Granule::shift(geometry.start);
		no_output_page_ = ~geometry.last_output() | (Granule::page_size - 1);
		space_ = Region<Input>::inclusive(Input{geometry.first_input()},
						  Input{geometry.last_input()});
		return {};
	}

	// Frees every table. No walker may be left: no CPU has the root in its VTTBR, and the TLBs
	// hold nothing of it. visit(Entry), where it is given, shows every leaf on the way, in order: who reaps
	// a process gets its pages back in one walk. It may free what a leaf leads to, and not look at the tree.
	// `noted`: software bits that hold for all of a contiguous group, as ChangeRules::dirty_note does.
	template <EntryVisitor<F> Visit = ShowNothing>
	constexpr void destroy(const Visit &visit = {}, Descriptor noted = 0)
	{
		if (!root_)
			return;
		empty_table(root_, geometry_.start, space_.first, 0, visit, noted);
		memory_->free(root_, geometry_.root_bytes<Granule>());
		release();
	}

	// Gives the tables away: nothing is freed. Returns the root, or null if there is none.
	constexpr Descriptor *release()
	{
		Descriptor *root = root_;

		root_ = nullptr;
		root_entries_ = 0;
		space_ = nowhere;
		return root;
	}

	// Tables are reached `by` bytes further on from now on, modulo 2^64, through `memory`, which was told, and is
	// there. Locking: a writer, with no batch open; hardware may be walking. No table is touched.
	void relocate(int64_t by, Memory &memory)
	{
		root_ = moved(root_, by);
		memory_ = &memory;
	}

	// Its shape.
	constexpr const Geometry &geometry() const
	{
		return geometry_;
	}
	// Where its tables come from.
	constexpr Memory &memory() const
	{
		return *memory_;
	}
	// The first table; null before create().
	constexpr Descriptor *root() const
	{
		return root_;
	}
	// For TTBR or VTTBR.
	constexpr Pa root_address() const
	{
		return memory_->physical(root_);
	}

	// The table that `d`, a table descriptor, points to. Whoever asks is about to look at it: a pause (memory.hpp).
	constexpr Descriptor *child(Descriptor d) const
	{
		pause(*memory_);
		return memory_->pointer(Format::next_table(d));
	}

	// The first address behind `e`, for whoever looks at one entry after another: a pause once for each table.
	constexpr Input after(const Entry<F> &e) const
	{
		const Input next = e.region.last + 1;

		if (next.is_aligned(Granule::size(last_level - 1)))
			pause(*memory_);
		return next;
	}

	// How many entries a table of `level` has.
	constexpr size_t entries(Level level) const
	{
		return level == geometry_.start ? root_entries_ : Granule::entries;
	}

	// The root is wider or narrower than a table, and in the upper range the bits above the
	// input are ones; the mask sees to both.
	constexpr size_t index(Level level, Input input) const
	{
		return (input.raw() >> Granule::shift(level)) &
		       ((level == geometry_.start ? root_entries_ : Granule::entries) - 1);
	}

	// All input addresses that can be mapped.
	constexpr const Region<Input> &space() const
	{
		return space_;
	}

	// One whole page? The question that small requests begin with.
	static constexpr bool is_page(Region<Input> region)
	{
		return region.last - region.first == Granule::page_size - 1 &&
		       region.first.is_aligned(Granule::page_size);
	}

	// Can a page lie there?
	constexpr bool is_output_page(Pa pa) const
	{
		return (pa.raw() & no_output_page_) == 0;
	}

	// Where a walk ends.
	struct Slot {
		Descriptor *table; // null outside of space()
		size_t index; // in `table`
		Descriptor descriptor; // as it was read
		Level level; // last_level + 1 for what is outside of space()
		Descriptor above; // the table descriptors on the way that restrict, or-ed
		Descriptor *named_by; // the entry that names the table; null for the root

		// Where the descriptor is stored.
		constexpr Descriptor *entry() const
		{
			return table + index;
		}
	};

	// A walk is the price of each call, and most calls are small: every level has its own code,
	// with its shift a constant. Most trees begin at level 0 (48 bits) or 1 (40 bits of IPA). The
	// root, wider or narrower than a table, has no entry for what is outside of space().
	VMSA_INLINE constexpr Slot slot(Input input) const
	{
		const uint64_t offset =
			Format::Stage::has_upper ? input - space_.first : input.raw();
		const size_t i = offset >> root_shift_;

		if (i >= root_entries_)
			return {nullptr, 0, 0, last_level + 1, 0, nullptr};

		if constexpr (optimized_for_size)
			return slot_below(i, input);
		const Descriptor d = load(root_ + i);

		if (root_shift_ == Granule::shift(0)) [[likely]]
			return slot_from<0>(root_, i, d, 0, nullptr, input);
		if (root_shift_ == Granule::shift(1)) [[likely]]
			return slot_from<1>(root_, i, d, 0, nullptr, input);
		switch (root_shift_) {
		case Granule::shift(2):
			return slot_from<2>(root_, i, d, 0, nullptr, input);
		case Granule::shift(3):
			return slot_from<3>(root_, i, d, 0, nullptr, input);
		default:
			return slot_from<Format::first_level>(root_, i, d, 0, nullptr, input);
		}
	}

	// The entry that translates `input`, which must be in space().
	constexpr Entry<F> at(Input input) const
	{
		const Slot s = slot(input);
		const uint64_t size = Granule::size(s.level);

		return {{input.align_down(size), size}, s.descriptor, s.level, s.above};
	}

	// What the hardware would translate `input` to, with the restrictions of the tables on the way. Cost: a load
	// for each level. Errors: beyond_input; not_mapped, with the region of the hole's entry.
	VMSA_INLINE constexpr Result<Translation<F>> translate(Input input) const
	{
		const Slot s = slot(input);

		if (s.level == last_level && Format::is_leaf(s.descriptor, last_level))
			return translation(s, input, last_level);
		if (Format::is_leaf(s.descriptor, s.level))
			return translation(s, input, s.level);
		return no_translation(input);
	}

	// Each step of a walk, first to last: visit(level, index, table's physical address,
	// descriptor).
	template <StepVisitor Visit> constexpr void steps(Input input, Visit &&visit) const
	{
		const Descriptor *table = root_;

		if (!table)
			return;
		for (Level level = geometry_.start;; level++) {
			const size_t i = index(level, input);
			const Descriptor d = load(table + i);

			visit(level, i, memory_->physical(const_cast<Descriptor *>(table)), d);
			if (!Format::is_table(d, level))
				return;
			table = child(d);
		}
	}

	// From `region.first` on: how far is everything mapped (or nothing mapped)?
	constexpr Region<Input> stretch(Region<Input> region, bool mapped) const
	{
		Input last = region.first;

		for (;;) {
			const Entry<F> e = at(last);

			if (e.is_leaf() != mapped)
				return Region<Input>::inclusive(region.first, last - 1);
			if (e.region.last >= region.last)
				return region;
			last = after(e);
		}
	}

	// visit(child, its level) for each table that `table` of `level` names.
	template <class Visit>
	constexpr void for_each_child(Descriptor *table, Level level, Visit &&visit) const
	{
		if (level == last_level)
			return;
		for (size_t i = 0; i < entries(level); i++) {
			const Descriptor d = load(table + i);

			if (Format::is_table(d, level))
				visit(child(d), level + 1);
		}
	}

    private:
	static constexpr Error check_geometry(const Geometry &geometry)
	{
		if (geometry.start < Format::first_level || geometry.start > last_level ||
		    geometry.input_bits <= Granule::shift(geometry.start) ||
		    geometry.root_entries<Granule>() > geometry.root_tables * Granule::entries)
			return {Errc::input_bits, geometry.input_bits, Format::output_bits};
		return {};
	}

	// `level` is the slot's: given apart, because most are of the last, where all shifts are
	// constants.
	VMSA_INLINE static constexpr Translation<F> translation(const Slot &s, Input input,
								Level level)
	{
		const uint64_t offset = input.raw() & (Granule::size(level) - 1);

		return {Format::output(s.descriptor, level) + offset, level, s.descriptor, s.above};
	}

	// Apart from translate, so that it is not in the way of what is mapped.
	[[gnu::noinline]] constexpr Error no_translation(Input input) const
	{
		if (!space().contains(input))
			return {Errc::beyond_input, input.raw(), geometry_.last_input()};
		return {Errc::not_mapped, at(input).region};
	}

	// On down from `d`, which is of level L and stands at `index` of `table`.
	template <Level L>
	VMSA_INLINE constexpr Slot slot_from(Descriptor *table, size_t index, Descriptor d,
					     Descriptor above, Descriptor *named_by,
					     Input input) const
	{
		if constexpr (L < last_level) {
			Descriptor address = d - Format::table_type;

			// One look tells a table that restricts nothing, as all of ours.
			if (address & ~Format::next_table_bits) [[unlikely]] {
				if (!Format::is_table(d, L))
					return {table, index, d, L, above, named_by};
				address &= Format::next_table_bits;
				above |= d;
			}
			named_by = table + index;
			table = memory_->pointer(Format::decode_output(address));
			index = (input.raw() >> Granule::shift(L + 1)) & (Granule::entries - 1);
			return slot_from<L + 1>(table, index, load(table + index), above, named_by,
						input);
		}
		return {table, index, d, L, above, named_by};
	}

	// The same in a loop, from entry `index` of the root on.
	constexpr Slot slot_below(size_t index, Input input) const
	{
		Slot s{root_, index, load(root_ + index), geometry_.start, 0, nullptr};

		while (Format::is_table(s.descriptor, s.level)) {
			if (!Format::is_plain_table(s.descriptor))
				s.above |= s.descriptor;
			s.named_by = s.entry();
			s.table = child(s.descriptor);
			s.index =
				(input.raw() >> Granule::shift(++s.level)) & (Granule::entries - 1);
			s.descriptor = load(s.entry());
		}
		return s;
	}

	// Shows what is mapped by a table that begins at `at`, and frees those below it. To free a table of pages it is
	// not read.
	template <class Visit>
	constexpr void empty_table(Descriptor *table, Level level, Input at, Descriptor above,
				   const Visit &visit, Descriptor noted)
	{
		constexpr bool shows = !std::same_as<Visit, ShowNothing>;
		const uint64_t size = Granule::size(level);
		TableChain below;
		for (size_t i = 0, n = entries(level); i < n; i++, at = at + size) {
			const Descriptor d = load(table + i);

			if (Format::is_table(d, level)) {
				if (shows || level + 1 < last_level)
					empty_table(child(d), level + 1, at, above | d, visit,
						    noted);
				free_with(*memory_, below, memory_->pointer(Format::next_table(d)),
					  Granule::table_bytes);
			} else if (shows && Format::is_leaf(d, level)) {
				if (begins_group<Format>(d, at, level))
					share_notes<Format>(table + i, level, noted, false);
				visit(Entry<F>{{at, size}, load(table + i), level, above});
			}
		}
		if constexpr (BulkMemory<Memory>)
			free_all(*memory_, below, Granule::table_bytes);
	}

	Memory *memory_;
	Descriptor *root_ = nullptr;
	size_t root_entries_ = 0; // a power of two; 0: there is no root
	unsigned root_shift_ = 0;
	// Not valid, and of no address.
	static constexpr Region<Input> nowhere = Region<Input>::inclusive(Input{1}, Input{0});
	Region<Input> space_ = nowhere;
	uint64_t no_output_page_ = 0; // bits that no page's output has
	Geometry geometry_;
};

template <class T>
concept AnyTree = requires(const T &tree, typename T::Input at)
{
	typename T::Format;
	typename T::Granule;
	{tree.at(at)};
	{tree.space()};
	{tree.memory()};
};

} // namespace vmsa
