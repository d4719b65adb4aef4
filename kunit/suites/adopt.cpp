// SPDX-License-Identifier: GPL-2.0-only
//
// Adopt: tables that somebody else made are looked at, and taken as they are; what cannot be relied on is named by
// its entry, and nothing has changed.
#include "support/lab.hpp"
#include "support/live_bench.hpp"
#include "support/snapshot.hpp"
#include "vmsa/format_stage2.hpp"

using namespace vmsa;
using namespace support;

namespace
{

constexpr uint64_t page = 4 * KiB;

// Tables by hand: a root at level 1, a table of level 2 and one of level 3, and what a test does to them.
template <class F> struct Boot {
	static constexpr size_t tables = 8;
	static constexpr uint64_t base = ScratchMemory::usual_base;

	explicit Boot(struct kunit *test)
	    : test{test}, verdict{test}, memory{test, verdict, Granule4K::table_bytes, tables},
	      before{test, memory}, map{memory, nobody}
	{
		for (Descriptor *&t : table)
			t = memory.allocate(Granule4K::table_bytes);
		table[0][1] = F::table(at(1));
		table[0][2] = GiB | bits | F::leaf_type(1);
		table[1][0] = F::table(at(2));
		for (size_t i = 16; i < 32; i++)
			table[1][i] = (i * 2 * MiB) | bits | F::contiguous | F::leaf_type(2);
		for (size_t i = 0; i < 32; i++)
			table[2][i] =
				(i * page) | bits | F::leaf_type(3) | (i < 16 ? F::contiguous : 0);
		table[2][40] = 0xdead'0000'0000'0000; // somebody's note
	}

	Pa at(size_t t) const
	{
		return memory.physical(table[t]);
	}

	Result<void> adopt()
	{
		const auto owns = [&](Pa pa) {
			return pa >= Pa{base} && pa < Pa{base + tables * Granule4K::table_bytes};
		};

		return map.adopt(at(0), geometry, owns, &bad);
	}

	// Refused for that entry, as it stands.
	[[gnu::noinline]] void expect(Errc why, size_t t, size_t i, Level level)
	{
		const Error e = adopt().error();

		EXPECT_EQ(e.code, why);
		EXPECT_EQ(e.first, at(t).raw() + i * sizeof(Descriptor));
		EXPECT_EQ(e.last, table[t][i]);
		EXPECT_EQ(bad.at.raw(), e.first);
		EXPECT_EQ(bad.level, level);
		EXPECT(!map.tree().root());
		EXPECT(!map.translate(typename F::Input{0}));
	}

	static constexpr Descriptor bits = F::encode(typename F::Attributes(normal | rw));

	struct kunit *test;
	Verdict verdict;
	ScratchMemory memory;
	NoTlb nobody;
	Descriptor *table[4];
	BadEntry<F> bad;
	Geometry geometry = geometry_of<F>(39).value();
	Snapshot<Tree<F, ScratchMemory>> before;
	Mapping<F, ScratchMemory, NoTlb> map;
};

using F1 = Format<El1And0, Granule4K>;
using F2 = Stage2_4K;

template <class F> [[gnu::noinline]] void take_over(struct kunit *test)
{
	using Input = typename F::Input;
	Boot<F> boot{test};

	// What others put into bits that hardware ignores says nothing of the table.
	boot.table[1][0] |= Field{58, 53}.put(40);
	boot.memory.free(boot.table[3], Granule4K::table_bytes);
	ASSERT(boot.adopt());
	EXPECT_EQ(boot.bad.why, Errc::none);
	EXPECT_EQ(boot.table[1][0], F::table(boot.at(2)));
	EXPECT_EQ(boot.map.translate(Input{GiB + 5 * page}).value().pa.raw(), 5 * page);
	EXPECT_EQ(boot.map.translate(Input{2 * GiB + 5}).value().pa.raw(), GiB + 5);
	EXPECT(boot.map.tree().at(Input{GiB + 40 * page}).is_annotated());
	// And goes on with them: a group is torn, a block is cut, a table goes.
	ASSERT(boot.map.unmap({Input{GiB + 4 * page}, page}));
	ASSERT(boot.map.protect({Input{2 * GiB}, page}, r));
	ASSERT(boot.map.unmap({Input{GiB + 32 * MiB}, 32 * MiB}));
	boot.map.destroy();
	EXPECT_EQ(boot.memory.live(), 0);
	ASSERT(boot.verdict.good());
}

template <class F> [[gnu::noinline]] void refuse(struct kunit *test)
{
	constexpr Descriptor page_type = F::leaf_type(3);
	const auto each = [&](size_t t, size_t i, Descriptor d, Errc why, Level level) {
		Boot<F> boot{test};

		boot.table[t][i] = d;
		boot.expect(why, t, i, level);
	};
	constexpr Descriptor bits = Boot<F>::bits;
	constexpr uint64_t base = Boot<F>::base;

	// Where no table of its own is: outside, not aligned to one, the root.
	each(0, 5, F::table(Pa{base - page}), Errc::stray_table, 1);
	each(0, 5, F::table(Pa{base + 8 * page}), Errc::stray_table, 1);
	each(1, 511, F::table(Pa{base}), Errc::stray_table, 2);
	// Named twice, by one table or by two, also itself.
	each(1, 3, F::table(Pa{base + 2 * page}), Errc::stray_table, 2);
	each(0, 7, F::table(Pa{base + 2 * page}), Errc::stray_table, 1);
	// Reserved encodings.
	each(2, 33, bits | F::valid_bit, Errc::reserved_entry, 3);
	each(1, 33, (GiB + page) | bits | F::leaf_type(2), Errc::reserved_entry, 2);
	each(2, 33, (bits & ~F::sh.mask()) | bit(8) | page_type, Errc::reserved_attributes, 3);
	// A hint alone, in its group or out of it; one that is missing; and groups that do not agree.
	each(2, 17, (17 * page) | bits | F::contiguous | page_type, Errc::torn_group, 3);
	each(2, 32, (32 * page) | bits | F::contiguous | page_type, Errc::torn_group, 3);
	each(1, 400, (400 * 2 * MiB) | bits | F::contiguous | F::leaf_type(2), Errc::torn_group, 2);
	for (size_t i : {1, 7, 15}) {
		Boot<F> boot{test};

		boot.table[2][i] ^= 64 * page;
		boot.expect(Errc::torn_group, 2, 0, 3);
		boot.table[2][i] ^= 64 * page ^ F::access_bits;
		boot.expect(Errc::torn_group, 2, 0, 3);
		boot.table[2][i] ^= F::access_bits ^ F::af; // as hardware may leave it
		EXPECT(boot.adopt());
		boot.map.release();
	}
}

} // namespace

