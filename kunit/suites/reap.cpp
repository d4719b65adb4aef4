// SPDX-License-Identifier: GPL-2.0-only
//
// Reap: who destroys a map gets back what was mapped, in one walk; and rows say where they lead.
#include "support/lab.hpp"
#include "support/live_bench.hpp"
#include "vmsa/format_stage2.hpp"

using namespace vmsa;
using namespace support;

namespace
{

constexpr uint64_t page = 4 * KiB;

// It takes tables back many at once.
struct Bulk : ScratchMemory {
	using ScratchMemory::free;
	using ScratchMemory::ScratchMemory;

	void free(TableChain &tables, size_t bytes)
	{
		for (calls++; !tables.empty(); freed++)
			ScratchMemory::free(tables.pop(*this), bytes);
	}

	size_t calls = 0;
	size_t freed = 0;
};

} // namespace

// In order, with its output, whatever its size, in either range; and no table is left.
TEST(each_leaf_is_shown_as_its_tables_go)
{
	using F = Format<El1And0, Granule4K>;
	Verdict verdict{test};
	ScratchMemory memory{test, verdict, Granule4K::table_bytes, 16};
	NoTlb nobody;
	struct {
		uint64_t first;
		uint64_t bytes;
		uint64_t pa;
	} const pieces[] = {
		{0, page, 5 * GiB},	   {GiB - page, page, 7 * page},
		{GiB, GiB, 3 * GiB},	   {3 * GiB - 2 * MiB, 2 * MiB, 4 * MiB},
		{bit(39) - page, page, 0},
	};

	for (Range range : {Range::lower, Range::upper}) {
		const uint64_t start = range == Range::lower ? 0 : ~low_bits(39);
		Mapping<F, ScratchMemory, NoTlb> map{memory, nobody};
		size_t seen = 0;

		ASSERT(map.create(stage1_geometry<Granule4K>(39, 48, range).value()));
		for (const auto &p : pieces) {
			const Region<Va> region{Va{start + p.first}, p.bytes};

			ASSERT(map.map(region, Linear{region.first, Pa{p.pa}}, normal | rw));
		}
		// A table that lets nobody write.
		Descriptor *above = map.tree().root() + 1;

		ASSERT(map.cut({Va{start + GiB}, GiB}, 2));
		*above |= F::encode(TableAttributes{.read_only = true});
		map.destroy([&](const Entry<F> &e) {
			const bool of_it = e.level == 2 && e.region.first.raw() < start + 2 * GiB;

			EXPECT_EQ(e.attributes().access.write, !of_it);
			if (of_it && e.region.first.raw() != start + GiB)
				return;
			ASSERT(seen < std::size(pieces));
			EXPECT(e.is_leaf());
			EXPECT_EQ(e.region.first.raw(), start + pieces[seen].first);
			EXPECT_EQ(e.output().raw(), pieces[seen].pa);
			seen++;
		});
		EXPECT_EQ(seen, std::size(pieces));
		EXPECT_EQ(memory.live(), 0);
		map.destroy([&](const auto &) { seen++; }); // of nothing
		EXPECT_EQ(seen, std::size(pieces));
	}
	ASSERT(verdict.good());
}

TEST(a_map_that_is_in_use_is_not_reaped)
{
	LiveBench bench{test};
	RecordedIdMap<El1And0> map{bench.memory, usual_config<El1And0>(), {}, {&bench.log}};
	size_t seen = 0;
	const auto visit = [&](const auto &) {
		seen++;
	};

	ASSERT(map.created() && map.map({Va{GiB}, 3 * page}, normal | rw));
	map.mark_active();
	EXPECT(!map.destroy(visit));
	EXPECT_EQ(seen, 0);
	map.mark_inactive();
	EXPECT(map.destroy(visit));
	EXPECT_EQ(seen, 3);
	EXPECT_EQ(bench.memory.live(), 0);
}

