// SPDX-License-Identifier: GPL-2.0-only
//
// LiveMap: what a map lets be done with it and says of itself, and what it refuses to be. What a CPU is
// told of it is in the suite activation.
#include "support/live_bench.hpp"

using namespace vmsa;
using namespace support;

namespace
{

constexpr uint64_t page = 4 * KiB;

} // namespace

TEST(a_walk_visits_every_leaf_and_every_hole)
{
	LiveBench bench{test};
	RecordedIdMap<El1And0> map{bench.memory, usual_config<El1And0>(), {}, {&bench.log}};
	const Region<Va> region{Va{GiB - page}, 4 * MiB};
	struct {
		Region<Va> region;
		Level level;
		bool leaf;
	} const expected[] = {
		{{Va{0}, GiB}, 1, false},
		{{Va{GiB}, page}, 3, true},
		{{Va{GiB + page}, page}, 3, true},
		{{Va{GiB + 2 * page}, page}, 3, false},
		{{Va{GiB + 2 * MiB}, 2 * MiB}, 2, true},
	};
	size_t visits = 0;
	size_t i = 0;
	Va next = region.first;

	ASSERT(map.created() && map.map({Va{GiB}, 2 * page}, normal | rw) &&
	       map.map({Va{GiB + 2 * MiB}, 2 * MiB}, normal | r));
	ASSERT(map.walk(region, [&](const auto &entry) {
		EXPECT(entry.region.contains(next));
		next = entry.region.last + 1;
		visits++;
		if (i == std::size(expected) || entry.region != expected[i].region)
			return; // one more of the holes behind the third page
		EXPECT_EQ(entry.level, expected[i].level);
		EXPECT_EQ(entry.is_leaf(), expected[i].leaf);
		i++;
	}));
	EXPECT_EQ(i, std::size(expected));
	EXPECT_EQ(visits, 1 + 512 + 1);
	EXPECT(next > region.last);
	EXPECT(map.walk({Va{1}, page}, [](const auto &) {}).error() ==
	       Error(Errc::unaligned_input, Region{Va{1}, page}));
	EXPECT_EQ(map.walk({Va{bit(39)}, page}, [](const auto &) {}).error().code,
		  Errc::beyond_input);
}

// What has an ASID is of that ASID, unless the config says otherwise; the upper range, and who has none, is
// global.
TEST(a_map_with_an_asid_is_not_global)
{
	LiveBench bench{test};
	const auto ng = [&](const MapConfig &c, uint64_t at) {
		RecordedLinearMap<El1And0> map{
			bench.memory, c, c.range == Range::upper ? int64_t{GiB} : 0, {&bench.log}};
		const Region<Va> pages{Va{at}, 2 * page};

		EXPECT(map.created() && map.map(pages, normal | user_rw));
		const Descriptor d = map.tree().at(pages.first).descriptor;

		// A leaf that is global by its own word is, by modify.
		EXPECT(map.modify(pages, [](auto, Stage1Attributes a) {
			a.global = true;
			return a;
		}));
		EXPECT_EQ(map.tree().at(pages.first).descriptor & bit(11), 0);
		return (d & bit(11)) != 0;
	};

	EXPECT(ng({.va_bits = 39, .asid = 1}, GiB));
	EXPECT(!ng({.va_bits = 39, .asid = 1, .global = true}, GiB));
	EXPECT(!ng({.va_bits = 39}, GiB));
	EXPECT(!ng({.va_bits = 39, .asid = 1, .range = Range::upper}, ~low_bits(13)));
	ASSERT(bench.verdict.good());
}

TEST(a_walk_of_the_upper_range_ends_at_its_last_byte)
{
	LiveBench bench{test};
	MapConfig c = usual_config<El1And0>();
	unsigned visits = 0;

	c.range = Range::upper;
	RecordedLinearMap<El1And0> map{bench.memory, c, GiB, {&bench.log}};
	ASSERT(map.created() && map.map({Va{~uint64_t{0xfff}}, page}, normal | rw));
	ASSERT(map.walk({Va{0 - 4 * MiB}, 4 * MiB}, [&](const auto &entry) {
		visits++;
		EXPECT_EQ(entry.is_leaf(), entry.region.last.raw() == ~uint64_t{0});
	}));
	EXPECT_EQ(visits, 1 + 512);
}

