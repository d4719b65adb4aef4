// SPDX-License-Identifier: GPL-2.0-only
//
// HardwareTlb: what a change of a live map makes of its invalidation, instruction by instruction: for
// whom it is, when the barriers come, and when a table is freed.
#include "support/live_bench.hpp"

using namespace vmsa;
using namespace support;

namespace
{

constexpr uint64_t page = 4 * KiB;
constexpr uint64_t as = uint64_t{5} << 48; // ASID 5 in an operand
constexpr uint64_t nowhere = CpuLog::nowhere;

} // namespace

TEST(an_asid_confines_what_is_not_global)
{
	LiveBench bench{test};
	CpuLog &log = bench.log;
	RecordedIdMap<El1And0> map{bench.memory, usual_config<El1And0>(), {}, {&log}};
	auto mine = usual_attributes<El1And0>();

	ASSERT(map.created() && map.map({Va{GiB}, 4 * page}, mine));
	const auto previous = map.activate();
	log.forget();

	ASSERT(map.protect({Va{GiB}, page}, {}));
	EXPECT_EQ(log.differs({dsb_ishst, tlbi(Tlbi::vale1is, as | GiB >> 12), dsb_ish, isb}),
		  nowhere);
	// Global from here on: of every ASID, by a map or by an update, and to the very end.
	ASSERT(map.modify({Va{GiB}, page}, [](Region<Va>, Stage1Attributes a) {
		a.global = true;
		return a;
	}));
	EXPECT_EQ(log.differs({dsb_ishst, tlbi(Tlbi::vaale1is, GiB >> 12), dsb_ish, isb, dsb_ishst,
			       isb}),
		  nowhere);
	ASSERT(map.unmap({Va{GiB + page}, page}));
	EXPECT_EQ(log.differs({dsb_ishst, tlbi(Tlbi::vaale1is, (GiB + page) >> 12), dsb_ish, isb}),
		  nowhere);
	map.deactivate(previous.value());
	EXPECT_EQ(log.differs({read(Register::ttbr0_el1), write(Register::ttbr0_el1, 0), isb,
			       dsb_ishst, tlbi(Tlbi::vmalle1is), dsb_ish, isb}),
		  nowhere);
}

TEST(a_global_map_is_invalidated_for_every_asid)
{
	LiveBench bench{test};
	CpuLog &log = bench.log;
	MapConfig c = usual_config<El1And0>();

	c.global = true;
	RecordedIdMap<El1And0> map{bench.memory, c, {}, {&log}};

	ASSERT(map.created() && map.map({Va{GiB}, 2 * page}, normal | rw));
	map.mark_active();
	log.forget();
	ASSERT(map.unmap({Va{GiB}, page}));
	EXPECT_EQ(log.differs({dsb_ishst, tlbi(Tlbi::vaale1is, GiB >> 12), dsb_ish, isb}), nowhere);
	map.mark_inactive();
	EXPECT_EQ(log.differs({dsb_ishst, tlbi(Tlbi::vmalle1is), dsb_ish, isb}), nowhere);
}

// Break, invalidate, make, publish. What the hint says is the block's level.
TEST(a_block_is_broken_invalidated_and_made_anew)
{
	LiveBench bench{test};
	CpuLog &log = bench.log;
	MapConfig c = usual_config<El1And0>();

	c.tlbi = {.range = true, .ttl = true};
	RecordedIdMap<El1And0> map{bench.memory, c, {}, {&log}};
	ASSERT(map.created() && map.map({Va{GiB}, 2 * MiB}, usual_attributes<El1And0>()));
	map.mark_active();
	log.forget();
	map.tree().steps(Va{GiB}, [&](Level level, size_t i, Pa table, Descriptor) {
		if (level == 2)
			log.watch = bench.memory.pointer(table) + i;
	});
	ASSERT(map.cut({Va{GiB}, page}));
	for (size_t event : {0, 1, 2, 3})
		EXPECT_EQ(log.watched(event) & 1, 0);
	EXPECT_EQ(log.watched(4) & 3, 3);
	EXPECT_EQ(log.differs({dsb_ishst, tlbi(Tlbi::vale1is, as | 6ull << 44 | GiB >> 12), dsb_ish,
			       isb, dsb_ishst, isb}),
		  nowhere);
	EXPECT_EQ(map.breaks(), 1);
	map.mark_inactive();
}

