// SPDX-License-Identifier: GPL-2.0-only
//
// Prefetching allocation: a change says how many tables it will take, takes just as many, and with
// those in stock it cannot fail for memory. Every change, with every allocation failing in turn.
#include "support/live_bench.hpp"
#include "support/snapshot.hpp"
#include "vmsa/stocked_memory.hpp"

using namespace vmsa;
using namespace support;

namespace
{

constexpr uint64_t page = 4 * KiB;

using Stock = StockedMemory<ScratchMemory, Granule4K>;
using Stocked = Mapping<Stage2_4K, Stock, NoTlb>;

// A mapping with something of everything, and what may be done with it.
struct Bench {
	explicit Bench(struct kunit *test)
	    : verdict{test}, memory{test, verdict, Granule4K::table_bytes, 64}, stock{memory},
	      map{stock, tlb}, before{test, memory}
	{
		verdict.expect(map.create(stage2_geometry<Granule4K>(40, 48).value()) &&
				       map_at({Ipa{GiB}, GiB}) && map_at({Ipa{2 * MiB}, 2 * MiB}) &&
				       map.annotate({Ipa{4 * GiB}, GiB}, 1u) &&
				       map_at({Ipa{0}, 4 * page}),
			       "a furnished map", 0, 0);
		before.take(map.tree());
	}

	[[gnu::noinline]] ~Bench()
	{
		map.destroy();
		stock.release();
		verdict.expect(memory.live() == 0, "every table was freed", memory.live(), 0);
	}

	[[gnu::noinline]] bool map_at(Region<Ipa> region)
	{
		return map.map(region, Linear{region.first, Pa{region.first.raw()}}, normal | rw)
			.ok();
	}

	Verdict verdict;
	ScratchMemory memory;
	Stock stock;
	NoTlb tlb;
	Stocked map;
	Snapshot<Tree<Stage2_4K, Stock>> before;
};

enum class What {
	map,
	map_over,
	unmap,
	leave,
	protect,
	modify,
	cut,
	annotate,
	exchange,
	unannotate
};

struct Case {
	What what;
	Region<Ipa> region;
	size_t tables;
};

constexpr Case cases[] = {
	{What::map, {Ipa{8 * page}, page}, 0},
	{What::map, {Ipa{4 * MiB}, page}, 1},
	{What::map, {Ipa{512 * GiB - page}, 2 * page}, 4},
	{What::map, {Ipa{8 * GiB}, GiB}, 0},
	{What::map_over, {Ipa{4 * GiB + page}, 2 * MiB}, 3},
	{What::unmap, {Ipa{2 * MiB}, 2 * MiB}, 0},
	{What::unmap, {Ipa{GiB + page}, GiB - 2 * page}, 3},
	{What::leave, {Ipa{GiB}, 512 * MiB}, 1},
	{What::leave, {Ipa{2 * MiB + page}, page}, 1},
	{What::protect, {Ipa{GiB + MiB}, 2 * MiB}, 3},
	{What::modify, {Ipa{GiB + MiB}, 2 * MiB}, 3},
	{What::modify, {Ipa{GiB}, GiB}, 0},
	{What::cut, {Ipa{GiB}, 4 * MiB}, 3},
	{What::cut, {Ipa{2 * MiB}, 2 * MiB}, 1},
	{What::annotate, {Ipa{8 * GiB}, 8 * GiB}, 0},
	{What::annotate, {Ipa{4 * MiB + page}, 4 * MiB}, 2},
	{What::annotate, {Ipa{512 * GiB - page}, 2 * page}, 4},
	{What::exchange, {Ipa{4 * GiB}, GiB}, 0},
	{What::exchange, {Ipa{4 * GiB + page}, GiB - 2 * page}, 3},
	{What::unannotate, {Ipa{4 * GiB}, 2 * MiB}, 1},
	{What::unannotate, {Ipa{5 * GiB - page}, page}, 2},
};

constexpr auto read_only = [](Region<Ipa>, Stage2Attributes a) {
	a.access = r;
	return a;
};

[[gnu::noinline]] Result<size_t> count(const Stocked &map, const Case &c)
{
	const Linear rule{c.region.first, Pa{c.region.first.raw()}};

	switch (c.what) {
	case What::map:
		return map.tables_to_map(c.region, rule, normal | rw);
	case What::map_over:
		return map.tables_to_map(c.region, rule, normal | rw, {.over = annotation(1u)});
	case What::unmap:
	case What::leave:
		return map.tables_to_unmap(c.region);
	case What::protect:
		return map.tables_to_protect(c.region, r);
	case What::modify:
		return map.tables_to_modify(c.region, read_only);
	case What::cut:
		return map.tables_to_cut(c.region);
	case What::annotate:
		return map.tables_to_annotate(c.region, 2u);
	case What::exchange:
		return map.tables_to_annotate(c.region, 1u, 2u);
	case What::unannotate:
		return map.tables_to_unannotate(c.region, 1u);
	}
	return Error{};
}

[[gnu::noinline]] Error make(Stocked &map, const Case &c)
{
	const Linear rule{c.region.first, Pa{c.region.first.raw()}};

	switch (c.what) {
	case What::map:
		return map.map(c.region, rule, normal | rw).error();
	case What::map_over:
		return map.map(c.region, rule, normal | rw, {.over = annotation(1u)}).error();
	case What::unmap:
		return map.unmap(c.region).error();
	case What::leave:
		return map.unmap(c.region, 3u).error();
	case What::protect:
		return map.protect(c.region, r).error();
	case What::modify:
		return map.modify(c.region, read_only).error();
	case What::cut:
		return map.cut(c.region).error();
	case What::annotate:
		return map.annotate(c.region, 2u).error();
	case What::exchange:
		return map.annotate(c.region, 1u, 2u).error();
	case What::unannotate:
		return map.unannotate(c.region, 1u).error();
	}
	return {};
}

} // namespace

