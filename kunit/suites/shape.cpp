// SPDX-License-Identifier: GPL-2.0-only
//
// A ShapeObserver is told what becomes of single entries, between the invalidations.
#include "support/scratch_memory.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/mapping.hpp"

#include <algorithm>
#include <initializer_list>

using namespace vmsa;
using namespace support;

namespace
{

struct Told {
	enum What : uint8_t { broke, invalidate, sync, cut, folded };

	What what;
	uint64_t first = 0;
	uint64_t size = 0;
	Level level = 0;

	bool operator==(const Told &) const = default;
};

struct Observer {
	using R = Region<Ipa>;

	void invalidate(R region, Level level, bool)
	{
		note({Told::invalidate, region.first.raw(), region.size(), level});
	}
	void sync()
	{
		note({Told::sync});
	}
	void broke(R region, Level level)
	{
		note({Told::broke, region.first.raw(), region.size(), level});
	}
	void cut(R region, Level level)
	{
		note({Told::cut, region.first.raw(), region.size(), level});
	}
	void folded(R region, Level level)
	{
		note({Told::folded, region.first.raw(), region.size(), level});
	}

	void note(Told told)
	{
		if (count < std::size(list))
			list[count++] = told;
	}

	Told list[16] = {};
	size_t count = 0;
};
static_assert(TlbSink<Observer, Ipa> && ShapeObserver<Observer, Ipa>);
static_assert(TlbSink<NoTlb, Ipa> && !ShapeObserver<NoTlb, Ipa>);

// 2 GiB from 1 GiB on, as blocks of the size that is asked for.
struct Bench {
	Bench(struct kunit *test, Level largest)
	    : verdict{test}, memory{test, verdict, Granule4K::table_bytes, 16}, mapping{memory,
											observer}
	{
		const Region<Ipa> all{Ipa{GiB}, 2 * (largest == 1 ? GiB : 2 * MiB)};

		verdict.expect(mapping.create(stage2_geometry<Granule4K>(39, 48).value()).ok() &&
				       mapping.map(all, Linear{all.first, Pa{GiB}}, normal | rw,
						   {.largest = largest})
					       .ok(),
			       "a mapping", 0, 0);
		observer.count = 0;
	}
	[[gnu::noinline]] ~Bench()
	{
		mapping.destroy();
	}

	[[gnu::noinline]] bool protect(Region<Ipa> region)
	{
		observer.count = 0;
		return mapping.protect(region, r).ok();
	}

	[[gnu::noinline]] bool remap(Region<Ipa> region, Pa pa)
	{
		observer.count = 0;
		return mapping.remap(region, Linear{region.first, pa}, normal | rw).ok();
	}

	[[gnu::noinline]] bool fold(FoldLimits limits = {})
	{
		observer.count = 0;
		return mapping.fold(mapping.tree().space(), limits).ok();
	}

	[[gnu::noinline]] bool told(std::initializer_list<Told> wanted) const
	{
		return std::equal(wanted.begin(), wanted.end(), observer.list,
				  observer.list + observer.count);
	}

	Verdict verdict;
	ScratchMemory memory;
	Observer observer;
	Mapping<Stage2_4K, ScratchMemory, Observer> mapping;
};

constexpr Region<Ipa> a_page{Ipa{GiB}, 4 * KiB};
constexpr Region<Ipa> a_block{Ipa{GiB}, 2 * MiB};

} // namespace

TEST(is_told_that_a_block_was_broken_before_it_is_invalidated_and_then_that_it_is_cut)
{
	Bench bench{test, 2};

	ASSERT(bench.verdict.good() && bench.protect(a_page));
	EXPECT(bench.told({{Told::broke, GiB, 2 * MiB, 2},
			   {Told::invalidate, GiB, 2 * MiB, 2},
			   {Told::sync},
			   {Told::cut, GiB, 2 * MiB, 2},
			   {Told::sync}}));
}

