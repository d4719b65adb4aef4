// SPDX-License-Identifier: GPL-2.0-only
//
// A sink with a call for both, as a batch sees it: what others are told in two calls it is told in one.
#include "support/recorder.hpp"
#include "support/scratch_memory.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/mapping.hpp"

using namespace vmsa;
using namespace support;

namespace
{

// Its minutes have an invalidation for each complete(), and a sync only for one that it was asked for.
struct Completing {
	Recorder &minutes;

	void complete(Region<Ipa> region, Level level, bool tables)
	{
		minutes.invalidate(region, level, tables);
	}

	void sync()
	{
		minutes.sync();
	}
};

// The same, and what it must not be asked for.
struct Either : Completing {
	void invalidate(Region<Ipa>, Level, bool)
	{
		minutes.sync();
	}
};

template <class Sink> struct Bench {
	[[gnu::noinline]] explicit Bench(struct kunit *test)
	    : verdict{test}, memory{test, verdict, Granule4K::table_bytes, 8},
	      recorder{test, memory}, sink{recorder}
	{
	}

	// Was it told just this, and nothing else?
	[[gnu::noinline]] bool told(Region<Ipa> region, Level level, bool tables)
	{
		const auto events = recorder.events();
		const bool just_that = events.size() == 1 && events[0].kind == Event::invalidate &&
				       events[0].first == region.first.raw() &&
				       events[0].last == region.last.raw() &&
				       events[0].level == level && events[0].tables == tables;

		recorder.forget();
		return just_that;
	}

	Verdict verdict;
	ScratchMemory memory;
	Recorder recorder;
	Sink sink;
	Batch<Stage2_4K, ScratchMemory, Sink> batch{memory, sink};
};

constexpr Region<Ipa> page{Ipa{GiB + 4 * KiB}, 4 * KiB}, block{Ipa{GiB}, 2 * MiB};

template <class Sink> void is_told_once(struct kunit *test)
{
	Bench<Sink> bench{test};

	for (Level level : {1, 2, 3}) {
		bench.batch.changed(page, level);
		bench.batch.sync();
		EXPECT(bench.told(page, level, false));
		bench.batch.broken(block, level);
		EXPECT(bench.told(block, level, false));
	}
	bench.batch.broken(block, 2, true);
	EXPECT(bench.told(block, unknown_level, true));
	for (bool tables : {false, true}) {
		bench.batch.replaced(block, tables);
		EXPECT(bench.told(block, unknown_level, tables));
	}
	// What was made needs no more than to be seen.
	bench.batch.created();
	bench.batch.sync();
	EXPECT_EQ(bench.recorder.events().size(), 1);
	EXPECT(bench.recorder.events()[0].kind == Event::sync);
}

} // namespace

TEST(it_is_told_once_what_others_are_told_in_two_calls)
{
	static_assert(CompletingSink<Completing, Ipa> && TlbSink<Completing, Ipa>);

	is_told_once<Completing>(test);
	is_told_once<Either>(test);
}

TEST(tables_are_freed_when_it_has_completed)
{
	Bench<Completing> bench{test};
	Tree<Stage2_4K, ScratchMemory> tree{bench.memory};

	ASSERT(tree.create(stage2_geometry<Granule4K>(39, 48).value()));
	ASSERT(map(tree, bench.batch, block, Linear{block.first, Pa{0}}, normal | rw, {3}));
	bench.batch.sync();
	bench.recorder.forget();
	ASSERT(unmap(tree, bench.batch, block));
	EXPECT_EQ(bench.recorder.events().size(), 0);
	EXPECT_EQ(bench.memory.live(), 3);
	bench.batch.sync();
	EXPECT_EQ(bench.recorder.events().size(), 3);
	EXPECT(bench.recorder.events()[0].kind == Event::invalidate);
	EXPECT(bench.recorder.events()[0].tables);
	tree.destroy();
	EXPECT_EQ(bench.memory.live(), 0);
	EXPECT(bench.verdict.good());
}

SUITE(completing, it_is_told_once_what_others_are_told_in_two_calls,
      tables_are_freed_when_it_has_completed);