// No table is freed before the DSB that says its invalidation is complete.
TEST(a_table_is_freed_when_the_invalidation_is_complete)
{
	LiveBench bench{test};
	CpuLog &log = bench.log;
	MapConfig c = usual_config<Stage2>();

	RecordedIdMap<Stage2> map{bench.memory, c, {}, {&log}};
	const Region<Ipa> table{Ipa{GiB}, 2 * MiB};
	ASSERT(map.created() && map.map(table, normal | rw, {.largest = 3}));
	log[Register::vttbr_el2] = map.root_register();
	map.mark_active();
	log.forget();
	ASSERT(map.unmap(table));
	// 512 pages: SCALE 1, NUM 7.
	EXPECT_EQ(log.differs({dsb_ishst, read(Register::vttbr_el2),
			       tlbi(Tlbi::ripas2e1is, 0x5380'0004'0000), dsb_ish,
			       tlbi(Tlbi::vmalle1is), dsb_ish, isb, table_freed, table_freed}),
		  nowhere);
	map.mark_inactive();
	log.forget();
}

// Trap 16: once, when all that was issued is complete, whatever that was.
TEST(where_the_erratum_asks_for_it_a_tlbi_is_repeated)
{
	LiveBench bench{test};
	CpuLog &log = bench.log;
	MapConfig c = usual_config<Stage2>();

	c.tlbi.repeat = true;
	RecordedIdMap<Stage2> map{bench.memory, c, {}, {&log}};
	ASSERT(map.created() && map.map({Ipa{GiB}, 2 * page}, normal | rw));
	log[Register::vttbr_el2] = map.root_register();
	map.mark_active();
	log.forget();
	ASSERT(map.unmap({Ipa{GiB}, page}));
	EXPECT_EQ(log.differs({dsb_ishst, read(Register::vttbr_el2),
			       tlbi(Tlbi::ipas2le1is, GiB >> 12), dsb_ish, tlbi(Tlbi::vmalle1is),
			       dsb_ish, tlbi(Tlbi::vale2is), dsb_ish, isb}),
		  nowhere);
	map.mark_inactive();
	EXPECT_EQ(log.differs({dsb_ishst, read(Register::vttbr_el2), tlbi(Tlbi::vmalls12e1is),
			       dsb_ish, tlbi(Tlbi::vale2is), dsb_ish, isb}),
		  nowhere);
}

// VMALLS12E1IS leaves nothing for VMALLE1IS.
TEST(without_ranges_stage_2_takes_one_round)
{
	LiveBench bench{test};
	CpuLog &log = bench.log;
	MapConfig c = usual_config<Stage2>();

	c.tlbi = {};
	RecordedIdMap<Stage2> map{bench.memory, c, {}, {&log}};
	ASSERT(map.created() && map.map({Ipa{GiB}, 8 * page}, normal | rw));
	log[Register::vttbr_el2] = map.root_register();
	map.mark_active();
	log.forget();
	for (uint64_t pages : {1, 7}) {
		ASSERT(map.protect({Ipa{GiB}, pages * page}, pages == 1 ? r : rw));
		EXPECT_EQ(log.differs({dsb_ishst, read(Register::vttbr_el2),
				       tlbi(Tlbi::vmalls12e1is), dsb_ish, isb}),
			  nowhere);
	}
	map.mark_inactive();
	log.forget();
}

TEST(the_erratum_takes_one_tlbi_more_however_many_there_are)
{
	CpuLog log{test};
	HardwareTlb<Format<El1And0, Granule4K>, CpuRecorder> tlb{{}, {.repeat = true}, {&log}};

	tlb.invalidate({Va{GiB}, page}, 3, false);
	tlb.invalidate({Va{0}, 2 * page}, 3, false);
	tlb.sync();
	EXPECT_EQ(log.differs({dsb_ishst, tlbi(Tlbi::vaale1is, GiB >> 12), dsb_ishst,
			       tlbi(Tlbi::vaale1is, 0), tlbi(Tlbi::vaale1is, 1), dsb_ish,
			       tlbi(Tlbi::vale1is), dsb_ish, isb}),
		  nowhere);
}

