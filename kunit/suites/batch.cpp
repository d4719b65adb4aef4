// SPDX-License-Identifier: GPL-2.0-only
//
// Batch: what is asked of the TLB, in which order, and when tables are freed.
#include "support/lab.hpp"
#include "support/recorder.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/mapping.hpp"

using namespace vmsa;
using namespace support;

namespace
{

// A tree, a recorder, and batches that the test ends when it likes.
struct Bench {
	using T = Tree<Stage2_4K, ScratchMemory>;
	using B = Batch<Stage2_4K, ScratchMemory, Recorder>;

	explicit Bench(struct kunit *test)
	    : verdict{test}, memory{test, verdict, Granule4K::table_bytes, 32},
	      recorder{test, memory}, tree{memory}
	{
		verdict.expect(tree.create(stage2_geometry<Granule4K>(39, 48).value()).ok(),
			       "a root", 0, 0);
	}

	[[gnu::noinline]] ~Bench()
	{
		tree.destroy();
		verdict.expect(memory.live() == 0, "every table was freed", memory.live(), 0);
	}

	// Without a batch of its own: nobody walks these tables yet.
	[[gnu::noinline]] bool map(Region<Ipa> region, Level cap = -1)
	{
		B batch{memory, recorder};
		const bool done = vmsa::map(tree, batch, region, Linear{region.first, Pa{0}},
					    normal | rw, {cap})
					  .ok();

		batch.sync();
		recorder.forget();
		return done;
	}

	[[gnu::noinline]] bool unmap(B &batch, Region<Ipa> region)
	{
		return vmsa::unmap(tree, batch, region).ok();
	}

	[[gnu::noinline]] bool protect(B &batch, Region<Ipa> region)
	{
		return vmsa::protect(tree, batch, region, r).ok();
	}

	// Is event `i` an invalidation of just this?
	[[gnu::noinline]] bool invalidated(size_t i, Region<Ipa> region, Level level,
					   bool tables) const
	{
		const auto events = recorder.events();

		return i < events.size() && events[i].kind == Event::invalidate &&
		       events[i].first == region.first.raw() &&
		       events[i].last == region.last.raw() && events[i].level == level &&
		       events[i].tables == tables;
	}

	[[gnu::noinline]] bool is(size_t i, Event::Kind kind) const
	{
		const auto events = recorder.events();

		return i < events.size() && events[i].kind == kind;
	}

	Verdict verdict;
	ScratchMemory memory;
	Recorder recorder;
	T tree;
};

constexpr Region<Ipa> table_of_pages{Ipa{GiB}, 2 * MiB};

} // namespace

// Traps 5 and 7.
TEST(a_change_is_stored_then_invalidated_then_synced_and_only_then_are_tables_freed)
{
	Bench bench{test};

	ASSERT(bench.verdict.good() && bench.map(table_of_pages, 3));
	bench.recorder.watch = bench.tree.root() + 1; // the entry that names both tables
	{
		Bench::B batch{bench.memory, bench.recorder};

		EXPECT(bench.unmap(batch, table_of_pages));
		EXPECT_EQ(bench.recorder.events().size(), 0);
		EXPECT_EQ(bench.memory.live(), 3);
	}
	EXPECT_EQ(bench.recorder.events().size(), 4);
	EXPECT(bench.invalidated(0, table_of_pages, unknown_level, true));
	EXPECT(bench.is(1, Event::sync));
	EXPECT(bench.is(2, Event::free) && bench.is(3, Event::free));
	EXPECT_EQ(bench.recorder.events()[0].watched, 0);
	EXPECT_EQ(bench.memory.live(), 1);
}

TEST(a_sync_happens_once)
{
	Bench bench{test};

	ASSERT(bench.verdict.good() && bench.map(table_of_pages, 3));
	{
		Bench::B batch{bench.memory, bench.recorder};

		EXPECT(bench.unmap(batch, table_of_pages));
		batch.sync();
		EXPECT_EQ(bench.recorder.events().size(), 4);
		batch.sync();
	}
	EXPECT_EQ(bench.recorder.events().size(), 4);
	{
		Bench::B idle{bench.memory, bench.recorder};
	}
	EXPECT_EQ(bench.recorder.events().size(), 4);
}

