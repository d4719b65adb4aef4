// SPDX-License-Identifier: GPL-2.0-only
//
// Going live: each step is made, in the order that it takes, or none is.
#include "vmsa/go_live.hpp"
#include "support/live_bench.hpp"

using namespace vmsa;
using namespace support;

namespace
{

constexpr auto nowhere = CpuLog::nowhere;
constexpr uint64_t lines_of_64 = 4 << 16; // CTR_EL0.DminLine

constexpr CpuEvent dc_ivac(uint64_t address)
{
	return {CpuEvent::dc_ivac, 0, address};
}

template <class Stage> struct Boot {
	static constexpr Register tcr = RegimeRegisters<Stage>::control;
	static constexpr Register ttbr = RegimeRegisters<Stage>::lower;
	static constexpr Register mair = RegimeRegisters<Stage>::memory_types;

	explicit Boot(struct kunit *test)
	    : bench{test}, map{bench.memory, usual_config<Stage>(), {}, {&bench.log}}
	{
		bench.log[Register::ctr_el0] = lines_of_64;
		bench.log[sctlr_of<Stage>] = 0x30c5'0830;
	}

	LiveBench bench;
	RecordedIdMap<Stage> map;
	alignas(64) unsigned char block[128];
};

// Looks how many users a map has when its MMU is turned on.
template <class Map> struct Watching : CpuRecorder {
	const Map *map;
	unsigned *users;

	template <Register R> void write(uint64_t value)
	{
		if (R == sctlr_of<typename Map::Stage>)
			*users = map->users();
		CpuRecorder::write<R>(value);
	}
};

// Where HCR_EL2 stays as it is.
struct Fixed : CpuRecorder {
	uint64_t hcr;

	template <Register R> uint64_t read()
	{
		return R == Register::hcr_el2 ? hcr : CpuRecorder::read<R>();
	}
};

} // namespace

