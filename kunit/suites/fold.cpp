// SPDX-License-Identifier: GPL-2.0-only
//
// Fold: larger leaves that say the same, wherever that is possible and nowhere else.
#include "support/lab.hpp"
#include "support/snapshot.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/rows.hpp"

using namespace vmsa;
using namespace support;

namespace
{

using L = Lab<Stage2_4K>;

constexpr uint64_t page = 4 * KiB;
constexpr uint64_t block = 2 * MiB;
constexpr Region<Ipa> whole{Ipa{4 * block}, block};

[[gnu::noinline]] bool map_pages(L &lab, const Stage2Attributes &a = normal | rw)
{
	return lab.map(whole, Pa{block}, a, {3}).ok() && lab.has_leaf(whole.first, 3, Pa{block});
}

} // namespace

TEST(pages_become_a_block)
{
	L lab{test, 40};
	ASSERT(lab.good());
	constexpr Stage2Attributes unusual{.memory = MemoryType::normal_wt,
					   .access = {true, true, Execute::el0_only},
					   .shareability = Shareability::outer,
					   .dbm = true,
					   .software = 6};

	ASSERT(map_pages(lab, unusual));
	const size_t tables = lab.memory().live();

	ASSERT(lab.fold(whole));
	EXPECT(lab.has_leaf(whole.first, 2, Pa{block}));
	EXPECT(lab.attributes(whole.first) == unusual);
	EXPECT_EQ(lab.memory().live(), tables - 1);
	EXPECT_EQ(lab.breaks(), 1);
	ASSERT(lab.good());
}

TEST(pages_become_blocks_and_those_a_larger_one)
{
	L lab{test, 40};
	ASSERT(lab.good());
	const uint64_t blocks = GiB - 4 * block;

	ASSERT(lab.map({Ipa{GiB}, blocks}, Pa{GiB}, normal | rw, {2}));
	ASSERT(lab.map({Ipa{GiB + blocks}, 4 * block}, Pa{GiB + blocks}, normal | rw, {3}));
	ASSERT(lab.fold({Ipa{GiB}, GiB}, {.largest = 2}));
	EXPECT_EQ(census(lab.tree()).leaves[2], 512);
	ASSERT(lab.fold({Ipa{GiB}, GiB}));
	EXPECT(lab.has_leaf(Ipa{GiB}, 1, Pa{GiB}));
	ASSERT(lab.good());
}

TEST(leaves_that_differ_stay)
{
	const uint64_t last = 511 * page;
	// In one leaf, by turns the first, one inside and the last.
	for (uint64_t offset : {uint64_t{0}, 77 * page, last}) {
		for (unsigned what = 0; what < 5; what++) {
			L lab{test, 40};
			ASSERT(lab.good());
			const Region<Ipa> one{whole.first + offset, page};

			ASSERT(map_pages(lab));
			if (what == 4) { // a hole
				ASSERT(lab.unmap(one));
			} else if (what == 3) { // its output
				ASSERT(lab.unmap(one));
				ASSERT(lab.map(one, Pa{GiB}, normal | rw));
			} else {
				ASSERT(lab.modify(one, [&](auto, auto a) {
					a.access = what == 0 ? r : a.access;
					a.memory = what == 1 ? nc : a.memory;
					a.software = what == 2;
					return a;
				}));
			}
			const uint64_t breaks = lab.breaks();

			ASSERT(lab.fold(whole));
			ASSERT(lab.tree().at(whole.first + page).level == 3);
			ASSERT_EQ(lab.breaks(), breaks);
			ASSERT(lab.good());
		}
	}
}

TEST(an_output_that_is_not_aligned_stays)
{
	L lab{test, 40};
	ASSERT(lab.good());

	ASSERT(lab.map(whole, Pa{block + page}, normal | rw));
	ASSERT(lab.fold(whole));
	EXPECT(lab.has_leaf(whole.first, 3, Pa{block + page}));
	ASSERT(lab.good());
}