TEST(the_next_change_does_not_inherit_region_hint_and_walk_caches)
{
	Bench bench{test};
	const Region<Ipa> page{Ipa{8 * GiB}, 4 * KiB};

	ASSERT(bench.verdict.good() && bench.map(table_of_pages, 3) && bench.map(page));
	{
		Bench::B batch{bench.memory, bench.recorder};

		EXPECT(bench.unmap(batch, table_of_pages));
		batch.sync();
		bench.recorder.forget();
		EXPECT(bench.protect(batch, page));
	}
	EXPECT_EQ(bench.recorder.events().size(), 2);
	EXPECT(bench.invalidated(0, page, 3, false));
}

// Trap 13.
TEST(new_mappings_are_published_and_not_invalidated)
{
	Bench bench{test};

	ASSERT(bench.verdict.good());
	{
		Bench::B batch{bench.memory, bench.recorder};

		EXPECT(vmsa::map(bench.tree, batch, table_of_pages, Linear{Ipa{0}, Pa{0}},
				 normal | rw)
			       .ok());
		EXPECT_EQ(bench.recorder.events().size(), 0);
	}
	EXPECT_EQ(bench.recorder.events().size(), 1);
	EXPECT(bench.is(0, Event::sync));
}

// Trap 8: a wrong hint invalidates nothing, so a doubtful one is none.
TEST(a_level_is_hinted_at_only_when_all_leaves_are_of_it)
{
	Bench bench{test};
	const Region<Ipa> pages{Ipa{GiB}, 8 * KiB};
	const Region<Ipa> blocks{Ipa{GiB + 2 * MiB}, 4 * MiB};

	ASSERT(bench.verdict.good() && bench.map(pages) && bench.map(blocks));
	{
		Bench::B batch{bench.memory, bench.recorder};

		EXPECT(bench.protect(batch, pages));
		batch.sync();
		EXPECT(bench.invalidated(0, pages, 3, false));
		bench.recorder.forget();

		EXPECT(bench.protect(batch, blocks));
		batch.sync();
		EXPECT(bench.invalidated(0, blocks, 2, false));
		bench.recorder.forget();

		// Only the pages lose something here, then both do.
		EXPECT(bench.unmap(batch, {blocks.first, 2 * MiB}));
		EXPECT(bench.unmap(batch, {pages.first, 4 * KiB}));
		batch.sync();
		EXPECT(bench.invalidated(0, {pages.first, 4 * MiB}, unknown_level, false));
		bench.recorder.forget();

		// The hint of the first change does not live on in the next.
		EXPECT(bench.unmap(batch, {pages.first + 4 * KiB, 4 * KiB}));
		batch.sync();
		EXPECT(bench.invalidated(0, {pages.first + 4 * KiB, 4 * KiB}, unknown_level, true));
	}
}

TEST(a_leaf_of_many_goes_without_the_walk_caches)
{
	Bench bench{test};

	ASSERT(bench.verdict.good() && bench.map(table_of_pages, 3));
	{
		Bench::B batch{bench.memory, bench.recorder};

		EXPECT(bench.unmap(batch, {Ipa{GiB + 4 * KiB}, 4 * KiB}));
	}
	EXPECT_EQ(bench.recorder.events().size(), 2);
	EXPECT(bench.invalidated(0, {Ipa{GiB + 4 * KiB}, 4 * KiB}, 3, false));
}

TEST(changes_far_apart_are_one_range)
{
	Bench bench{test};

	ASSERT(bench.verdict.good() && bench.map({Ipa{GiB}, 64 * KiB}) &&
	       bench.map({Ipa{8 * GiB}, 64 * KiB}));
	{
		Bench::B batch{bench.memory, bench.recorder};

		EXPECT(bench.protect(batch, {Ipa{8 * GiB}, 4 * KiB}));
		EXPECT(bench.protect(batch, {Ipa{GiB + 4 * KiB}, 4 * KiB}));
		EXPECT(bench.protect(batch, {Ipa{4 * KiB + 8 * GiB}, 4 * KiB}));
	}
	EXPECT_EQ(bench.recorder.events().size(), 2);
	EXPECT(bench.invalidated(0, {Ipa{GiB + 4 * KiB}, 7 * GiB + 4 * KiB}, 3, false));
}

