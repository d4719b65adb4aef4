// SPDX-License-Identifier: MIT OR Apache-2.0
//
// SharedMapping: what any number of threads may do to one tree at once, each as a reader of the owner's lock: the
// faults of a guest's vCPUs, and whoever looks at its tables meanwhile.
//
//   reader   map one leaf, protect in place, note_accessed, note_dirty, translate, and read tree()
//   writer   all of Mapping (mapping.hpp): whatever frees or replaces a table, or breaks a leaf
//
// A leaf appears by one exchange. Tables that it lacks are filled first, out of sight, and the same exchange
// links them:
//
//    +-----+                            +-----+      +-----+      +-----+
//    |  0  |    compare-and-swap ──>    |  ●──┼─────>│  ●──┼─────>│leaf │
//    +-----+                            +-----+      +-----+      +-----+
//                                        in the tree  └── made before ──┘
//
// Who loses that race frees tables which no walker has seen, and looks again. No call waits for another, and one
// that fails has changed nothing.
//
// A thread finds the contents of a table behind the address that its entry holds, as a walker does: the order
// of the two loads is that of the address dependency (Arm ARM B2.3, "dependency-ordered-before").
//
//   guest.shared(my_tlb).map(ipa, last_level, page, normal | rwx);
//
// Locking: each thread has a sink of its own; Memory::allocate and free may be called by several threads. Changes of a
// region are made leaf by leaf: of two that meet, each leaf is as one of them wants it.
#pragma once

#include "vmsa/harvest.hpp"
#include "vmsa/map.hpp"
#include "vmsa/protect.hpp"

namespace vmsa
{

// The common case of SharedMapping::map, for who has many pages to map that are alike: a page, in a table that is
// there already. `bits` are leaf_bits, of attributes that were checked, without the contiguous hint. Who stored it has
// to publish it (TlbSink::sync). False where it is not that simple, also where it is an error: nothing has changed, and
// map() says more. Cost: a descent, and one exchange. Locking: a reader.
template <AnyTree T>
VMSA_INLINE constexpr bool map_free_page(const T &tree, typename T::Input input, Pa output,
					 Descriptor bits)
{
	using Format = typename T::Format;
	constexpr uint64_t size = T::Granule::page_size;

	if (!input.is_aligned(size) || !tree.space().contains({input, size}) ||
	    !tree.is_output_page(output))
		return false;

	VMSA_UNINITIALIZED const auto slot = tree.slot(input);
	Descriptor expected = 0;

	return slot.level == last_level && !slot.descriptor &&
	       compare_exchange(slot.entry(), expected,
				bits | Format::encode_output(output) |
					Format::leaf_type(last_level));
}

// What one of many readers may change, through its own sink: Mapping::shared makes it. As long as the lock is held.
template <DescriptorFormat Format, TableMemory Memory, TlbSink<typename Format::Input> Sink>
class SharedMapping {
    public:
	using Granule = typename Format::Granule;
	using Input = typename Format::Input;
	using Attributes = typename Format::Attributes;

	// `rules` as the writers', which do not change them meanwhile.
	constexpr SharedMapping(Tree<Format, Memory> &tree, Sink &sink, const ChangeRules &rules)
	    : tree_{tree}, sink_{sink}, rules_{rules}
	{
		rules_.shared = true;
		// So that whatever takes a break, or a table, is refused.
		rules_.live = true;
		rules_.on_break = OnBreak::refuse;
		rules_.bbm_level = 0;
	}

	// The leaf of `level` at `input`. Without the contiguous hint, which is a group's. `over`: an annotation
	// that may stand there (MapLimits::over). Cost: a descent, and one exchange. Errors: bad_limit, where no leaf
	// can be of that level; unaligned_input, unaligned_output (to the leaf); beyond_input, beyond_output;
	// reserved_attributes, forbidden_attributes, no_feature; overlap, annotated (naming what stands
	// there); needs_break, where a table of nothing but `over` stands in the way of a block; no_memory.
	VMSA_INLINE constexpr Result<void> map(Input input, Level level, Pa output,
					       const Attributes &attributes, Descriptor over = 0)
	{
		if (level == last_level && !over && map_page(input, output, attributes))
			return {};
		return map_leaf(input, level, output, attributes, over);
	}

	// As protect.hpp, where every leaf stays whole. When it returns, no TLB allows what it took away, also
	// where another thread had taken it a moment before. Errors: those of protect, but for no_memory;
	// needs_break also for a contiguous group, and where a block would have to be cut.
	constexpr Result<void> protect(Region<Input> region, typename Format::Access access)
	{
		return changing(
			[&](auto &batch) { return vmsa::protect(tree_, batch, region, access); });
	}