// Two pages have changed places, which are next to each other in one bit of their addresses after the other.
TEST(outputs_that_are_not_in_order_stay)
{
	for (uint64_t n = 1; n < 256; n *= 2) {
		L lab{test, 40};
		ASSERT(lab.good() && map_pages(lab));
		ASSERT(lab.remap({whole.first + n * page, page},
				 Linear{whole.first + n * page, Pa{block + 2 * n * page}},
				 normal | rw));
		ASSERT(lab.remap({whole.first + 2 * n * page, page},
				 Linear{whole.first + 2 * n * page, Pa{block + n * page}},
				 normal | rw));
		const auto breaks = lab.breaks();

		ASSERT(lab.fold(whole));
		EXPECT(lab.has_leaf(whole.first, 3, Pa{block}));
		EXPECT_EQ(lab.breaks(), breaks);
		ASSERT(lab.good());
	}
}

TEST(a_table_of_which_only_a_part_is_asked_for_stays)
{
	L lab{test, 40};
	ASSERT(lab.good());

	ASSERT(map_pages(lab));
	ASSERT(lab.fold({whole.first, block - page}));
	ASSERT(lab.fold({whole.first + page, block - page}));
	EXPECT(lab.has_leaf(whole.first, 3, Pa{block}));
	ASSERT(lab.good());
}

TEST(the_block_was_accessed_when_any_page_was)
{
	for (uint64_t offset : {uint64_t{0}, 300 * page, 511 * page, block}) {
		L lab{test, 40};
		ASSERT(lab.good());

		ASSERT(map_pages(lab, {.access = rw, .accessed = false}));
		if (offset < block)
			*lab.descriptor(whole.first + offset) |= bit(10);
		lab.hardware_was_here();
		ASSERT(lab.fold(whole));
		ASSERT(lab.has_leaf(whole.first, 2, Pa{block}));
		ASSERT_EQ(lab.attributes(whole.first).accessed, offset < block);
		ASSERT(lab.good());
	}
}

TEST(rules_that_refuse_breaks_fold_nothing_live)
{
	L lab{test, 40};
	Snapshot<Tree<Stage2_4K, ScratchMemory>> before{test, lab.memory()};
	ASSERT(lab.good());

	ASSERT(map_pages(lab));
	lab.rules().on_break = OnBreak::refuse;
	before.take(lab.tree());
	EXPECT(lab.fold(whole, {.contiguous = true}));
	EXPECT(before.matches(lab.tree()));
	EXPECT_EQ(lab.tlb().invalidations(), 0);
	lab.rules().live = false;
	EXPECT(lab.fold(whole));
	EXPECT(lab.has_leaf(whole.first, 2, Pa{block}));
	EXPECT_EQ(lab.tlb().invalidations(), 0);
	ASSERT(lab.good());
}

// Ours never stay empty, but tables may come from elsewhere.
TEST(empty_tables_that_were_adopted_go)
{
	L lab{test, 40};
	ASSERT(lab.good());

	ASSERT(map_pages(lab));
	Descriptor *pages = lab.descriptor(whole.first);

	lab.rules().live = false;
	for (size_t i = 0; i < 512; i++)
		pages[i] = 0;
	lab.hardware_was_here();
	lab.rules().live = true;
	lab.rules().on_break = OnBreak::refuse; // which this is not
	ASSERT(lab.fold(lab.tree().space()));
	EXPECT(lab.only_root());
	EXPECT_EQ(lab.breaks(), 0);
	ASSERT(lab.good());
}

namespace
{

struct Hardware {
	L *lab;
	Descriptor *leaf;
	Descriptor noted;
};

// As if a CPU that has the table cached wrote through a page of it.
void note_in_a_leaf(void *context)
{
	auto *hardware = static_cast<Hardware *>(context);

	*hardware->leaf |= hardware->noted;
}

} // namespace

