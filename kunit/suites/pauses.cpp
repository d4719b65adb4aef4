// SPDX-License-Identifier: GPL-2.0-only
//
// Who shares a CPU gets it in the middle of long work on tables: a memory that has pause() is told once for each table,
// whatever walks them.
#include "support/scratch_memory.hpp"
#include "support/snapshot.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/mapping.hpp"
#include "vmsa/rows.hpp"
#include "vmsa/stocked_memory.hpp"

#include <utility>

using namespace vmsa;
using namespace support;

namespace
{

using F = Stage2_4K;

constexpr size_t tables = 16; // of pages
constexpr Region<Ipa> region{Ipa{0x4000'0000}, tables * 2 * MiB};
constexpr Region<Ipa> unaligned{region.first + 4 * KiB, region.size() - 8 * KiB};
constexpr Stage2Attributes logged{.access = {true, false, Execute::none}, .dbm = true};

struct Pausing : ScratchMemory {
	using ScratchMemory::ScratchMemory;

	void pause()
	{
		pauses++;
		most = worked > most ? worked : most;
		worked = 0;
	}

	// A leaf was asked for, changed or shown.
	void work()
	{
		worked++;
	}

	size_t pauses = 0;
	size_t worked = 0;
	size_t most = 0; // work between two pauses
};

struct Machine {
	explicit Machine(struct kunit *test)
	    : verdict{test}, memory{test, verdict, Granule4K::table_bytes, 2 * tables + 8}
	{
		(void)map.create(stage2_geometry<Granule4K>(39, 40).value());
	}
	~Machine()
	{
		map.destroy();
	}

	auto pages()
	{
		return [this](Ipa at) {
			memory.work();
			return Extent{Pa{at.raw() + 4 * KiB}, Granule4K::page_size};
		};
	}

	Verdict verdict;
	Pausing memory;
	NoTlb tlb;
	Mapping<F, Pausing, NoTlb> map{memory, tlb};
};

} // namespace

TEST(each_change_pauses_at_each_table)
{
	Machine m{test};
	const auto shown = [&](auto &&...) {
		m.memory.work();
	};
	const auto pauses = [&](const Result<void> &result) {
		EXPECT(result.ok());
		return std::exchange(m.memory.pauses, 0);
	};

	// To look, and to do; a rule that answers in pages is asked for each.
	EXPECT(pauses(m.map.map(region, m.pages(), normal | rw)) >= 2 * tables);
	EXPECT(pauses(m.map.protect(region, r)) >= 2 * tables);
	EXPECT(pauses(m.map.modify(region, [&](auto, Stage2Attributes a) {
		       m.memory.work();
		       a.access = logged.access;
		       a.dbm = true;
		       return a;
	       })) >= 2 * tables);
	EXPECT(pauses(m.map.remap(region, m.pages(), logged)) >= 2 * tables);
	EXPECT(pauses(m.map.harvest_accessed(region, shown)) >= tables);
	EXPECT(pauses(m.map.harvest_dirty(region, shown, 1)) >= 2 * tables);
	EXPECT(pauses(m.map.fold(region)) >= tables);
	EXPECT(pauses(m.map.edit([&](auto &tree, auto &batch) {
		       return unmap(tree, batch, region, shown);
	       })) >= 3 * tables);
	// Three tables, at the two ends of it.
	EXPECT(pauses(m.map.annotate(unaligned, 7ul)) >= 2 * 3);
	EXPECT(pauses(m.map.unannotate(unaligned, 7ul)) >= 3);
	// Whatever is done to a leaf is done for those of one table at most, and is a few calls.
	EXPECT(m.memory.most < 3 * Granule4K::entries);
	ASSERT(m.verdict.good());
}

TEST(each_look_pauses_at_each_table)
{
	Machine m{test};
	Row<F> row;

	ASSERT(m.map.map(region, Linear{region.first, Pa{0}}, normal | rw, {3}));
	m.memory.pauses = 0;
	EXPECT(m.map.tree().stretch(region, true) == region);
	EXPECT(std::exchange(m.memory.pauses, 0) >= tables - 1);
	EXPECT(next_row(m.map.tree(), region.first, row) && row.leaves == tables * 512);
	EXPECT(std::exchange(m.memory.pauses, 0) >= tables - 1);
	EXPECT(census(m.map.tree()).leaves[3] == tables * 512);
	EXPECT(std::exchange(m.memory.pauses, 0) >= tables);
	EXPECT(occupant(m.map.tree(), region, 0).last == region.last.raw());
	EXPECT(std::exchange(m.memory.pauses, 0) >= tables - 1);
	ASSERT(m.map.unmap({region.first, 4 * KiB}));
	m.memory.pauses = 0;
	// Where nothing is mapped, too.
	EXPECT(m.map.tables_to_protect({region.first + 4 * KiB, region.size() - 4 * KiB}, r).ok());
	EXPECT(std::exchange(m.memory.pauses, 0) >= tables);
	ASSERT(m.verdict.good());
}

// Also where tables are only planned: nothing is there yet that could be looked at.
TEST(each_plan_pauses_at_each_table)
{
	Machine m{test};
	constexpr Region<Ipa> block{Ipa{8 * GiB}, GiB};
	constexpr Region<Ipa> inside{block.first + 4 * KiB, GiB - 8 * KiB};
	const auto pauses = [&](const Result<size_t> &planned, size_t least) {
		EXPECT(planned.ok() && planned.value() >= least);
		return std::exchange(m.memory.pauses, 0) >= least;
	};
	const auto update = [](auto, Stage2Attributes a) {
		a.access = r;
		return a;
	};

	EXPECT(pauses(m.map.tables_to_map(region, m.pages(), normal | rw), tables));
	EXPECT(pauses(m.map.tables_to_remap(region, m.pages(), normal | rw), tables));
	EXPECT(pauses(m.map.tables_to_annotate(unaligned, 7ul), 3));
	ASSERT(m.map.map(block, Linear{block.first, Pa{0}}, normal | rw));
	m.memory.pauses = 0;
	// Of a block two tables have the ends, and one has these. That one is looked at once more where pieces may
	// become different.
	EXPECT(m.map.tables_to_protect(inside, r).value() == 3);
	EXPECT(std::exchange(m.memory.pauses, 0) >= 1);
	EXPECT(m.map.tables_to_modify(inside, update).value() == 3);
	EXPECT(m.memory.pauses >= 3 + 1);
	ASSERT(m.verdict.good());
}

// Who cannot sleep has tables in stock, and no pause.
TEST(a_stock_does_not_pause)
{
	using Stock = StockedMemory<Pausing, Granule4K>;

	static_assert(PausingMemory<Pausing> && !PausingMemory<Stock> &&
		      !PausingMemory<ScratchMemory>);

	Machine m{test};
	Stock stock{m.memory};
	Mapping<F, Stock, NoTlb> map{stock, m.tlb};

	ASSERT(map.create(stage2_geometry<Granule4K>(34, 40).value()));
	m.memory.pauses = 0;
	EXPECT(map.map({region.first, 2 * MiB}, Linear{Ipa{0}, Pa{0}}, normal | rw, {3}));
	EXPECT(m.memory.pauses == 0);
	map.destroy();
	ASSERT(m.verdict.good());
}

namespace
{

// Ends a change when it has been asked so often.
struct Cancelling : ScratchMemory {
	using ScratchMemory::ScratchMemory;

	bool is_cancelled()
	{
		return asked++ >= patience;
	}

	size_t asked = 0;
	size_t patience = ~size_t{0};
};

} // namespace

// What is planned ends at any table, and has changed nothing then; what stores goes on to its end.
TEST(a_change_is_cancelled_while_it_is_planned)
{
	using Map = Mapping<F, Cancelling, NoTlb>;
	static_assert(CancellingMemory<Cancelling> && !CancellingMemory<Pausing>);

	constexpr Region<Ipa> ragged{region.first + 4 * KiB, region.size() - 8 * KiB};
	constexpr Region<Ipa> beside{region.last + 1 + 4 * KiB, region.size() - 8 * KiB};
	Verdict verdict{test};
	Cancelling memory{test, verdict, Granule4K::table_bytes, 4 * tables + 8};
	NoTlb tlb;
	Map map{memory, tlb};
	Snapshot<Tree<F, Cancelling>> before{test, memory};
	const auto pages = [](Ipa at) {
		return Extent{Pa{at.raw()}, Granule4K::page_size};
	};
	const auto cancel = [&](size_t most, const auto &change) {
		before.take(map.tree());
		for (memory.patience = 0;; memory.patience++) {
			const size_t held = memory.live();

			memory.asked = 0;

			const Result<void> result = change();

			if (result.ok()) {
				EXPECT(memory.asked == memory.patience && memory.asked >= most);
				return;
			}
			EXPECT(result.error().code == Errc::cancelled);
			EXPECT(before.matches(map.tree()) && memory.live() == held);
		}
	};

	ASSERT(map.create(stage2_geometry<Granule4K>(34, 40).value()));
	cancel(tables, [&] { return map.map(region, pages, normal | rw); });
	cancel(tables, [&] { return map.protect(ragged, r); });
	cancel(tables, [&] {
		return map.modify(region, [](auto, Stage2Attributes a) {
			a.access = logged.access;
			return a;
		});
	});
	cancel(tables, [&] { return map.remap(ragged, pages, normal | rw); });
	cancel(1, [&] { return map.annotate(beside, 7ul); });
	cancel(1, [&] { return map.unannotate(beside, 7ul); });
	cancel(tables, [&] { return map.unmap(region); });
	// Blocks that are cut, piece by piece.
	memory.patience = ~size_t{0};
	ASSERT(map.map(region, Linear{region.first, Pa{0}}, normal | rw));
	cancel(2, [&] {
		return map.modify(ragged, [](auto, Stage2Attributes a) {
			a.software = 1;
			return a;
		});
	});
	map.destroy();
	ASSERT(verdict.good());
}

SUITE(pauses, each_change_pauses_at_each_table, each_look_pauses_at_each_table,
      each_plan_pauses_at_each_table, a_stock_does_not_pause,
      a_change_is_cancelled_while_it_is_planned);