TEST(every_change_goes_through_a_map)
{
	LiveBench bench{test};
	RecordedIdMap<Stage2> map{bench.memory, usual_config<Stage2>(), {}, {&bench.log}};
	const Region<Ipa> block{Ipa{GiB}, 2 * MiB};
	const auto access = [&](Ipa at) {
		return map.translate(at).value().attributes().access;
	};
	unsigned harvested = 0;
	const auto count = [&](Region<Ipa>, Level) {
		harvested++;
	};

	ASSERT(map.created() && map.map(block, {.access = rw, .dbm = true}));
	ASSERT(map.protect({block.first, page}, r));
	EXPECT(access(block.first) == r && access(block.first + page) == rw);
	ASSERT(map.modify({block.first, page}, [](Region<Ipa>, Stage2Attributes a) {
		a.access = rw;
		a.dbm = true;
		return a;
	}));
	EXPECT(access(block.first) == rw);
	ASSERT(map.harvest_dirty({block.first, 2 * page}, count));
	EXPECT_EQ(harvested, 2);
	EXPECT(access(block.first) == r && access(block.first + 2 * page) == rw);
	ASSERT(map.harvest_accessed(block, count));
	EXPECT_EQ(harvested, 2 + 512);
	ASSERT(map.modify(block, [](Region<Ipa>, Stage2Attributes a) {
		a.access = rw;
		return a;
	}));
	ASSERT(map.fold(block));
	EXPECT_EQ(map.translate(block.first).value().level, 2);
	ASSERT(map.cut(block));
	EXPECT_EQ(map.translate(block.first).value().level, 3);

	size_t removed = 0;

	ASSERT(map.unmap(block, [&](const auto &) { removed++; }));
	EXPECT_EQ(removed, 512);
	EXPECT(map.translate(block.first).error() ==
	       Error(Errc::not_mapped, Region{block.first, GiB}));
	EXPECT_EQ(bench.memory.live(), map.tree().geometry().root_tables);
}

TEST(a_map_that_cannot_be_says_which_number_is_too_large)
{
	LiveBench bench{test};
	const auto refusal = [&](auto map, MapConfig c) {
		typename decltype(map)::type made{bench.memory, c, {}, {&bench.log}};

		EXPECT_EQ(made.map({typename decltype(map)::type::Input{0}, page}, normal | rw)
				  .error()
				  .code,
			  made.created().error().code);
		return made.created().error();
	};
	const std::type_identity<RecordedIdMap<El1And0>> el1;
	const std::type_identity<RecordedIdMap<El2>> el2;
	const std::type_identity<RecordedIdMap<El3>> el3;
	const std::type_identity<RecordedIdMap<Stage2>> stage2;

	EXPECT(refusal(el1, {.va_bits = 24}) == Error(Errc::input_bits, 24, 48));
	EXPECT(refusal(el1, {.va_bits = 49}) == Error(Errc::input_bits, 49, 48));
	EXPECT(refusal(stage2, {.va_bits = 31}) == Error(Errc::input_bits, 31, 48));
	EXPECT(refusal(stage2, {.va_bits = 44, .pa_bits = 40}) == Error(Errc::output_bits, 44, 40));
	EXPECT(refusal(el1, {.va_bits = 39, .asid = 256}) == Error(Errc::asid, 256, 255));
	EXPECT(refusal(stage2, {.va_bits = 39, .asid = 256}) == Error(Errc::asid, 256, 255));
	EXPECT(refusal(el1, {.va_bits = 39, .asid = 0xffff, .asid16 = true}) == Error());
	// No ASIDs, and no upper range.
	EXPECT(refusal(el2, {.va_bits = 39, .asid = 1}) == Error(Errc::asid, 1, 0));
	EXPECT(refusal(el3, {.va_bits = 39, .asid = 1, .asid16 = true}) == Error(Errc::asid, 1, 0));
	EXPECT(refusal(el2, {.va_bits = 39, .range = Range::upper}) ==
	       Error(Errc::beyond_input, ~low_bits(39), ~uint64_t{0}));
	EXPECT(refusal(stage2, {.va_bits = 40, .range = Range::upper}) ==
	       Error(Errc::beyond_input, ~low_bits(40), ~uint64_t{0}));
	EXPECT_EQ(bench.memory.live(), 0);
}