TEST(is_told_of_each_cut_where_one_break_is_enough)
{
	Bench bench{test, 1};

	ASSERT(bench.verdict.good() && bench.protect(a_page));
	EXPECT(bench.told({{Told::broke, GiB, GiB, 1},
			   {Told::invalidate, GiB, GiB, 1},
			   {Told::sync},
			   {Told::cut, GiB, 2 * MiB, 2},
			   {Told::cut, GiB, GiB, 1},
			   {Told::sync}}));
}

TEST(is_told_of_no_break_where_there_is_none)
{
	Bench bench{test, 2};

	// Nobody walks the tables; then FEAT_BBM.
	bench.mapping.rules().live = false;
	ASSERT(bench.verdict.good() && bench.protect(a_page));
	EXPECT(bench.told({{Told::cut, GiB, 2 * MiB, 2}, {Told::sync}}));

	bench.mapping.rules() = {.live = true, .bbm_level = 2};
	ASSERT(bench.protect({Ipa{GiB + 2 * MiB}, 4 * KiB}));
	EXPECT_EQ(std::count_if(bench.observer.list, bench.observer.list + bench.observer.count,
				[](const Told &t) { return t.what == Told::broke; }),
		  0);
	EXPECT(bench.observer.list[0] == (Told{Told::cut, GiB + 2 * MiB, 2 * MiB, 2}));
}

TEST(is_told_that_a_table_was_broken_and_is_a_block)
{
	Bench bench{test, 2};

	ASSERT(bench.verdict.good() && bench.protect(a_page) && bench.protect(a_block));
	ASSERT(bench.fold());
	EXPECT(bench.told({{Told::broke, GiB, 2 * MiB, 2},
			   {Told::invalidate, GiB, 2 * MiB, unknown_level},
			   {Told::sync},
			   {Told::folded, GiB, 2 * MiB, 2},
			   {Told::sync}}));
	ASSERT(bench.protect(a_block));
	bench.mapping.rules().bbm_level = 2;
	ASSERT(bench.mapping.cut(a_block).ok() && bench.fold());
	EXPECT(bench.told({{Told::folded, GiB, 2 * MiB, 2},
			   {Told::invalidate, GiB, 2 * MiB, unknown_level},
			   {Told::sync}}));
}

TEST(is_told_what_a_remap_makes_of_entries)
{
	Bench bench{test, 2};

	ASSERT(bench.verdict.good() && bench.remap(a_page, Pa{0}));
	EXPECT(bench.told({{Told::broke, GiB, 2 * MiB, 2},
			   {Told::invalidate, GiB, 2 * MiB, 2},
			   {Told::sync},
			   {Told::cut, GiB, 2 * MiB, 2},
			   {Told::sync}}));
	ASSERT(bench.remap(a_block, Pa{0}));
	EXPECT(bench.told({{Told::broke, GiB, 2 * MiB, 2},
			   {Told::invalidate, GiB, 2 * MiB, unknown_level},
			   {Told::sync},
			   {Told::folded, GiB, 2 * MiB, 2},
			   {Told::sync}}));
	bench.mapping.rules().bbm_level = 2;
	ASSERT(bench.remap(a_page, Pa{0}));
	EXPECT_EQ(std::count(bench.observer.list, bench.observer.list + bench.observer.count,
			     Told{Told::cut, GiB, 2 * MiB, 2}),
		  1);
}

TEST(is_told_of_a_group_that_is_broken_for_its_hint)
{
	Bench bench{test, 3};

	bench.mapping.rules().live = false;
	ASSERT(bench.verdict.good() && bench.fold({.largest = 3, .contiguous = true}));
	EXPECT(bench.told({{Told::sync}}));
	bench.mapping.rules().live = true;
	ASSERT(bench.protect(a_page));
	EXPECT(bench.observer.count > 0 &&
	       bench.observer.list[0] == (Told{Told::broke, GiB, 64 * KiB, 3}));
}

SUITE(shape, is_told_that_a_block_was_broken_before_it_is_invalidated_and_then_that_it_is_cut,
      is_told_of_each_cut_where_one_break_is_enough, is_told_of_no_break_where_there_is_none,
      is_told_that_a_table_was_broken_and_is_a_block, is_told_what_a_remap_makes_of_entries,
      is_told_of_a_group_that_is_broken_for_its_hint);