// Two guests share a CPU, in turn: TLBI acts on the VMID that VTTBR_EL2 has, and that is the other's.
TEST(the_vmid_of_the_map_is_invalidated_whatever_vttbr_holds)
{
	LiveBench bench{test};
	CpuLog &log = bench.log;
	MapConfig c = usual_config<Stage2>();
	RecordedIdMap<Stage2> mine{bench.memory, c, {}, {&log}};
	c.asid = 6;
	RecordedIdMap<Stage2> other{bench.memory, c, {}, {&log}};
	const Register vttbr = Register::vttbr_el2;

	ASSERT(mine.created() && mine.map({Ipa{GiB}, 2 * page}, normal | rw));
	ASSERT(other.created() && other.map({Ipa{GiB}, 2 * page}, normal | rw));
	const auto before_mine = mine.activate();
	const auto before_other = other.activate();
	ASSERT(before_mine && before_other);
	log.forget();

	ASSERT(mine.unmap({Ipa{GiB}, page}));
	EXPECT_EQ(log.differs({dsb_ishst, read(vttbr), write(vttbr, mine.root_register()), isb,
			       tlbi(Tlbi::ipas2le1is, GiB >> 12), dsb_ish, tlbi(Tlbi::vmalle1is),
			       dsb_ish, isb, write(vttbr, other.root_register()), isb}),
		  nowhere);
	// What needs no invalidation says nothing to the TLB, and what is current stays.
	ASSERT(mine.map({Ipa{GiB}, page}, normal | rw));
	EXPECT_EQ(log.differs({dsb_ishst, isb}), nowhere);
	ASSERT(other.unmap({Ipa{GiB}, page}));
	EXPECT_EQ(log.differs({dsb_ishst, read(vttbr), tlbi(Tlbi::ipas2le1is, GiB >> 12), dsb_ish,
			       tlbi(Tlbi::vmalle1is), dsb_ish, isb}),
		  nowhere);
	// Two invalidations, one after the other, in one break-before-make: each is complete by itself.
	ASSERT(mine.map({Ipa{2 * GiB}, 2 * MiB}, normal | rw));
	log.forget();
	ASSERT(mine.unmap({Ipa{2 * GiB}, page}));
	EXPECT_EQ(log[vttbr], other.root_register());
	EXPECT_EQ(log.count(CpuEvent::read), 1);
	log.forget();
	// Marked by who writes VTTBR_EL2 otherwise.
	mine.mark_inactive();
	EXPECT_EQ(log.differs({dsb_ishst, read(vttbr), write(vttbr, mine.root_register()), isb,
			       tlbi(Tlbi::vmalls12e1is), dsb_ish, isb,
			       write(vttbr, other.root_register()), isb}),
		  nowhere);
	other.deactivate(before_other.value());
	ASSERT(bench.verdict.good());
}

// What VTTBR_EL2 was is looked at once: at the second look it is the map's.
TEST(two_invalidations_before_one_sync_leave_vttbr_as_it_was)
{
	LiveBench bench{test};
	CpuLog &log = bench.log;
	HardwareTlb<Stage2_4K, CpuRecorder> tlb{{}, {}, {&log}};
	const Register vttbr = Register::vttbr_el2;
	constexpr uint64_t its = bit(48) | GiB, others = 2 * bit(48) | 2 * GiB;

	tlb.vttbr(its);
	log[vttbr] = others;
	log.forget();
	for (uint64_t i : {0, 1})
		tlb.invalidate({Ipa{i * page}, page}, 3, false);
	EXPECT_EQ(log[vttbr], its);
	tlb.sync();
	EXPECT_EQ(log[vttbr], others);
	EXPECT_EQ(log.count(CpuEvent::read), 1);

	// Who does not say what it is for the tree has it there.
	HardwareTlb<Stage2_4K, CpuRecorder> current{{}, {}, {&log}};

	log.forget();
	current.invalidate({Ipa{0}, page}, 3, false);
	current.sync();
	EXPECT_EQ(log.count(CpuEvent::read), 0);
}

// What an engine has: a plan, and nothing else to wait for.
TEST(a_plan_is_complete_when_the_call_returns)
{
	LiveBench bench{test};
	CpuLog &log = bench.log;
	CpuRecorder cpu{&log};
	const TlbiPlan plan = tlbi_plan<Stage2_4K>({Ipa{GiB}, page}, 3, false, {}, {.range = true});

	complete<Stage2>(cpu, plan, false);
	EXPECT_EQ(log.differs({dsb_ishst, tlbi(Tlbi::ipas2le1is, GiB >> 12), dsb_ish,
			       tlbi(Tlbi::vmalle1is), dsb_ish, isb}),
		  nowhere);
	complete<Stage2>(cpu, plan, true);
	EXPECT_EQ(log.differs({dsb_ishst, tlbi(Tlbi::ipas2le1is, GiB >> 12), dsb_ish,
			       tlbi(Tlbi::vmalle1is), dsb_ish, tlbi(tlbi_repeated<Stage2>()),
			       dsb_ish, isb}),
		  nowhere);
	complete<Stage2>(cpu, tlbi_all<Stage2>({}), false);
	EXPECT_EQ(log.differs({dsb_ishst, tlbi(Tlbi::vmalls12e1is), dsb_ish, isb}), nowhere);
}

SUITE(hardware_tlb, an_asid_confines_what_is_not_global, a_global_map_is_invalidated_for_every_asid,
      a_block_is_broken_invalidated_and_made_anew,
      a_table_is_freed_when_the_invalidation_is_complete,
      where_the_erratum_asks_for_it_a_tlbi_is_repeated, without_ranges_stage_2_takes_one_round,
      the_erratum_takes_one_tlbi_more_however_many_there_are,
      the_vmid_of_the_map_is_invalidated_whatever_vttbr_holds,
      two_invalidations_before_one_sync_leave_vttbr_as_it_was,
      a_plan_is_complete_when_the_call_returns);