TEST(the_steps_come_in_order)
{
	Boot<El3> boot{test};
	CpuLog &log = boot.bench.log;
	const auto at = reinterpret_cast<uintptr_t>(boot.block);

	const auto before = go_live(boot.map, boot.block, sizeof(boot.block), CpuRecorder{&log});

	ASSERT(before);
	EXPECT_EQ(log.differs({read(Register::ctr_el0),
			       dc_ivac(at),
			       dc_ivac(at + 64),
			       dsb_sy,
			       write(Register::mair_el3, mair_value),
			       write(Register::tcr_el3, boot.map.control()),
			       isb,
			       dsb_ishst,
			       tlbi(Tlbi::alle3is),
			       dsb_ish,
			       isb,
			       read(Register::ttbr0_el3),
			       write(Register::ttbr0_el3, boot.map.root_register()),
			       isb,
			       read(Register::sctlr_el3),
			       ic_iallu,
			       dsb_sy,
			       isb,
			       write(Register::sctlr_el3, 0x30c5'0830 | 0x1005),
			       isb,
			       dsb_ishst}),
		  nowhere);
	boot.map.deactivate(before.value());
}

// With its MMU off a CPU sees none of what others have in their caches, and has no lock: it counts itself later.
TEST(a_cpu_is_counted_when_its_mmu_is_on)
{
	Boot<El1And0> boot{test};
	unsigned users = 5;
	const Watching<decltype(boot.map)> cpu{{&boot.bench.log}, &boot.map, &users};
	const auto first = go_live(boot.map, boot.block, sizeof(boot.block), cpu);

	ASSERT(first);
	EXPECT_EQ(users, 0);
	EXPECT_EQ(boot.map.users(), 1);

	const auto further = join_live(boot.map, cpu);

	ASSERT(further);
	EXPECT_EQ(users, 1);
	EXPECT_EQ(boot.map.users(), 2);
	boot.map.deactivate(further.value());
	boot.map.deactivate(first.value());
	EXPECT_EQ(boot.map.users(), 0);
}

// All but the caches, which have what the first CPU wrote.
TEST(a_further_cpu_joins)
{
	Boot<El3> boot{test};
	CpuLog &log = boot.bench.log;
	const auto previous = join_live(boot.map, CpuRecorder{&log});

	ASSERT(previous);
	EXPECT_EQ(log.differs({write(Register::mair_el3, mair_value),
			       write(Register::tcr_el3, boot.map.control()), isb, dsb_ishst,
			       tlbi(Tlbi::alle3is), dsb_ish, isb, read(Register::ttbr0_el3),
			       write(Register::ttbr0_el3, boot.map.root_register()), isb,
			       read(Register::sctlr_el3), ic_iallu, dsb_sy, isb,
			       write(Register::sctlr_el3, 0x30c5'0830 | 0x1005), isb, dsb_ishst}),
		  nowhere);
	boot.map.deactivate(previous.value());
}

// The order is that of one map, with TCR for both, and a TTBR each.
TEST(a_map_of_either_range_goes_live_with_the_other)
{
	Boot<El1And0> boot{test};
	CpuLog &log = boot.bench.log;
	const CpuRecorder cpu{&log};
	const auto at = reinterpret_cast<uintptr_t>(boot.block);
	MapConfig config = usual_config<El1And0>();

	config.range = Range::upper;
	config.va_bits = 42;
	RecordedLinearMap<El1And0> upper{boot.bench.memory, config, {}, cpu};

	log[sctlr_of<El1And0>] = 0;
	ASSERT(go_live_with(boot.map, upper, boot.block, sizeof(boot.block), cpu));
	const uint64_t control = control_of_both(boot.map.control_fields(), upper.control_fields());

	EXPECT_EQ(log.differs({read(Register::ctr_el0),
			       dc_ivac(at),
			       dc_ivac(at + 64),
			       dsb_sy,
			       write(Register::mair_el1, mair_value),
			       write(Register::tcr_el1, control),
			       isb,
			       dsb_ishst,
			       tlbi(Tlbi::vmalle1is),
			       dsb_ish,
			       isb,
			       read(Register::ttbr0_el1),
			       write(Register::ttbr0_el1, boot.map.root_register()),
			       isb,
			       read(Register::ttbr1_el1),
			       write(Register::ttbr1_el1, upper.root_register()),
			       isb,
			       read(Register::sctlr_el1),
			       ic_iallu,
			       dsb_sy,
			       isb,
			       write(Register::sctlr_el1, 0x1005),
			       isb,
			       dsb_ishst,
			       dsb_ishst}),
		  nowhere);
	EXPECT(boot.map.users() == 1 && upper.users() == 1);
	boot.map.deactivate({});
	upper.deactivate({});
}

TEST(a_further_cpu_joins_maps_of_either_range)
{
	Boot<El1And0> boot{test};
	const CpuRecorder cpu{&boot.bench.log};
	MapConfig config = usual_config<El1And0>();

	config.range = Range::upper;
	RecordedLinearMap<El1And0> upper{boot.bench.memory, config, {}, cpu};

	ASSERT(go_live_with(boot.map, upper, boot.block, sizeof(boot.block), cpu));
	EXPECT_EQ(join_live_with(boot.map, boot.map, cpu).error().code, Errc::overlap);
	ASSERT(join_live_with(boot.map, upper, cpu));
	EXPECT(boot.map.users() == 2 && upper.users() == 2);
	for (int i = 0; i < 2; i++) {
		boot.map.deactivate({});
		upper.deactivate({});
	}
	EXPECT(boot.map.users() == 0 && upper.users() == 0);
}

// On an error the MMU is off, and no register was written.
TEST(two_maps_that_do_not_fit_go_nowhere)
{
	Boot<El1And0> boot{test};
	Boot<El1And0> same{test};
	const CpuRecorder cpu{&boot.bench.log};
	const auto both = [&](auto &one, auto &two) {
		return go_live_with(one, two, boot.block, sizeof(boot.block), cpu).error().code;
	};

	EXPECT_EQ(both(boot.map, same.map), Errc::overlap);
	EXPECT(same.map.destroy());
	EXPECT_EQ(both(boot.map, same.map), Errc::no_memory);
	EXPECT_EQ(both(same.map, boot.map), Errc::no_memory);
	EXPECT_EQ(boot.bench.log[Register::tcr_el1], 0);
	EXPECT_EQ(boot.map.users(), 0);
}

TEST(two_maps_of_a_regime_that_el2_has_not_go_nowhere)
{
	Boot<El2And0> el2{test};
	const CpuRecorder cpu{&el2.bench.log};
	const auto gone = go_live_with(el2.map, el2.map, el2.block, sizeof(el2.block), cpu);

	EXPECT_EQ(gone.error().code, Errc::regime);
	EXPECT_EQ(el2.bench.log.differs({read(Register::hcr_el2)}), nowhere);
	EXPECT_EQ(el2.map.users(), 0);
}

// Whole lines, also where the memory begins and ends within one.
TEST(every_line_of_the_tables_is_discarded)
{
	LiveBench bench{test};
	CpuLog &log = bench.log;
	const auto discard = [&](uint64_t first, size_t bytes) {
		discard_cached(reinterpret_cast<const void *>(first), bytes, CpuRecorder{&log});
	};

	log[Register::ctr_el0] = lines_of_64;
	discard(0x1030, 0x20);
	EXPECT_EQ(log.differs({read(Register::ctr_el0), dc_ivac(0x1000), dc_ivac(0x1040), dsb_sy}),
		  nowhere);
	discard(0x1040, 0x40);
	EXPECT_EQ(log.differs({read(Register::ctr_el0), dc_ivac(0x1040), dsb_sy}), nowhere);
	log[Register::ctr_el0] = 0; // lines of a word
	discard(0x1000, 8);
	EXPECT_EQ(log.differs({read(Register::ctr_el0), dc_ivac(0x1000), dc_ivac(0x1004), dsb_sy}),
		  nowhere);
}

// A map of the regime that EL2 does not have is refused before anything is done.
TEST(el2_has_one_regime_at_a_time)
{
	Boot<El2> el2{test};
	CpuLog &log = el2.bench.log;
	const CpuRecorder cpu{&log};

	log[Register::hcr_el2] = hcr_e2h | 1;
	EXPECT(go_live(el2.map, el2.block, sizeof(el2.block), cpu).error() ==
	       Error(Errc::regime, hcr_e2h | 1, 0));
	EXPECT_EQ(log.differs({read(Register::hcr_el2)}), nowhere);
	EXPECT_EQ(el2.map.users(), 0);
	EXPECT(check_regime<El2And0>(cpu));
	EXPECT(choose_regime<El2>(cpu));
	EXPECT_EQ(log[Register::hcr_el2], 1);
	EXPECT(check_regime<El2>(cpu));
	EXPECT(check_regime<El2And0>(cpu).error() == Error(Errc::regime, 1, hcr_e2h));
	EXPECT(check_regime<El1And0>(cpu));
	EXPECT(choose_regime<El2And0>(cpu));
	EXPECT_EQ(log[Register::hcr_el2], hcr_e2h | 1);
}

// On machines without FEAT_E2H0, or without FEAT_VHE, the bit does not change.
TEST(a_regime_that_is_not_there_is_refused)
{
	CpuLog log{test};

	EXPECT_EQ(choose_regime<El2>(Fixed{{&log}, hcr_e2h}).error().code, Errc::regime);
	EXPECT_EQ(choose_regime<El2And0>(Fixed{{&log}, 0}).error().code, Errc::regime);
	EXPECT(choose_regime<El2And0>(Fixed{{&log}, hcr_e2h}));
}

TEST(a_map_without_a_root_does_not_go_live)
{
	LiveBench bench{test};
	MapConfig c = usual_config<El3>();

	c.asid = 5; // of which EL3 has none

	RecordedIdMap<El3> map{bench.memory, c, {}, {&bench.log}};

	EXPECT(go_live(map, &bench, sizeof(bench), CpuRecorder{&bench.log}).error() ==
	       Error(Errc::asid, 5, 0));
	EXPECT_EQ(bench.log.differs({}), nowhere);
}

SUITE(go_live, a_map_without_a_root_does_not_go_live, the_steps_come_in_order,
      a_map_of_either_range_goes_live_with_the_other, two_maps_that_do_not_fit_go_nowhere,
      two_maps_of_a_regime_that_el2_has_not_go_nowhere, every_line_of_the_tables_is_discarded,
      el2_has_one_regime_at_a_time, a_regime_that_is_not_there_is_refused, a_further_cpu_joins,
      a_cpu_is_counted_when_its_mmu_is_on, a_further_cpu_joins_maps_of_either_range);