TEST(tables_of_others_are_taken_over)
{
	take_over<F1>(test);
	take_over<F2>(test);
}

TEST(the_entry_at_fault_is_named)
{
	refuse<F1>(test);
	refuse<F2>(test);
}

TEST(a_root_that_cannot_be_is_refused)
{
	Boot<F1> boot{test};
	const Geometry g = geometry_of<F1>(39).value();
	const auto all = [](Pa) {
		return true;
	};

	EXPECT(boot.map.adopt(Pa{Boot<F1>::base + 8}, g, all).error().code == Errc::unaligned_base);
	EXPECT(boot.map.adopt(boot.at(0), g, [](Pa) { return false; }).error().code ==
	       Errc::stray_table);
	EXPECT(boot.map.adopt(boot.at(0), Geometry{}, all).error().code == Errc::input_bits);
	// An output, and a table, that this machine has no address for.
	EXPECT_EQ(boot.map.adopt(boot.at(0), stage1_geometry<Granule4K>(39, 32).value(), all)
			  .error()
			  .code,
		  Errc::beyond_output);
	ASSERT(boot.adopt());
	EXPECT(boot.map.release() == boot.table[0]);
	ASSERT(boot.verdict.good());
}

// A map that is in use when it is taken over: what it changes from then on is invalidated, for every ASID.
// The root of tables that somebody else made, of one region.
[[gnu::noinline]] static Pa tables_of_boot(LiveBench &bench, Region<Va> region)
{
	NoTlb nobody;
	Mapping<F1, ScratchMemory, NoTlb> boot{bench.memory, nobody};

	if (!boot.create(stage1_geometry<Granule4K>(39, 40).value()) ||
	    !boot.map(region, Linear{region.first, Pa{GiB}}, normal | rw))
		return Pa{0};
	return bench.memory.physical(boot.release());
}

