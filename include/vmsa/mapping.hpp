// SPDX-License-Identifier: MIT OR Apache-2.0
//
// A Mapping is what most programs use: a tree, and the TLBs that may have its entries. Every change of it includes its
// invalidation.
//
//   Mapping<Stage2_4K, MyMemory, MyTlb> guest{memory, tlb};
//   guest.create(stage2_geometry<Granule4K>(40, 48).value());
//   guest.map({Ipa{0x8000'0000}, 2 * MiB}, Linear{Ipa{0x8000'0000}, ram}, normal | rwx);
//
// Locking: one writer, or any number of readers; the owner holds the lock. shared() is what a reader may change.
#pragma once

#include "vmsa/adopt.hpp"
#include "vmsa/annotate.hpp"
#include "vmsa/cut.hpp"
#include "vmsa/fold.hpp"
#include "vmsa/harvest.hpp"
#include "vmsa/map.hpp"
#include "vmsa/modify.hpp"
#include "vmsa/protect.hpp"
#include "vmsa/remap.hpp"
#include "vmsa/shared_mapping.hpp"
#include "vmsa/unmap.hpp"

namespace vmsa
{

// A tree and its TLBs. Each change returns when its invalidation is complete; on an error nothing has changed.
template <DescriptorFormat Format, TableMemory Memory, TlbSink<typename Format::Input> Sink>
class Mapping {
    public:
	using Input = typename Format::Input;
	using Attributes = typename Format::Attributes;

	// Both outlive it. create() or adopt() comes next.
	constexpr Mapping(Memory &memory, Sink &sink) : tree_{memory}, sink_{&sink}
	{
	}

	// Allocates the root. Errors: no_memory, input_bits.
	constexpr Result<void> create(const Geometry &geometry)
	{
		return tree_.create(geometry);
	}

	// Takes over tables that exist (adopt.hpp), in place of create().
	template <TableOwner Owns>
	constexpr Result<void> adopt(Pa root, const Geometry &geometry, const Owns &owns,
				     BadEntry<Format> *bad = nullptr)
	{
		return vmsa::adopt(tree_, root, geometry, owns, bad);
	}

	// Gives the tables away: nothing is freed, and the space is empty from now on. Returns the root.
	constexpr Descriptor *release()
	{
		return tree_.release();
	}

	// Tables are reached `by` bytes further on from now on (tree.hpp); memory and sink, where they are.
	void relocate(int64_t by, Memory &memory, Sink &sink)
	{
		tree_.relocate(by, memory);
		sink_ = &sink;
	}

	// Frees all tables. No CPU may use them any more. Calls visit(Entry) for each leaf (tree.hpp).
	template <EntryVisitor<Format> Visit = ShowNothing>
	constexpr void destroy(const Visit &visit = {})
	{
		tree_.destroy(visit, rules_.dirty_note);
	}

	// Maps `region`, where nothing is mapped. `attributes` and `limits` as in map.hpp. Errors: as map(tree, ...).
	template <OutputRule<Input> Rule>
	VMSA_INLINE constexpr Result<void> map(Region<Input> region, const Rule &rule,
					       Attributes attributes, MapLimits limits = {})
	{
		if (!optimized_for_size &&
		    one_page([&](auto &batch) __attribute__((always_inline)) {
			    return map_page(tree_, batch, region, rule, attributes, limits);
		    }))
			return {};
		return map_region<Rule>(region, rule, attributes, limits);
	}

	// Removes all mappings of `region`. Errors: as unmap(tree, ...).
	VMSA_INLINE constexpr Result<void> unmap(Region<Input> region)
	{
		if (!optimized_for_size &&
		    one_page([&](auto &batch) __attribute__((always_inline)) {
			    return unmap_page(tree_, batch, region);
		    }))
			return {};
		return unmap_region(region);
	}

	// Maps `region`, whatever is mapped there (remap.hpp). Calls visit(Entry) for each leaf that was removed.
	template <OutputRule<Input> Rule, EntryVisitor<Format> Visit = ShowNothing>
	constexpr Result<void> remap(Region<Input> region, const Rule &rule, Attributes attributes,
				     MapLimits limits = {}, const Visit &visit = {})
	{
		return changing([&](auto &batch) {
			return vmsa::remap(tree_, batch, region, rule, attributes, limits, visit);
		});
	}

	// Changes the permissions of `region`. Errors: as protect(tree, ...).
	constexpr Result<void> protect(Region<Input> region, typename Format::Access access)
	{
		return changing(
			[&](auto &batch) { return vmsa::protect(tree_, batch, region, access); });
	}