TEST(leaves_are_read_again_after_the_break)
{
	for (unsigned bbm_level : {0, 1, 2}) {
		for (Descriptor noted : {bit(10), bit(7)}) {
			L lab{test, 40};
			ASSERT(lab.good());

			ASSERT(map_pages(lab,
					 {.access = r, .accessed = noted != bit(10), .dbm = true}));
			Hardware hardware{&lab, lab.descriptor(whole.first) + 99, noted};

			lab.context = &hardware;
			lab.on_invalidate = note_in_a_leaf;
			lab.rules().bbm_level = bbm_level;
			ASSERT(lab.fold(whole));
			// Dirty: they agree no longer, and are pages again. Accessed: the block says so.
			ASSERT(*lab.descriptor(whole.first + 99 * page) & noted);
			ASSERT_EQ(lab.tree().at(whole.first).level, noted == bit(10) ? 2 : 3);
			lab.on_invalidate = nullptr;
			lab.unmap(whole).ok();
			ASSERT(lab.good());
		}
	}
}

// With FEAT_BBM level 2 nothing is broken, and a CPU whose walk cache still leads to the table must go on
// finding there what it found: the table is not the batch's to chain before it is invalidated.
TEST(without_a_break_the_table_is_left_alone_until_it_is_invalidated)
{
	L lab{test, 40};
	ASSERT(lab.good());

	ASSERT(map_pages(lab));
	const size_t tables = lab.memory().live();

	lab.rules().bbm_level = 2;
	ASSERT(lab.fold(whole));
	EXPECT(lab.has_leaf(whole.first, 2, Pa{block}));
	EXPECT_EQ(lab.breaks(), 0);
	EXPECT_EQ(lab.memory().live(), tables - 1);
	EXPECT_EQ(lab.tlb().invalidations(), 1);
	ASSERT(lab.good());
}

// A restriction in the table descriptor would be lost with it.
TEST(a_table_that_restricts_its_leaves_stays)
{
	using S1 = Format<El1And0, Granule4K>;

	for (unsigned n = 59; n <= 63; n++) {
		Lab<S1> lab{test, 40};
		ASSERT(lab.good());
		const Region<Va> region{Va{block}, block};

		// What EL0 may write is not executable: PXNTable needs a leaf of its own.
		ASSERT(lab.map(region, Pa{block},
			       {.access = {.write = n != 59,
					   .execute = n == 59,
					   .el0 = true,
					   .el0_execute = true}},
			       {3}));
		Descriptor *table = nullptr;

		lab.tree().steps(region.first, [&](Level l, size_t i, Pa pa, Descriptor) {
			if (l == 2)
				table = lab.memory().pointer(pa) + i;
		});
		*table |= bit(n);
		lab.hardware_was_here();
		const auto before = lab.tree().translate(region.first).value().attributes();

		ASSERT(lab.fold(region));
		ASSERT(lab.tree().translate(region.first).value().attributes() == before);
		ASSERT(lab.good());
	}
}

// Hardware makes no page writable below it, and would make the block so.
TEST(clean_pages_below_a_read_only_table_stay)
{
	Lab<Format<El1And0, Granule4K>> lab{test, 40};
	ASSERT(lab.good());
	const Region<Va> region{Va{block}, block};

	ASSERT(lab.map(region, Pa{block}, {.access = {.write = false}, .dbm = true}, {3}));
	lab.tree().steps(region.first, [&](Level l, size_t i, Pa pa, Descriptor) {
		if (l == 2)
			lab.memory().pointer(pa)[i] |= bit(62);
	});
	lab.hardware_was_here();
	EXPECT(!lab.tree().translate(region.first).value().attributes().dbm);
	ASSERT(lab.fold(region));
	EXPECT(lab.has_leaf(region.first, 3, Pa{block}));
	ASSERT(lab.good());
}

SUITE(fold, outputs_that_are_not_in_order_stay, pages_become_a_block,
      pages_become_blocks_and_those_a_larger_one, leaves_that_differ_stay,
      an_output_that_is_not_aligned_stays, a_table_of_which_only_a_part_is_asked_for_stays,
      the_block_was_accessed_when_any_page_was, rules_that_refuse_breaks_fold_nothing_live,
      empty_tables_that_were_adopted_go, leaves_are_read_again_after_the_break,
      without_a_break_the_table_is_left_alone_until_it_is_invalidated,
      a_table_that_restricts_its_leaves_stays, clean_pages_below_a_read_only_table_stay);