TEST(a_change_takes_as_many_tables_as_it_says)
{
	for (const Case &c : cases) {
		Bench bench{test};
		ASSERT(bench.verdict.good());
		const size_t allocations = bench.memory.allocations();

		ASSERT_EQ(count(bench.map, c).value(), c.tables);
		EXPECT_EQ(bench.memory.allocations(), allocations);
		EXPECT(bench.before.matches(bench.map.tree()));
		ASSERT_EQ(make(bench.map, c).code, Errc::none);
		ASSERT_EQ(bench.memory.allocations() - allocations, c.tables);
		ASSERT(bench.verdict.good());
	}
}

TEST(a_change_with_its_tables_in_stock_does_not_fail_for_memory)
{
	for (const Case &c : cases) {
		Bench bench{test};
		ASSERT(bench.verdict.good());

		ASSERT(bench.stock.stock(c.tables));
		ASSERT_EQ(bench.stock.stocked(), c.tables);
		bench.memory.fail_at(0);
		ASSERT_EQ(make(bench.map, c).code, Errc::none);
		ASSERT_EQ(bench.stock.stocked(), 0);
		bench.memory.fail_at(ScratchMemory::never);
		ASSERT(bench.verdict.good());
	}
}

TEST(a_change_that_finds_no_table_changes_nothing)
{
	for (const Case &c : cases) {
		Bench bench{test};
		ASSERT(bench.verdict.good());
		const size_t live = bench.memory.live();

		for (size_t k = 0; k < c.tables; k++) {
			bench.memory.fail_at(k);
			ASSERT(make(bench.map, c) == Error(Errc::no_memory, c.region));
			ASSERT(bench.before.matches(bench.map.tree()));
			ASSERT_EQ(bench.memory.live(), live);
		}
		bench.memory.fail_at(c.tables);
		ASSERT_EQ(make(bench.map, c).code, Errc::none);
		bench.memory.fail_at(ScratchMemory::never);
		ASSERT(bench.verdict.good());
	}
}