TEST(a_map_says_what_it_is)
{
	LiveBench bench{test};
	MapConfig c = usual_config<El1And0>();

	c.on_break = OnBreak::refuse;
	RecordedIdMap<El1And0> map{bench.memory, c, {}, {&bench.log}};
	const Region<Va> block{Va{GiB}, 2 * MiB};
	ASSERT(map.created());
	EXPECT_EQ(map.asid(), 5);
	EXPECT_EQ(map.root_address().raw(), LiveBench::usual_base);
	EXPECT_EQ(map.size(), bit(39));
	EXPECT(map.space() == Region<Va>(Va{0}, bit(39)));
	// What it was told about breaks it obeys, while it is live.
	ASSERT(map.map(block, normal | rw));
	map.mark_active();
	EXPECT(map.cut({block.first, page}).error() ==
	       Error(Errc::needs_break, Region{block.first, page}));
	map.mark_inactive();
	EXPECT(map.cut({block.first, page}));
	EXPECT_EQ(map.breaks(), 0);
}

TEST(a_map_in_use_is_not_destroyed)
{
	LiveBench bench{test};
	{
		RecordedIdMap<El1And0> map{bench.memory, usual_config<El1And0>(), {}, {&bench.log}};

		ASSERT(map.created() && map.map({Va{GiB}, page}, normal | rw));
		map.mark_active();
		EXPECT(!map.destroy());
		EXPECT(map.translate(Va{GiB}));
	}
	// Its tables are where they were: a CPU may be walking them.
	EXPECT_EQ(bench.memory.live(), 3);
	ASSERT(bench.verdict.good());
}

// Without a root there is nothing to change, and each call says why.
TEST(a_map_without_a_root_changes_nothing)
{
	LiveBench bench{test};
	MapConfig c = usual_config<El1And0>();

	c.asid = 0x100; // of 8 bits

	RecordedIdMap<El1And0> map{bench.memory, c, {}, {&bench.log}};
	const Region<Va> region{Va{GiB}, page};
	const auto nothing = [](const auto &...) {
	};
	const auto same = [](Region<Va>, Stage1Attributes a) {
		return a;
	};
	const Error why{Errc::asid, 0x100, 0xff};

	EXPECT(map.created().error() == why);
	EXPECT(map.map(region, normal | rw).error() == why);
	EXPECT(map.remap(region, normal | rw).error() == why);
	EXPECT(map.unmap(region).error() == why);
	EXPECT(map.unmap(region, nothing).error() == why);
	EXPECT(map.protect(region, r).error() == why);
	EXPECT(map.modify(region, same).error() == why);
	EXPECT(map.cut(region).error() == why && map.fold(region).error() == why);
	EXPECT(map.harvest_accessed(region, nothing).error() == why);
	EXPECT(map.harvest_dirty(region, nothing).error() == why);
	EXPECT(map.walk(region, nothing).error() == why);
	EXPECT(map.translate(region.first).error() == why);
	EXPECT(map.configure().error() == why && map.activate().error() == why);
	EXPECT(map.configure_with(map).error() == why && map.retag(1).error() == why);
	EXPECT_EQ(bench.memory.live(), 0);
	EXPECT_EQ(bench.log.differs({}), CpuLog::nowhere);
}

SUITE(live_map, a_map_without_a_root_changes_nothing, a_map_with_an_asid_is_not_global,
      a_walk_visits_every_leaf_and_every_hole, a_walk_of_the_upper_range_ends_at_its_last_byte,
      every_change_goes_through_a_map, a_map_that_cannot_be_says_which_number_is_too_large,
      a_map_says_what_it_is, a_map_in_use_is_not_destroyed);