// Of tables that others made some may be empty, and fold frees those: what was known of the one above is not true then.
TEST(an_empty_table_that_goes_is_counted_no_more)
{
	constexpr uint64_t block = 2 * MiB;
	Boot<F2> boot{test};

	boot.table[1][0] = 0;
	boot.memory.free(boot.table[2], Granule4K::table_bytes);
	boot.table[1][100] = F2::table(boot.at(3));
	boot.table[1][200] = (200 * block) | Boot<F2>::bits | F2::leaf_type(2);
	ASSERT(boot.adopt());
	// Nothing is near: all of the table is read, and two groups of eight and the empty table are found.
	ASSERT(boot.map.unmap({Ipa{GiB + 200 * block}, block}));
	ASSERT_EQ(occupancy.get(boot.table[0][1]), 3);
	ASSERT(boot.map.fold({Ipa{GiB + 100 * block}, block}));
	EXPECT_EQ(boot.table[1][100], 0);
	ASSERT(boot.map.unmap({Ipa{GiB + 16 * block}, 16 * block}));
	EXPECT_EQ(boot.table[0][1], 0);
	boot.map.destroy();
	EXPECT_EQ(boot.memory.live(), 0);
	ASSERT(boot.verdict.good());
}

// In a frame of its own: it looks at all tables.
[[gnu::noinline]] RecordedIdMap<El1And0> taken_over(LiveBench &bench, Pa root)
{
	return {bench.memory, usual_config<El1And0>(), root, [](Pa) { return true; }, {},
		{&bench.log}};
}

TEST(a_live_map_takes_over_live_tables)
{
	LiveBench bench{test};
	const Pa root = tables_of_boot(bench, {Va{GiB}, 4 * page});

	ASSERT(root.raw());

	RecordedIdMap<El1And0> map = taken_over(bench, root);

	ASSERT(map.created());
	EXPECT(map.root_address() == root);
	map.mark_active();
	bench.log.forget();
	EXPECT(map.unmap({Va{GiB}, page}));
	EXPECT_EQ(bench.log.differs({dsb_ishst, tlbi(Tlbi::vaale1is, GiB / page), dsb_ish, isb}),
		  CpuLog::nowhere);
	map.mark_inactive();
	EXPECT(map.destroy());
	EXPECT_EQ(bench.memory.live(), 0);
	ASSERT(bench.verdict.good());
}

TEST(a_live_map_refuses_a_root_that_cannot_be)
{
	LiveBench bench{test};
	const auto all = [](Pa) {
		return true;
	};
	RecordedIdMap<El1And0> none{bench.memory, usual_config<El1And0>(), Pa{GiB + 8}, all, {},
				    {&bench.log}};

	EXPECT_EQ(none.created().error().code, Errc::unaligned_base);
	EXPECT(!none.map({Va{GiB}, 4 * page}, normal | rw));
	ASSERT(bench.verdict.good());
}