	// Changes attributes leaf by leaf: update(region, attributes) returns the new ones. Errors: as modify(tree,
	// ...).
	template <AttributeUpdate<Format> Update>
	constexpr Result<void> modify(Region<Input> region, const Update &update)
	{
		return changing(
			[&](auto &batch) { return vmsa::modify(tree_, batch, region, update); });
	}

	// Makes all leaves of `region` as small as those of `level`. Errors: as cut(tree, ...).
	constexpr Result<void> cut(Region<Input> region, Level level = last_level)
	{
		return changing(
			[&](auto &batch) { return vmsa::cut(tree_, batch, region, level); });
	}

	// Makes blocks of small leaves where that means the same. Errors: as fold(tree, ...).
	constexpr Result<void> fold(Region<Input> region, FoldLimits limits = {})
	{
		return changing(
			[&](auto &batch) { return vmsa::fold(tree_, batch, region, limits); });
	}

	// Shows and clears what was accessed: visit(region, level). Errors: as harvest_accessed(tree, ...).
	template <LeafVisitor<Input> Visit>
	constexpr Result<void> harvest_accessed(Region<Input> region, const Visit &visit)
	{
		return changing([&](auto &batch) {
			return vmsa::harvest_accessed(tree_, batch, region, visit);
		});
	}

	// Shows and clears what was written: visit(region, level). Errors: as harvest_dirty(tree, ...).
	template <LeafVisitor<Input> Visit>
	constexpr Result<void> harvest_dirty(Region<Input> region, const Visit &visit,
					     uint8_t noted = 0)
	{
		return changing([&](auto &batch) {
			return vmsa::harvest_dirty(tree_, batch, region, visit, noted);
		});
	}

	// For the handler of an access flag fault at `input`. Errors: as note_accessed(tree, ...).
	constexpr Result<void> note_accessed(Input input)
	{
		return changing(
			[&](auto &batch) { return vmsa::note_accessed(tree_, batch, input); });
	}

	// For the handler of a write's permission fault at `input`. Errors: as note_dirty(tree, ...).
	constexpr Result<void> note_dirty(Input input)
	{
		return changing([&](auto &batch) { return vmsa::note_dirty(tree_, batch, input); });
	}

	// ---- Annotations: what is said where nothing is mapped (annotation.hpp, annotate.hpp). ----

	// Annotates `region`, where nothing is mapped or annotated. Errors: as annotate(tree, ...).
	template <Annotation A> constexpr Result<void> annotate(Region<Input> region, const A &a)
	{
		return changing(
			[&](auto &batch) { return vmsa::annotate(tree_, batch, region, a); });
	}

	// Replaces the annotation `from` by `to`. Errors: as annotate(tree, ...).
	template <Annotation A>
	constexpr Result<void> annotate(Region<Input> region, const A &from, const A &to)
	{
		return changing([&](auto &batch) {
			return vmsa::annotate(tree_, batch, region, from, to);
		});
	}

	// Removes the annotation `a`. Errors: as unannotate(tree, ...).
	template <Annotation A> constexpr Result<void> unannotate(Region<Input> region, const A &a)
	{
		return changing(
			[&](auto &batch) { return vmsa::unannotate(tree_, batch, region, a); });
	}

	// Unmaps, and annotates with `a`, in one step.
	template <Annotation A> constexpr Result<void> unmap(Region<Input> region, const A &a)
	{
		return changing([&](auto &batch) { return vmsa::unmap(tree_, batch, region, a); });
	}

	// Unmaps, and calls visit(Entry) for each leaf that was removed, when no TLB has it any more (unmap.hpp).
	template <EntryVisitor<Format> Visit>
	constexpr Result<void> unmap(Region<Input> region, const Visit &visit)
	{
		return changing(
			[&](auto &batch) { return vmsa::unmap(tree_, batch, region, visit); });
	}

	// The annotation at `input`. Errors: beyond_input, not_annotated.
	template <Annotation A> constexpr Result<A> annotation(Input input) const
	{
		return annotation_at<A>(tree_, input);
	}

	// ---- How many tables would a change take? Exact, until the next change; errors as that has,
	// but for no_memory. StockedMemory (stocked_memory.hpp) has them ready. ----

	// For map().
	template <OutputRule<Input> Rule>
	constexpr Result<size_t> tables_to_map(Region<Input> region, const Rule &rule,
					       const Attributes &attributes,
					       MapLimits limits = {}) const
	{
		return vmsa::tables_to_map(tree_, rules_, region, rule, attributes, limits);
	}