	// As harvest.hpp has it. Errors: beyond_input, not_mapped.
	constexpr Result<void> note_accessed(Input input)
	{
		return changing(
			[&](auto &batch) { return vmsa::note_accessed(tree_, batch, input); });
	}

	// Errors also forbidden_attributes, where another thread has just taken DBM from the leaf.
	constexpr Result<void> note_dirty(Input input)
	{
		return changing([&](auto &batch) { return vmsa::note_dirty(tree_, batch, input); });
	}

	// As Tree has it. What it says may have changed when the caller reads it.
	constexpr Result<Translation<Format>> translate(Input input) const
	{
		return tree_.translate(input);
	}

	// To read.
	constexpr const Tree<Format, Memory> &tree() const
	{
		return tree_;
	}

    private:
	using TableReserve = Reserve<Memory, Granule::table_bytes>;

	// One batch a call, as in Mapping.
	template <class Change> constexpr Result<void> changing(const Change &change)
	{
		Batch<Format, Memory, Sink> batch{tree_.memory(), sink_, rules_};

		return change(batch);
	}

	// The common case, in one descent: a page, in a table that is there already. False where it is not that
	// simple, also where it is an error.
	VMSA_INLINE constexpr bool map_page(Input input, Pa output, const Attributes &attributes)
	{
		if (!Format::is_legal(attributes) || !rules_.indexes(attributes) ||
		    rules_.missing(attributes) ||
		    !map_free_page(tree_, input, output,
				   leaf_bits<Format>(attributes, {}) & ~Format::contiguous))
			return false;
		sink_.sync();
		return true;
	}

	// Every other case.
	[[gnu::noinline]] constexpr Result<void> map_leaf(Input input, Level level, Pa output,
							  const Attributes &attributes,
							  Descriptor over)
	{
		if (level < tree_.geometry().start || level > last_level ||
		    !Format::allows_leaf(level))
			return Error{Errc::bad_limit, input.raw(), input.raw()};

		const Region<Input> leaf{input, Granule::size(level)};
		const auto bits = checked_leaf_bits(tree_, rules_, leaf, attributes, {});

		if (!bits)
			return bits.error();
		if (!input.is_aligned(leaf.size()))
			return Error{Errc::unaligned_input, leaf};
		if (!output.is_aligned(leaf.size()))
			return Error{Errc::unaligned_output, output.raw(), output.raw()};
		if (!fits(tree_, output, leaf.size() - 1))
			return Error{Errc::beyond_output, output.raw(),
				     output.raw() + leaf.size() - 1};
		return changing([&](auto &batch) {
			return publish(batch, leaf, level,
				       (bits.value() & ~Format::contiguous) |
					       Format::encode_output(output) |
					       Format::leaf_type(level),
				       over);
		});
	}

	template <class B>
	constexpr Result<void> publish(B &batch, Region<Input> leaf, Level level,
				       Descriptor descriptor, Descriptor over)
	{
		for (;;) {
			const auto slot = tree_.slot(leaf.first);
			Descriptor expected = slot.descriptor;

			if (slot.level > level || (expected && expected != over))
				return in_the_way(leaf, over);

			TableReserve reserve{tree_.memory()};

			if (!reserve.fill(static_cast<size_t>(level - slot.level)))
				return Error{Errc::no_memory, leaf};

			const Descriptor branch = make_branch(reserve, leaf.first, level,
							      slot.level, descriptor, expected);

			if (compare_exchange(slot.entry(), expected, branch)) {
				batch.created();
				return {};
			}
			take_back(branch, slot.level, level, leaf.first);
		}
	}

	// What an entry of `top` has to say for `leaf` of `level` to be below it. Beside the leaf `rest` stays.
	constexpr Descriptor make_branch(TableReserve &reserve, Input input, Level level, Level top,
					 Descriptor leaf, Descriptor rest)
	{
		Descriptor made = leaf;

		for (; level > top; level--) {
			Descriptor *table = reserve.take();

			if (rest)
				fill(table, Granule::entries, rest, 0);
			store(table + tree_.index(level, input), made);
			made = Format::table(tree_.memory().physical(table));
		}
		return made;
	}

	// Frees a branch that is in nobody's sight.
	constexpr void take_back(Descriptor branch, Level top, Level level, Input input)
	{
		for (; top < level; top++) {
			Descriptor *table = tree_.child(branch);

			branch = load(table + tree_.index(top + 1, input));
			tree_.memory().free(table, Granule::table_bytes);
		}
	}

	// What stands there stays there, as long as no writer comes.
	constexpr Error in_the_way(Region<Input> leaf, Descriptor over) const
	{
		const Error e = occupant(tree_, leaf, over);

		return e.code == Errc::none ? Error{Errc::needs_break, leaf} : e;
	}

	Tree<Format, Memory> &tree_;
	Sink &sink_;
	ChangeRules rules_;
};

} // namespace vmsa
