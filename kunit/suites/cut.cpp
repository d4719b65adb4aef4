// SPDX-License-Identifier: GPL-2.0-only
//
// Cut: smaller leaves that say the same.
#include "support/lab.hpp"
#include "support/snapshot.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/rows.hpp"

using namespace vmsa;
using namespace support;

namespace
{

using S1 = Format<El1And0, Granule4K>;
using S1_64K = Format<El2And0, Granule64K, 52>;
using S2_16K = Format<Stage2, Granule16K>;

constexpr Stage2Attributes dirty_and_unusual{.memory = MemoryType::normal_wt,
					     .access = {true, true, Execute::el0_only},
					     .shareability = Shareability::outer,
					     .accessed = true,
					     .dbm = true,
					     .software = 6};
constexpr Stage1Attributes user{.memory = MemoryType::normal_wt,
				.access = {.write = true, .el0 = true},
				.shareability = Shareability::outer,
				.accessed = false,
				.global = false,
				.guarded = true,
				.dbm = true,
				.software = 9};

template <class F, class Attributes>
void check_whole(struct kunit *test, unsigned bits, Level level, const Attributes &a)
{
	using Input = typename F::Input;
	Lab<F> lab{test, bits};
	ASSERT(lab.good());
	const uint64_t block = F::Granule::size(level);
	const uint64_t small = F::Granule::size(level + 1);
	const Region<Input> region{Input{block}, block};

	ASSERT(lab.map(region, Pa{2 * block}, a));
	ASSERT(lab.has_leaf(region.first, level, Pa{2 * block}));
	const size_t before = lab.memory().live();

	ASSERT(lab.cut(region, level + 1));
	ASSERT_EQ(lab.memory().live(), before + 1);
	ASSERT_EQ(lab.breaks(), 1);
	for (uint64_t offset = 0; offset < block; offset += small) {
		ASSERT(lab.has_leaf(region.first + offset, level + 1, Pa{2 * block + offset}));
		ASSERT(lab.attributes(region.first + offset) == a);
	}
	ASSERT(lab.good());
}

} // namespace

TEST(everything_but_the_size_stays)
{
	check_whole<Stage2_4K>(test, 40, 2, dirty_and_unusual);
	check_whole<Stage2_4K>(test, 40, 1, dirty_and_unusual);
	check_whole<S2_16K>(test, 40, 2, dirty_and_unusual);
	check_whole<S1>(test, 40, 2, user);
	check_whole<S1>(test, 40, 1, user);
	check_whole<S1_64K>(test, 42, 2, user);
}

TEST(no_leaf_is_larger_than_the_level_asked_for)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());

	ASSERT(lab.map({Ipa{GiB}, GiB + 2 * MiB}, Pa{GiB}, normal | rw));
	ASSERT(lab.cut({Ipa{GiB}, GiB + 2 * MiB}, 1)); // they are no larger
	EXPECT_EQ(lab.tlb().invalidations(), 0);
	ASSERT(lab.cut({Ipa{GiB}, GiB + 2 * MiB}, 2));
	Census c = census(lab.tree());
	EXPECT_EQ(c.leaves[1], 0);
	EXPECT_EQ(c.leaves[2], 513);
	ASSERT(lab.cut({Ipa{2 * GiB - 6 * MiB}, 8 * MiB}));
	c = census(lab.tree());
	EXPECT_EQ(c.leaves[2], 513 - 4);
	EXPECT_EQ(c.leaves[3], 4 * 512);
	ASSERT(lab.good());
}

TEST(only_blocks_that_reach_into_the_region_are_cut)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());

	ASSERT(lab.map({Ipa{GiB}, 2 * GiB}, Pa{GiB}, normal | rw));
	// An end inside a block: nothing may cross it, and nothing else changes.
	ASSERT(lab.cut({Ipa{GiB}, GiB + 4 * MiB + 4 * KiB}, 1));
	EXPECT(lab.has_leaf(Ipa{GiB}, 1, Pa{GiB}));
	EXPECT(lab.has_leaf(Ipa{2 * GiB}, 2, Pa{2 * GiB}));
	EXPECT(lab.has_leaf(Ipa{2 * GiB + 4 * MiB}, 3, Pa{2 * GiB + 4 * MiB}));
	EXPECT(lab.has_leaf(Ipa{2 * GiB + 6 * MiB}, 2, Pa{2 * GiB + 6 * MiB}));
	ASSERT(lab.good());
}