// Trap 3: block to table. All of the block goes, with its level, before the table comes.
TEST(a_live_block_is_broken_once_however_much_of_it_changes)
{
	Bench bench{test};
	const Region<Ipa> block{Ipa{GiB}, GiB};

	ASSERT(bench.verdict.good() && bench.map(block));
	bench.recorder.watch = bench.tree.root() + 1;
	{
		Bench::B batch{bench.memory, bench.recorder};

		EXPECT(bench.protect(batch, {Ipa{GiB + 4 * KiB}, 512 * MiB}));
		EXPECT_EQ(batch.breaks(), 1);
		EXPECT_EQ(bench.recorder.events().size(), 2);
		EXPECT(bench.invalidated(0, block, 1, false));
		EXPECT(bench.is(1, Event::sync));
		// Broken: invalid, whatever else it still says.
		EXPECT_EQ(bench.recorder.events()[0].watched & 1, 0);
		EXPECT_EQ(bench.recorder.events()[1].watched & 1, 0);
		EXPECT_EQ(*bench.recorder.watch & 3, 3);
	}
	// The table is new where nothing was: it is published.
	EXPECT_EQ(bench.recorder.events().size(), 3);
	EXPECT(bench.is(2, Event::sync));
	EXPECT(bench.verdict.good());
}

// R_WHZWS holds for a whole batch: where something was broken, nothing is made before that is gone from
// every TLB. The lab's judges look on.
TEST(a_map_that_meets_what_the_batch_broke_comes_after_its_invalidation)
{
	const Region<Ipa> block{Ipa{GiB}, 2 * MiB};
	const Region<Ipa> page{block.first + 16 * KiB, 4 * KiB};
	const Region<Ipa> neighbour{block.first + 64 * KiB, 4 * KiB};
	const struct {
		Region<Ipa> broken;
		Level largest;
		Region<Ipa> made;
	} cases[] = {
		{page, 3, page}, // the table goes, and one comes
		{page, 3, neighbour},
		{page, 3, block},
		{block, -1, page},
		{block, -1, block},
		{block, 3, page},
		{{Ipa{GiB}, GiB}, 1, page},
		{page, 3, {Ipa{GiB}, GiB}},
	};

	for (unsigned bbm_level = 0; bbm_level < 3; bbm_level++) {
		for (const auto &c : cases) {
			Lab<Stage2_4K> lab{test, 40};

			ASSERT(lab.good() && lab.map(c.broken, Pa{0}, normal | rw, {c.largest}));
			lab.rules().bbm_level = bbm_level;
			lab.together([&] {
				EXPECT(lab.unmap(c.broken));
				EXPECT(lab.map(c.made, Pa{4 * GiB}, normal | rw));
			});
			ASSERT(lab.good());
		}
	}
}

// An annotation is invalid, too, but the table that is to hold it is not.
TEST(a_table_for_an_annotation_comes_after_the_invalidation_of_what_stood_there)
{
	const Region<Ipa> block{Ipa{GiB}, 2 * MiB};
	Lab<Stage2_4K> lab{test, 40};

	ASSERT(lab.good() && lab.map(block, Pa{0}, normal | rw));
	lab.together([&] {
		EXPECT(lab.unmap(block));
		EXPECT(lab.annotate({block.first, 4 * KiB}, uint64_t{1}));
	});
	ASSERT(lab.good());
}

