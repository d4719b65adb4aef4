// SPDX-License-Identifier: GPL-2.0-only
//
// A map over tables that map nothing: they leave the tree as every table does, by break-before-make and
// through the batch.
#include "support/lab.hpp"
#include "vmsa/format_stage2.hpp"

using namespace vmsa;
using namespace support;

// A table that holds nothing but what is mapped over is no table of the tree afterwards, and no walk may
// still be in it when a block stands in its place.
TEST(a_block_over_tables_of_annotations_takes_their_place)
{
	constexpr uint64_t x = 7;

	for (bool together : {false, true}) {
		Lab<Stage2_4K> lab{test, 40};

		ASSERT(lab.good());
		for (uint64_t i = 0; i < 4; i++)
			ASSERT(lab.annotate({Ipa{GiB + i * 2 * MiB}, 4 * KiB}, x));
		const auto map = [&] {
			EXPECT(lab.map({Ipa{GiB}, GiB}, Pa{GiB}, normal | rw,
				       {.over = annotation(x)}));
		};

		if (together)
			lab.together(map);
		else
			map();
		EXPECT(lab.has_leaf(Ipa{GiB}, 1, Pa{GiB}));
		EXPECT(lab.only_root());
		ASSERT(lab.good());
	}
}

// Ours never stay empty, but who adopts others' tables may have one.
TEST(a_block_over_an_empty_table_takes_its_place)
{
	Lab<Stage2_4K> lab{test, 40};

	ASSERT(lab.good());
	Descriptor *table = lab.memory().allocate(Granule4K::table_bytes);
	Descriptor *below = lab.memory().allocate(Granule4K::table_bytes);

	ASSERT(table && below);
	table[1] = Stage2_4K::table(lab.memory().physical(below));
	lab.tree().root()[1] = Stage2_4K::table(lab.memory().physical(table));
	lab.hardware_was_here();
	ASSERT(lab.map({Ipa{GiB}, 4 * MiB}, Pa{GiB}, normal | rw));
	EXPECT(lab.has_leaf(Ipa{GiB + 2 * MiB}, 2, Pa{GiB + 2 * MiB}));
	EXPECT_EQ(lab.memory().live(), lab.tree().geometry().root_tables + 1);
	ASSERT(lab.good());
}

SUITE(over_tables, a_block_over_tables_of_annotations_takes_their_place,
      a_block_over_an_empty_table_takes_its_place);