// Further apart than one look at them reaches.
TEST(a_table_named_twice_is_found_wherever_it_lies)
{
	SeenTables seen;

	EXPECT(!seen.again(3) && !seen.again(1 << 20) && !seen.again(70'000) &&
	       !seen.again(1 << 20));
	EXPECT(seen.again(3) && seen.has_more());
	seen = seen.next();
	EXPECT(!seen.again(3) && !seen.again(70'000) && !seen.again(70'000 + 4096));
	EXPECT(seen.again(70'000) && seen.has_more());
	seen = seen.next();
	EXPECT(!seen.again(70'000 + 4096) && !seen.again(1 << 20));
	seen = seen.next();
	EXPECT(!seen.again(1 << 20) && seen.again(1 << 20) && !seen.has_more());
}

namespace
{

// An output of 40 bits: tables and leaves that lie beyond it.
[[gnu::noinline]] void refuse_beyond_40_bits(struct kunit *test, size_t t, size_t i, Descriptor d,
					     Level level)
{
	Boot<F1> boot{test};

	boot.geometry = stage1_geometry<Granule4K>(39, 40).value();
	boot.table[t][i] = d;
	boot.expect(Errc::beyond_output, t, i, level);
}

// Groups of which what is said is not of a group.
[[gnu::noinline]] void refuse_group(struct kunit *test, size_t t, size_t first, size_t other,
				    Descriptor d, Level level)
{
	Boot<F1> boot{test};

	boot.table[t][other] = d;
	boot.expect(Errc::torn_group, t, first, level);
}

} // namespace

TEST(what_lies_beyond_the_output_is_named)
{
	constexpr Descriptor bits = Boot<F1>::bits;

	refuse_beyond_40_bits(test, 0, 5, F1::table(Pa{bit(41)}), 1);
	refuse_beyond_40_bits(test, 1, 33, bit(40) | bits | F1::leaf_type(2), 2);
	EXPECT(BadEntry<F1>{}.error() == Error{});
}

TEST(a_group_has_leaves_and_begins_at_a_multiple_of_its_size)
{
	constexpr Descriptor bits = Boot<F1>::bits;
	const auto blocks = [](Boot<F1> &boot, uint64_t off) {
		for (size_t i = 16; i < 32; i++)
			boot.table[1][i] = (i * 2 * MiB + off) | Boot<F1>::bits | F1::contiguous |
					   F1::leaf_type(2);
	};

	// One that is no leaf, and one without the hint.
	refuse_group(test, 1, 16, 20, F1::table(Pa{Boot<F1>::base + 3 * page}), 2);
	refuse_group(test, 1, 16, 20, (20 * 2 * MiB) | bits | F1::leaf_type(2), 2);

	Boot<F1> boot{test};
	blocks(boot, 2 * MiB);
	boot.expect(Errc::torn_group, 1, 16, 2);
	blocks(boot, 0);
	EXPECT(boot.adopt());
	boot.map.release();
}

// In a root of 4 entries there is no group of 16; and at a level that has none, the hint says nothing.
TEST(a_hint_where_no_group_can_be)
{
	using Wide = Format<El1And0, Granule64K, 52>;
	Verdict verdict{test};
	ScratchMemory memory{test, verdict, Granule64K::table_bytes, 2};
	NoTlb nobody;
	const auto owns = [](Pa) {
		return true;
	};
	Mapping<F1, ScratchMemory, NoTlb> small{memory, nobody};
	Mapping<Wide, ScratchMemory, NoTlb> wide{memory, nobody};
	Descriptor *const root = memory.allocate(Granule64K::table_bytes);
	ASSERT(root);

	for (size_t i : {0, 1}) {
		root[i] = (i * GiB) | Boot<F1>::bits | F1::contiguous | F1::leaf_type(1);
		EXPECT_EQ(small.adopt(memory.physical(root), geometry_of<F1>(32).value(), owns)
				  .error()
				  .code,
			  Errc::torn_group);
		root[i] = 0;
	}
	root[1] = Wide::encode(normal | rw) | Wide::contiguous | Wide::leaf_type(1);
	EXPECT(wide.adopt(memory.physical(root), geometry_of<Wide>(48).value(), owns));
	wide.release();
}

TEST(no_more_tables_are_taken_than_are_allowed)
{
	Boot<F2> boot{test};
	const auto owns = [](Pa) {
		return true;
	};

	ASSERT(boot.adopt());
	EXPECT_EQ(check_tables(boot.map.tree(), owns, 2).why, Errc::none);
	EXPECT_EQ(check_tables(boot.map.tree(), owns, 1).why, Errc::stray_table);
	boot.map.release();
}

SUITE(adopt, what_lies_beyond_the_output_is_named,
      a_group_has_leaves_and_begins_at_a_multiple_of_its_size, a_hint_where_no_group_can_be,
      no_more_tables_are_taken_than_are_allowed, tables_of_others_are_taken_over,
      the_entry_at_fault_is_named, a_root_that_cannot_be_is_refused,
      an_empty_table_that_goes_is_counted_no_more, a_live_map_takes_over_live_tables,
      a_live_map_refuses_a_root_that_cannot_be, a_table_named_twice_is_found_wherever_it_lies);