// It costs an invalidation only where it must.
// Walk caches may still lead to a table that went with its last entry, from every page that it could have had.
TEST(a_map_beside_the_last_entry_of_a_table_comes_after_its_invalidation)
{
	Lab<Stage2_4K> lab{test, 40};

	ASSERT(lab.good() && lab.annotate({Ipa{GiB}, 4 * KiB}, uint64_t{5}));
	// So that it is the only table that goes.
	ASSERT(lab.map({Ipa{GiB + 4 * MiB}, 4 * KiB}, Pa{0}, normal | rw));
	lab.together([&] {
		EXPECT(lab.unannotate({Ipa{GiB}, 4 * KiB}, uint64_t{5}));
		EXPECT(lab.map({Ipa{GiB + MiB}, 4 * KiB}, Pa{0}, normal | rw));
	});
	ASSERT(lab.good());
}

TEST(a_map_elsewhere_does_not_end_the_batch)
{
	Lab<Stage2_4K> lab{test, 40};

	ASSERT(lab.good() && lab.map({Ipa{GiB}, 2 * MiB}, Pa{0}, normal | rw, {3}));
	lab.together([&] {
		EXPECT(lab.unmap({Ipa{GiB}, 4 * KiB}));
		EXPECT(lab.map({Ipa{GiB + 2 * MiB}, 4 * KiB}, Pa{0}, normal | rw));
		EXPECT_EQ(lab.tlb().invalidations(), 0);
	});
	EXPECT_EQ(lab.tlb().invalidations(), 1);
	ASSERT(lab.good());
}

// Tables of others could have one, which adopt refuses: it is in the way of everything, and stays.
TEST(a_reserved_entry_is_in_the_way)
{
	constexpr Region<Ipa> group{Ipa{0}, 64 * KiB}, fifth{Ipa{20 * KiB}, 4 * KiB};
	Bench bench{test};
	Bench::B batch{bench.memory, bench.recorder};
	const Linear rule{Ipa{0}, Pa{0}};

	ASSERT(vmsa::map(bench.tree, batch, group, rule, normal | rw,
			 {.largest = 3, .contiguous = true}));
	Descriptor *const entry = bench.tree.slot(fifth.first).entry();
	const Descriptor leaf = *entry;

	*entry = 1; // valid, and no page
	EXPECT(modify(bench.tree, batch, group, [](auto, auto a) { return a; }).error() ==
	       Error(Errc::not_mapped, fifth));
	EXPECT(vmsa::map(bench.tree, batch, fifth, rule, normal | rw).error() ==
	       Error(Errc::overlap, fifth));
	EXPECT_EQ(*entry, 1);
	*entry = leaf;
	EXPECT(bench.unmap(batch, group));
}

// What nobody walks has nobody to be told of it.
TEST(a_tree_that_is_not_live_needs_no_invalidation)
{
	constexpr ChangeRules at_rest{.live = false};
	Bench bench{test};
	Bench::B batch{bench.memory, bench.recorder, at_rest};

	batch.replaced({Ipa{0}, 2 * MiB}, true);
	batch.broken({Ipa{0}, 2 * MiB}, 2);
	batch.changed({Ipa{0}, 4 * KiB}, 3);
	batch.sync();
	EXPECT_EQ(bench.recorder.events().size(), 0);
	EXPECT_EQ(batch.breaks(), 0);
}

SUITE(batch, a_reserved_entry_is_in_the_way, a_tree_that_is_not_live_needs_no_invalidation,
      a_change_is_stored_then_invalidated_then_synced_and_only_then_are_tables_freed,
      a_sync_happens_once, the_next_change_does_not_inherit_region_hint_and_walk_caches,
      new_mappings_are_published_and_not_invalidated,
      a_level_is_hinted_at_only_when_all_leaves_are_of_it,
      a_leaf_of_many_goes_without_the_walk_caches, changes_far_apart_are_one_range,
      a_live_block_is_broken_once_however_much_of_it_changes,
      a_map_that_meets_what_the_batch_broke_comes_after_its_invalidation,
      a_table_for_an_annotation_comes_after_the_invalidation_of_what_stood_there,
      a_map_beside_the_last_entry_of_a_table_comes_after_its_invalidation,
      a_map_elsewhere_does_not_end_the_batch);
