// SPDX-License-Identifier: GPL-2.0-only
//
// TablePool: a block of memory as tables, with physical addresses as the user has them.
#include "support/live_bench.hpp"

using namespace vmsa;
using namespace support;

namespace
{

constexpr uint64_t page = 4 * KiB;

} // namespace

TEST(a_pool_gives_tables_until_it_is_empty)
{
	const auto block = scratch<Descriptor>(test, 8 * Granule4K::entries, 4096);
	ASSERT(!block.empty());
	// Physical addresses are what the user says, here not those of the pointers.
	TablePool<Granule4K> pool{block.data(), block.size_bytes(), Pa{0x8000'1000}};

	EXPECT_EQ(pool.available(), 8);
	Descriptor *first = pool.allocate(4096);

	EXPECT_EQ(pool.available(), 7);
	EXPECT_EQ(first, block.data());
	EXPECT_EQ(pool.physical(first), Pa{0x8000'1000});
	EXPECT_EQ(pool.pointer(Pa{0x8000'1000}), first);
	// A root of four tables is aligned to its size; what is skipped serves as single tables.
	Descriptor *root = pool.allocate(4 * 4096);

	EXPECT_EQ(pool.physical(root), Pa{0x8000'4000});
	EXPECT_EQ(pool.available(), 3);
	EXPECT(pool.allocate(4 * 4096) == nullptr);
	EXPECT_EQ(pool.available(), 3);
	for (unsigned i = 0; i < 3; i++) {
		Descriptor *table = pool.allocate(4096);

		ASSERT(table && pool.physical(table) != pool.physical(root));
		table[0] = table[511] = ~Descriptor{0};
		if (i == 2)
			pool.free(table, 4096);
	}
	Descriptor *again = pool.allocate(4096);

	ASSERT(again && again[0] == 0 && again[511] == 0);
	EXPECT(pool.allocate(4096) == nullptr);
	EXPECT_EQ(pool.available(), 0);
	pool.free(root, 4 * 4096);
	EXPECT_EQ(pool.available(), 4);
	for (unsigned i = 0; i < 4; i++)
		EXPECT(pool.allocate(4096) != nullptr);
	EXPECT(pool.allocate(4096) == nullptr);
}

TEST(a_map_lives_in_a_pool)
{
	const auto block = scratch<Descriptor>(test, 4 * Granule4K::entries, 4096);
	ASSERT(!block.empty());
	TablePool<Granule4K> pool{block.data(), block.size_bytes(), Pa{0x8000'0000}};
	CpuLog log{test};
	IdMap<El1And0, Granule4K, 48, TablePool<Granule4K>, CpuRecorder> map{
		pool, {.va_bits = 39}, {}, {&log}};

	ASSERT(map.created());
	EXPECT_EQ(map.root_address(), Pa{0x8000'0000});
	ASSERT(map.map({Va{GiB}, 2 * page}, normal | rw));
	EXPECT_EQ(map.translate(Va{GiB + 1}).value().pa, Pa{GiB + 1});
	// Two more tables where there is one.
	EXPECT_EQ(map.map({Va{2 * GiB}, page}, normal | rw).error().code, Errc::no_memory);
	EXPECT(map.map({Va{GiB + 2 * MiB}, page}, normal | rw));
	EXPECT(map.unmap({Va{GiB}, 2 * page}));
	EXPECT(map.map({Va{GiB + 4 * MiB}, page}, normal | rw));
	// What a map took is there again when it is gone.
	EXPECT(map.destroy());
	EXPECT_EQ(pool.available(), pool.tables());
}

// What lies before the first boundary is left alone; what is no whole table counts as none.
TEST(a_block_off_its_alignment_gives_aligned_tables)
{
	const auto block = scratch<Descriptor>(test, 4 * Granule64K::entries, 64 * KiB);
	ASSERT(!block.empty());

	for (size_t off : {0, 1, 512, 4096}) { // in descriptors
		TablePool<Granule64K> pool{block.data() + off, 3 * Granule64K::table_bytes};
		const size_t whole = off ? 2 : 3;

		EXPECT_EQ(pool.tables(), whole);
		for (size_t i = 0; i < whole; i++) {
			Descriptor *table = pool.allocate(Granule64K::table_bytes);

			ASSERT(table && pool.physical(table).is_aligned(Granule64K::table_bytes));
			EXPECT(table >= block.data() + off);
		}
		EXPECT(pool.allocate(Granule64K::table_bytes) == nullptr);
	}
	// Physical addresses are what has to be aligned, off by half a table here.
	TablePool<Granule4K> moved{block.data(), 4 * 4096, Pa{0x8000'0800}};

	EXPECT_EQ(moved.tables(), 3);
	EXPECT_EQ(moved.available(), 3);
	EXPECT_EQ(moved.physical(moved.allocate(4096)), Pa{0x8000'1000});
	// Too small for anything.
	EXPECT_EQ((TablePool<Granule4K>{block.data() + 1, 4096}.tables()), 0);
	EXPECT_EQ((TablePool<Granule4K>{block.data(), 4095}.tables()), 0);
	EXPECT_EQ((TablePool<Granule4K>{block.data(), 0}.tables()), 0);
	EXPECT_EQ((TablePool<Granule4K>{block.data(), 0}.available()), 0);
	EXPECT_EQ((TablePool<Granule4K>{reinterpret_cast<char *>(block.data()) + 3, 2 * 4096}
			   .tables()),
		  1);
}

// What is skipped on the way to a boundary that never comes serves as single tables.
TEST(a_root_that_does_not_fit_leaves_single_tables)
{
	const auto block = scratch<Descriptor>(test, 2 * Granule4K::entries, 4096);
	ASSERT(!block.empty());
	TablePool<Granule4K> pool{block.data(), 2 * 4096, Pa{0x1000}};

	EXPECT(pool.allocate(4 * 4096) == nullptr);
	EXPECT_EQ(pool.available(), 2);
	EXPECT(pool.allocate(4096) != nullptr && pool.allocate(4096) != nullptr);
	EXPECT(pool.allocate(4096) == nullptr);
}

SUITE(table_pool, a_root_that_does_not_fit_leaves_single_tables,
      a_block_off_its_alignment_gives_aligned_tables, a_pool_gives_tables_until_it_is_empty,
      a_map_lives_in_a_pool);