TEST(a_refusal_and_a_hole_touch_nothing)
{
	Lab<Stage2_4K> lab{test, 40};
	Snapshot<Tree<Stage2_4K, ScratchMemory>> before{test, lab.memory()};
	ASSERT(lab.good());

	ASSERT(lab.map({Ipa{2 * MiB}, 4 * MiB}, Pa{0}, normal | rw));
	before.take(lab.tree());
	EXPECT(lab.cut({Ipa{2 * MiB}, 6 * MiB}).error() ==
	       Error(Errc::not_mapped, Region<Ipa>{Ipa{6 * MiB}, 2 * MiB}));
	lab.rules().on_break = OnBreak::refuse;
	EXPECT(lab.cut({Ipa{2 * MiB}, 2 * MiB}).error() ==
	       Error(Errc::needs_break, Region<Ipa>{Ipa{2 * MiB}, 2 * MiB}));
	EXPECT(before.matches(lab.tree()));
	ASSERT(lab.good());
}

TEST(every_allocation_may_fail_and_the_count_is_told_beforehand)
{
	const Region<Ipa> region{Ipa{GiB + 4 * KiB}, GiB + 2 * MiB};
	Verdict verdict{test};
	ScratchMemory memory{test, verdict, Granule4K::table_bytes, 32};
	NoTlb tlb;
	Tree<Stage2_4K, ScratchMemory> tree{memory};
	Snapshot<decltype(tree)> before{test, memory};

	ASSERT(tree.create(stage2_geometry<Granule4K>(40, 48).value()));
	Batch<Stage2_4K, ScratchMemory, NoTlb> batch{memory, tlb};

	EXPECT(map(tree, batch, {Ipa{GiB}, 2 * GiB}, Linear{Ipa{GiB}, Pa{GiB}}, normal | rw));
	before.take(tree);
	const auto needed = tables_to_cut(tree, batch.rules(), region, 2);

	// Two of level 2, one of pages where the region begins, and one where it ends.
	EXPECT(needed && needed.value() == 4);
	EXPECT(before.matches(tree));
	for (size_t k = 0; k < needed.value(); k++) {
		memory.fail_at(k);
		EXPECT(cut(tree, batch, region, 2).error() == Error(Errc::no_memory, region));
		EXPECT(before.matches(tree));
	}
	memory.fail_at(needed.value());
	EXPECT(cut(tree, batch, region, 2));
	memory.fail_at(ScratchMemory::never);
	EXPECT_EQ(memory.live(), before.tables() + needed.value());
	EXPECT_EQ(tables_to_cut(tree, batch.rules(), region, 2).value(), 0);
	batch.sync();
	tree.destroy();
	EXPECT_EQ(memory.live(), 0);
}

// The last moment at which hardware can note something in a block is before it is broken.
TEST(a_block_is_read_after_its_break)
{
	for (uint64_t noted : {bit(10), bit(7)}) { // AF; S2AP[1]: dirty
		Lab<Stage2_4K> lab{test, 40};
		ASSERT(lab.good());

		ASSERT(lab.map({Ipa{2 * MiB}, 2 * MiB}, Pa{0},
			       {.access = r, .accessed = false, .dbm = true}));
		*lab.descriptor(Ipa{2 * MiB}) |= noted;
		lab.hardware_was_here();
		ASSERT(lab.cut({Ipa{2 * MiB}, 4 * KiB}));
		for (uint64_t offset = 0; offset < 2 * MiB; offset += 4 * KiB)
			ASSERT(*lab.descriptor(Ipa{2 * MiB + offset}) & noted);
		ASSERT(lab.good());
	}
}

TEST(a_leaf_that_is_not_cut_stays_as_it_is)
{
	constexpr Descriptor d = 0xdead'beef;

	EXPECT_EQ(CutLeaves{}.edit(d, Region<Ipa>{Ipa{0}, 4 * KiB}, 3), d);
}

SUITE(cut, a_leaf_that_is_not_cut_stays_as_it_is, everything_but_the_size_stays,
      no_leaf_is_larger_than_the_level_asked_for, only_blocks_that_reach_into_the_region_are_cut,
      a_refusal_and_a_hole_touch_nothing,
      every_allocation_may_fail_and_the_count_is_told_beforehand, a_block_is_read_after_its_break);