	// For remap().
	template <OutputRule<Input> Rule>
	constexpr Result<size_t> tables_to_remap(Region<Input> region, const Rule &rule,
						 const Attributes &attributes,
						 MapLimits limits = {}) const
	{
		return vmsa::tables_to_remap(tree_, rules_, region, rule, attributes, limits);
	}

	// With or without an annotation.
	constexpr Result<size_t> tables_to_unmap(Region<Input> region) const
	{
		return vmsa::tables_to_unmap(tree_, rules_, region);
	}

	// For protect().
	constexpr Result<size_t> tables_to_protect(Region<Input> region,
						   typename Format::Access access) const
	{
		return vmsa::tables_to_protect(tree_, rules_, region, access);
	}

	// For modify().
	template <AttributeUpdate<Format> Update>
	constexpr Result<size_t> tables_to_modify(Region<Input> region, const Update &update) const
	{
		return vmsa::tables_to_modify(tree_, rules_, region, update);
	}

	// For cut().
	constexpr Result<size_t> tables_to_cut(Region<Input> region, Level level = last_level) const
	{
		return vmsa::tables_to_cut(tree_, rules_, region, level);
	}

	// An annotation, or two: from, to.
	template <Annotation... A>
	constexpr Result<size_t> tables_to_annotate(Region<Input> region, const A &...a) const
	{
		return vmsa::tables_to_annotate(tree_, region, a...);
	}

	// For unannotate().
	template <Annotation A>
	constexpr Result<size_t> tables_to_unannotate(Region<Input> region, const A &a) const
	{
		return vmsa::tables_to_unannotate(tree_, region, a);
	}

	// Several changes under one invalidation: change(tree, batch) -> Result<void>, made of the free
	// functions: unmap(tree, batch, region), map(tree, batch, region, rule, attributes), ... What
	// succeeded before one fails stays.
	template <TreeChange<Tree<Format, Memory>, Batch<Format, Memory, Sink>> Change>
	constexpr Result<void> edit(const Change &change)
	{
		return changing([&](auto &batch) { return change(tree_, batch); });
	}

	// For one of several threads, which has a sink of its own: what it may change as a reader (shared_mapping.hpp).
	template <TlbSink<Input> Own> constexpr SharedMapping<Format, Memory, Own> shared(Own &sink)
	{
		return {tree_, sink, rules_};
	}

	// How changes are made from now on. By default the tables are live.
	constexpr ChangeRules &rules()
	{
		return rules_;
	}

	// As Tree::translate.
	VMSA_INLINE constexpr Result<Translation<Format>> translate(Input input) const
	{
		return tree_.translate(input);
	}

	// The tree, for reading.
	constexpr const Tree<Format, Memory> &tree() const
	{
		return tree_;
	}

	// How many live descriptors were broken and made again so far.
	constexpr uint64_t breaks() const
	{
		return breaks_;
	}

    private:
	// The batch of one page stays in registers: it is all inlined, and nothing else sees it.
	template <class Change> VMSA_INLINE constexpr bool one_page(Change &&change)
	{
		VMSA_UNINITIALIZED Batch<Format, Memory, Sink> batch{tree_.memory(), *sink_,
								     rules_};

		return change(batch);
	}

	// A rule that fits into registers is passed in them: who needs its address needs a frame for it.
	template <class Rule>
	using Passed = std::conditional_t<std::is_trivially_copyable_v<Rule> && sizeof(Rule) <= 16,
					  const Rule, const Rule &>;

	template <OutputRule<Input> Rule>
	[[gnu::noinline]] constexpr Result<void> map_region(Region<Input> region, Passed<Rule> rule,
							    Attributes attributes, MapLimits limits)
	{
		return changing([&](auto &batch) {
			return vmsa::map_region(tree_, batch, region, rule, attributes, limits);
		});
	}

	[[gnu::noinline]] constexpr Result<void> unmap_region(Region<Input> region)
	{
		return changing(
			[&](auto &batch) { return vmsa::unmap_region(tree_, batch, region); });
	}

	// One batch a change: when this returns, what the change needed is complete.
	template <class Change> constexpr Result<void> changing(Change &&change)
	{
		Batch<Format, Memory, Sink> batch{tree_.memory(), *sink_, rules_};
		const Result<void> result = change(batch);

		breaks_ += batch.breaks();
		return result;
	}

	Tree<Format, Memory> tree_;
	Sink *sink_;
	ChangeRules rules_;
	uint64_t breaks_ = 0;
};

} // namespace vmsa