// What is wrong with a change is known before its tables are.
TEST(a_count_has_the_errors_of_the_change)
{
	constexpr Region<Ipa> regions[] = {
		{Ipa{0}, 0},
		{Ipa{~uint64_t{0xfff}}, 2 * page},
		{Ipa{1}, page},
		{Ipa{bit(40)}, page},
		{Ipa{0}, 8 * page},
		{Ipa{GiB}, 2 * GiB},
		{Ipa{4 * GiB}, 2 * GiB},
		{Ipa{3 * GiB}, 2 * GiB},
	};
	Bench bench{test};
	ASSERT(bench.verdict.good());

	for (What what :
	     {What::map, What::map_over, What::unmap, What::leave, What::protect, What::modify,
	      What::cut, What::annotate, What::exchange, What::unannotate}) {
		for (const auto &region : regions) {
			const Error counted = count(bench.map, {what, region, 0}).error();

			if (counted.code == Errc::none)
				continue;
			EXPECT(make(bench.map, {what, region, 0}) == counted);
			EXPECT(bench.before.matches(bench.map.tree()));
		}
	}
	EXPECT_EQ(bench.map.tables_to_annotate({Ipa{0}, page}, 0u).error().code,
		  Errc::forbidden_annotation);
	EXPECT_EQ(bench.map.tables_to_map({Ipa{8 * GiB}, page}, Linear{Ipa{0}, Pa{0}}, device | rx)
			  .error()
			  .code,
		  Errc::forbidden_attributes);
	EXPECT_EQ(bench.map.tables_to_protect({Ipa{0}, page}, rx).value(), 0);
	bench.map.rules().on_break = OnBreak::refuse;
	EXPECT(bench.map.tables_to_cut({Ipa{2 * MiB}, page}).error() ==
	       Error(Errc::needs_break, Region{Ipa{2 * MiB}, page}));
	ASSERT(bench.verdict.good());
}

TEST(a_stock_is_filled_whole_or_left_as_it_was)
{
	Verdict verdict{test};
	ScratchMemory memory{test, verdict, Granule4K::table_bytes, 8};
	ASSERT(verdict.good());
	{
		Stock stock{memory};

		EXPECT(stock.stock(2) && stock.stocked() == 2 && memory.live() == 2);
		EXPECT(stock.stock(1) && stock.stocked() == 2);
		memory.fail_at(2);
		EXPECT(!stock.stock(5));
		EXPECT_EQ(stock.stocked(), 2);
		EXPECT_EQ(memory.live(), 2);
		EXPECT(stock.stock(3));

		// Zeroed, and then what the memory gives; a root is never of the stock.
		Descriptor *root = stock.allocate(2 * 4096);
		Descriptor *table = stock.allocate(4096);

		EXPECT(root && table && stock.stocked() == 2);
		for (unsigned i = 0; i < 512; i++)
			EXPECT_EQ(table[i], 0);
		EXPECT_EQ(stock.pointer(stock.physical(table)), table);
		EXPECT_EQ(stock.physical(table), memory.physical(table));
		stock.free(root, 2 * 4096);
		stock.free(table, 4096);
		EXPECT_EQ(memory.live(), 2);
		stock.release();
		EXPECT_EQ(memory.live(), 0);
		EXPECT(stock.stock(1));
	}
	EXPECT_EQ(memory.live(), 0);
	ASSERT(verdict.good());
}

TEST(a_live_map_counts_with_its_own_rule)
{
	LiveBench bench{test};
	RecordedLinearMap<El1And0> map{bench.memory, usual_config<El1And0>(), GiB, {&bench.log}};
	const auto a = usual_attributes<El1And0>();
	const Region<Va> block{Va{GiB}, GiB};

	ASSERT(map.created());
	EXPECT_EQ(map.tables_to_map(block, a).value(), 0);
	EXPECT_EQ(map.tables_to_map({Va{GiB - page}, 2 * page}, a).value(), 4);
	EXPECT_EQ(map.tables_to_map(block, a, {.largest = 2}).value(), 1);
	EXPECT_EQ(map.tables_to_annotate({Va{page}, page}, 1u).value(), 2);
	ASSERT(map.map(block, a));
	EXPECT_EQ(map.tables_to_unmap({block.first, page}).value(), 2);
	EXPECT_EQ(map.tables_to_protect({block.first, 2 * MiB}, {}).value(), 1);
	EXPECT_EQ(map.tables_to_modify(block, [](Region<Va>, auto b) { return b; }).value(), 0);
	EXPECT_EQ(map.tables_to_cut(block, 2).value(), 1);
	EXPECT_EQ(map.tables_to_unannotate({Va{0}, page}, 1u).error().code, Errc::not_annotated);
	EXPECT_EQ(map.tables_to_annotate({Va{0}, page}, 1u, 2u).error().code, Errc::not_annotated);
	ASSERT(map.destroy());
	EXPECT_EQ(map.tables_to_unmap(block).error().code, Errc::no_memory);
	ASSERT(bench.verdict.good());
}

SUITE(prefetch, a_change_takes_as_many_tables_as_it_says,
      a_change_with_its_tables_in_stock_does_not_fail_for_memory,
      a_change_that_finds_no_table_changes_nothing, a_count_has_the_errors_of_the_change,
      a_stock_is_filled_whole_or_left_as_it_was, a_live_map_counts_with_its_own_rule);
