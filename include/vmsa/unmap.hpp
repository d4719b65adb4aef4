// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Unmap: remove all mappings of a region. Every byte of it must be mapped. Tables that become empty are unlinked;
// the batch frees them when no walker can be inside them any more.
#pragma once

#include "vmsa/annotation.hpp"
#include "vmsa/cut.hpp"
#include "vmsa/edit.hpp"
#include "vmsa/harvest.hpp"

namespace vmsa
{

struct RemoveLeaves : LeafOperation {
	static constexpr bool removes = true;

	Descriptor left = 0; // what stands there afterwards: nothing, or an annotation
};

// The common case, in one descent: one page, of a table in which others survive. False where it is
// not that simple, also where it is an error.
template <AnyTree T, AnyBatch Batch>
VMSA_INLINE constexpr bool unmap_page(const T &tree, Batch &batch, Region<typename T::Input> page)
{
	if (!T::is_page(page))
		return false;

	VMSA_UNINITIALIZED const auto slot = tree.slot(page.first);
	constexpr Descriptor type = T::Format::leaf_type(last_level);
	constexpr size_t entries = T::Granule::entries;

	if (slot.level != last_level ||
	    (slot.descriptor & (type | T::Format::contiguous)) != type ||
	    !(has_neighbour(slot.table, slot.index) ||
	      outlives(slot.named_by, slot.table, entries, slot.index)))
		return false;
	store(slot.entry(), 0);
	batch.changed(page, last_level);
	return true;
}

// Every other case.
template <AnyTree T, AnyBatch Batch>
constexpr Result<void> unmap_region(T &tree, Batch &batch, Region<typename T::Input> region)
{
	if (const Error e = check_region(tree, region); e.code != Errc::none)
		return e;

	const RemoveLeaves operation;

	return edit(tree, batch, operation, region);
}

// Removes all mappings of `region`. Errors: those of check_region; not_mapped (naming the hole); no_memory (if a block
// must be cut, which takes tables); needs_break (if the rules refuse breaks).
template <AnyTree T, AnyBatch Batch>
constexpr Result<void> unmap(T &tree, Batch &batch, Region<typename T::Input> region)
{
	if (!optimized_for_size && unmap_page(tree, batch, region))
		return {};
	return unmap_region(tree, batch, region);
}

// The same, and annotates the region with `a` in the same step (annotation.hpp). Errors: as unmap;
// forbidden_annotation.
template <Annotation A, AnyTree T, AnyBatch Batch>
constexpr Result<void> unmap(T &tree, Batch &batch, Region<typename T::Input> region, const A &a)
{
	if (const Error e = check_region(tree, region); e.code != Errc::none)
		return e;
	if (!annotation(a))
		return Error{Errc::forbidden_annotation, region};

	const RemoveLeaves operation{{}, annotation(a)};

	return edit(tree, batch, operation, region);
}

// The same, and calls visit(Entry) for every leaf that was removed, when no TLB has it any more. Its descriptor is
// the last one, with all that hardware noted. The visitor must not use the tree. Errors: as unmap.
template <AnyTree T, AnyBatch Batch, EntryVisitor<typename T::Format> Visit>
constexpr Result<void> unmap(T &tree, Batch &batch, Region<typename T::Input> region,
			     const Visit &visit)
{
	constexpr CutLeaves at_the_ends{{}, T::Format::first_level};
	const RemoveLeaves all;
	const auto each_leaf = [&](const auto &act) {
		for_each_entry(tree, tree.root(), tree.geometry().start, region, act);
	};

	if (const Error e = check_region(tree, region); e.code != Errc::none)
		return e;
	if (const Error e = edit(tree, batch, at_the_ends, region); e.code != Errc::none)
		return e;
	each_leaf([&](Descriptor *entry, Descriptor, auto leaf, Level level) {
		break_leaf(entry, batch.rules().live);
		batch.changed(leaf, level);
	});
	batch.sync();
	each_leaf([&](Descriptor *entry, Descriptor d, auto leaf, Level level) {
		if (begins_group<typename T::Format>(d, leaf.first, level))
			share_notes<typename T::Format>(entry, level, batch.rules().dirty_note,
							false);
		visit(Entry<typename T::Format>{leaf, load(entry) | T::Format::valid_bit, level});
	});
	Editor{tree, batch, all, region}.remove();
	return {};
}

// How many tables would any of these take? Errors: as unmap, but for no_memory.
template <AnyTree T>
constexpr Result<size_t> tables_to_unmap(const T &tree, const ChangeRules &rules,
					 Region<typename T::Input> region)
{
	return tables_to_edit(tree, rules, RemoveLeaves{}, region);
}

} // namespace vmsa