// A row is of what is said alike; a piece is also of one piece of memory.
TEST(a_row_says_where_it_leads)
{
	Lab<Stage2_4K> lab{test, 40};
	Row<Stage2_4K> row;

	ASSERT(lab.good());
	ASSERT(lab.map({Ipa{GiB}, 4 * page}, Pa{8 * page}, normal | rw));
	ASSERT(lab.map({Ipa{GiB + 4 * page}, 2 * page}, Pa{12 * page}, normal | rw));
	ASSERT(lab.map({Ipa{GiB + 6 * page}, 2 * page}, Pa{4 * page}, normal | rw));
	ASSERT(next_row(lab.tree(), Ipa{0}, row));
	EXPECT_EQ(row.leaves, 8);
	EXPECT_EQ(row.output.raw(), 8 * page);
	ASSERT(next_piece(lab.tree(), Ipa{0}, row));
	EXPECT(row.region == Region(Ipa{GiB}, 6 * page));
	EXPECT_EQ(row.leaves, 6);
	EXPECT_EQ(row.output.raw(), 8 * page);
	ASSERT(next_piece(lab.tree(), row.region.last + 1, row));
	EXPECT(row.region == Region(Ipa{GiB + 6 * page}, 2 * page));
	EXPECT_EQ(row.output.raw(), 4 * page);
	EXPECT(!next_piece(lab.tree(), row.region.last + 1, row));
}

// Hardware may note in any leaf of a contiguous group what it saw of another.
TEST(what_was_noted_of_a_group_is_shown_of_each_leaf)
{
	using F = Stage2_4K;
	Stage2Attributes logged = normal | r;
	const Region<Ipa> group{Ipa{2 * MiB}, 16 * page};
	size_t dirty = 0;
	const auto visit = [&](const Entry<F> &e) {
		dirty += F::is_dirty(e.descriptor);
	};

	logged.dbm = true;
	for (unsigned way = 0; way < 3; way++) {
		Lab<F> lab{test, 40};
		Verdict verdict{test};
		ScratchMemory memory{test, verdict, Granule4K::table_bytes, 16};
		NoTlb nobody;
		Mapping<F, ScratchMemory, NoTlb> idle{memory, nobody};

		dirty = 0;
		ASSERT(lab.map(group, Pa{2 * MiB}, logged, {.contiguous = true}));
		*lab.descriptor(group.first + 3 * page) |= F::dirty_bit;
		lab.hardware_was_here();
		if (way == 0) {
			EXPECT(lab.unmap(group, visit));
		} else if (way == 1) {
			EXPECT(lab.remap(group, Linear{group.first, Pa{GiB}}, logged, MapLimits{},
					 visit));
		} else {
			ASSERT(idle.create(stage2_geometry<Granule4K>(40, 48).value()));
			ASSERT(idle.map(group, Linear{group.first, Pa{0}}, logged,
					{.contiguous = true}));
			*idle.tree().slot(group.first + 3 * page).entry() |= F::dirty_bit;
			idle.destroy(visit);
		}
		EXPECT_EQ(dirty, 16);
		ASSERT(lab.good() && verdict.good());
	}
}

TEST(tables_go_back_together)
{
	Verdict verdict{test};
	Bulk memory{test, verdict, Granule4K::table_bytes, 16};
	NoTlb nobody;
	Mapping<Stage2_4K, Bulk, NoTlb> map{memory, nobody};
	const Region<Ipa> eight{Ipa{GiB}, 16 * MiB};

	static_assert(BulkMemory<Bulk> && !BulkMemory<ScratchMemory>);
	ASSERT(map.create(stage2_geometry<Granule4K>(39, 48).value()));
	ASSERT(map.map(eight, Linear{eight.first, Pa{page}}, normal | rw));
	ASSERT(map.unmap(eight));
	EXPECT_EQ(memory.calls, 1);
	EXPECT_EQ(memory.freed, 9);
	// An error gives back what it had taken.
	memory.fail_at(5);
	EXPECT(!map.map(eight, Linear{eight.first, Pa{page}}, normal | rw));
	EXPECT_EQ(memory.calls, 2);
	EXPECT_EQ(memory.freed, 14);
	ASSERT(map.map(eight, Linear{eight.first, Pa{page}}, normal | rw));
	map.destroy();
	EXPECT_EQ(memory.calls, 4); // of each level
	EXPECT_EQ(memory.freed, 23);
	EXPECT_EQ(memory.live(), 0);
	ASSERT(verdict.good());
}

SUITE(reap, each_leaf_is_shown_as_its_tables_go, a_map_that_is_in_use_is_not_reaped,
      a_row_says_where_it_leads, what_was_noted_of_a_group_is_shown_of_each_leaf,
      tables_go_back_together);
