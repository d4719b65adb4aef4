// SPDX-License-Identifier: GPL-2.0-only
//
// Activation: what a CPU is told when a map goes live, is changed, and leaves again: every register,
// barrier and TLBI, in their order, in every regime.
#include "support/live_bench.hpp"

using namespace vmsa;
using namespace support;

namespace
{

constexpr uint64_t page = 4 * KiB;
constexpr uint64_t base = LiveBench::usual_base; // where the first root lies
constexpr uint64_t as = uint64_t{5} << 48; // ASID or VMID 5 in a TTBR or an operand
constexpr uint64_t nowhere = CpuLog::nowhere;

// What differs from regime to regime, written down from the Arm ARM. TCR: 39 bits of input, 40 of
// output, 4K; walks Inner Shareable, Write-Back; the other range off.
template <class Stage> struct Truth;
template <> struct Truth<El1And0> {
	static constexpr Register root = Register::ttbr0_el1;
	static constexpr CpuEvent configured[] = {write(Register::mair_el1, 0xf0ff'bb44'0c08'0400),
						  write(Register::tcr_el1, 0x2'8099'3519), isb};
	static constexpr Tlbi regime = Tlbi::vmalle1is;
	static constexpr CpuEvent gone = tlbi(Tlbi::aside1is, as);
	static constexpr CpuEvent page_gone = tlbi(Tlbi::vale1is, as | GiB >> 12);
};
template <> struct Truth<El2And0> {
	static constexpr Register root = Register::ttbr0_el2;
	static constexpr CpuEvent configured[] = {write(Register::mair_el2, 0xf0ff'bb44'0c08'0400),
						  write(Register::tcr_el2, 0x2'8099'3519), isb};
	static constexpr Tlbi regime = Tlbi::alle2is;
	static constexpr CpuEvent gone = tlbi(Tlbi::alle2is);
	static constexpr CpuEvent page_gone = tlbi(Tlbi::vale2is, as | GiB >> 12);
};
template <> struct Truth<El2> {
	static constexpr Register root = Register::ttbr0_el2;
	static constexpr CpuEvent configured[] = {write(Register::mair_el2, 0xf0ff'bb44'0c08'0400),
						  write(Register::tcr_el2, 0x8082'3519), isb};
	static constexpr Tlbi regime = Tlbi::alle2is;
	static constexpr CpuEvent gone = tlbi(Tlbi::alle2is);
	static constexpr CpuEvent page_gone = tlbi(Tlbi::vale2is, GiB >> 12);
};
template <> struct Truth<El3> {
	static constexpr Register root = Register::ttbr0_el3;
	static constexpr CpuEvent configured[] = {write(Register::mair_el3, 0xf0ff'bb44'0c08'0400),
						  write(Register::tcr_el3, 0x8082'3519), isb};
	static constexpr Tlbi regime = Tlbi::alle3is;
	static constexpr CpuEvent gone = tlbi(Tlbi::alle3is);
	static constexpr CpuEvent page_gone = tlbi(Tlbi::vale3is, GiB >> 12);
};
template <Stage2Tag Stage> struct Truth<Stage> {
	static constexpr Register root = Register::vttbr_el2;
	static constexpr CpuEvent configured[] = {write(Register::vtcr_el2, 0x8002'3559), isb};
	static constexpr Tlbi regime = Tlbi::alle1is;
	static constexpr CpuEvent gone = tlbi(Tlbi::vmalls12e1is);
	static constexpr CpuEvent page_gone = tlbi(Tlbi::ipas2le1is, GiB >> 12);
};

template <class Stage> constexpr uint64_t root_value()
{
	return base | uint64_t{usual_config<Stage>().asid} << 48;
}

template <class Stage> void check_round(struct kunit *test)
{
	using T = Truth<Stage>;
	using Input = typename Format<Stage, Granule4K>::Input;
	const Region<Input> two{Input{GiB}, 2 * page};
	LiveBench bench{test};
	CpuLog &log = bench.log;

	{
		RecordedIdMap<Stage> map{bench.memory, usual_config<Stage>(), {}, {&log}};
		ASSERT(map.created());
		EXPECT(log.empty()); // to make a map is the CPU's business not at all

		// Nobody walks it: stores that shall be seen by then, and no TLBI.
		ASSERT(map.map({Input{GiB}, 3 * page}, usual_attributes<Stage>()));
		ASSERT(map.unmap({Input{GiB + 2 * page}, page}));
		EXPECT_EQ(log.count(CpuEvent::tlbi), 0);
		EXPECT_EQ(log.differs({dsb_ishst, isb}), nowhere);

		ASSERT(map.configure());
		if constexpr (Stage2Tag<Stage>)
			EXPECT_EQ(log.differs({T::configured[0], T::configured[1], dsb_ishst,
					       tlbi(T::regime), dsb_ish, isb}),
				  nowhere);
		else
			EXPECT_EQ(log.differs({T::configured[0], T::configured[1], T::configured[2],
					       dsb_ishst, tlbi(T::regime), dsb_ish, isb}),
				  nowhere);

		// What it held before comes back at the end, whatever it was.
		log[T::root] = 0x1234'5678'9abc'def0;
		const auto previous = map.activate();
		ASSERT(previous);
		EXPECT_EQ(previous.value().ttbr, 0x1234'5678'9abc'def0);
		EXPECT_EQ(map.users(), 1);
		EXPECT_EQ(log.differs({dsb_ishst, read(T::root),
				       write(T::root, root_value<Stage>()), isb}),
			  nowhere);

		// New is published, old is invalidated, and the sequence is complete when the call is.
		ASSERT(map.map({Input{2 * GiB - page}, page}, usual_attributes<Stage>()));
		EXPECT_EQ(log.differs({dsb_ishst, isb}), nowhere);
		ASSERT(map.protect({two.first, page}, {}));
		if constexpr (Stage2Tag<Stage>)
			EXPECT_EQ(log.differs({dsb_ishst, read(T::root), T::page_gone, dsb_ish,
					       tlbi(Tlbi::vmalle1is), dsb_ish, isb}),
				  nowhere);
		else
			EXPECT_EQ(log.differs({dsb_ishst, T::page_gone, dsb_ish, isb}), nowhere);
		// What failed says nothing to anybody.
		EXPECT_EQ(map.unmap({two.first, 8 * page}).error().code, Errc::not_mapped);
		EXPECT_EQ(map.map(two, usual_attributes<Stage>()).error().code, Errc::overlap);
		EXPECT(log.empty());

		map.deactivate(previous.value());
		if constexpr (Stage2Tag<Stage>)
			EXPECT_EQ(log.differs({dsb_ishst, read(T::root), T::gone, dsb_ish, isb,
					       read(T::root), write(T::root, 0x1234'5678'9abc'def0),
					       isb}),
				  nowhere);
		else
			EXPECT_EQ(log.differs({read(T::root), write(T::root, 0x1234'5678'9abc'def0),
					       isb, dsb_ishst, T::gone, dsb_ish, isb}),
				  nowhere);
		EXPECT_EQ(map.users(), 0);

		ASSERT(map.unmap({two.first, page}));
		EXPECT(log.empty());
	}
	EXPECT_EQ(bench.memory.live(), 0);
	ASSERT(bench.verdict.good());
}

} // namespace

TEST(a_register_has_the_encoding_of_its_name)
{
	struct {
		Register which;
		unsigned op0, op1, crn, crm, op2;
	} const registers[] = {
		{Register::ttbr0_el1, 3, 0, 2, 0, 0}, {Register::ttbr1_el1, 3, 0, 2, 0, 1},
		{Register::tcr_el1, 3, 0, 2, 0, 2},   {Register::mair_el1, 3, 0, 10, 2, 0},
		{Register::ttbr0_el2, 3, 4, 2, 0, 0}, {Register::ttbr1_el2, 3, 4, 2, 0, 1},
		{Register::tcr_el2, 3, 4, 2, 0, 2},   {Register::vttbr_el2, 3, 4, 2, 1, 0},
		{Register::vtcr_el2, 3, 4, 2, 1, 2},  {Register::mair_el2, 3, 4, 10, 2, 0},
		{Register::ttbr0_el3, 3, 6, 2, 0, 0}, {Register::tcr_el3, 3, 6, 2, 0, 2},
		{Register::mair_el3, 3, 6, 10, 2, 0}, {Register::ctr_el0, 3, 3, 0, 0, 1},
		{Register::sctlr_el1, 3, 0, 1, 0, 0}, {Register::sctlr_el2, 3, 4, 1, 0, 0},
		{Register::sctlr_el3, 3, 6, 1, 0, 0}, {Register::hcr_el2, 3, 4, 1, 1, 0},
	};

	for (const auto &r : registers)
		EXPECT_EQ(static_cast<unsigned>(r.which),
			  r.op0 << 14 | r.op1 << 11 | r.crn << 7 | r.crm << 3 | r.op2);
}

TEST(el1and0_goes_live_is_changed_and_leaves)
{
	check_round<El1And0>(test);
}

TEST(el2and0_goes_live_is_changed_and_leaves)
{
	check_round<El2And0>(test);
}

TEST(el2_goes_live_is_changed_and_leaves)
{
	check_round<El2>(test);
}

TEST(el3_goes_live_is_changed_and_leaves)
{
	check_round<El3>(test);
}

// Trap 1: what stage 2 leaves combined with stage 1 no IPA finds.
TEST(stage_2_goes_live_is_changed_and_leaves)
{
	check_round<Stage2>(test);
	check_round<Stage2Fwb>(test);
}

// TTBR1 has no ASID of its own, and an entry below it may be of any.
TEST(the_upper_range_is_its_own_register_and_of_no_asid)
{
	LiveBench bench{test};
	CpuLog &log = bench.log;
	MapConfig c = usual_config<El1And0>();
	const Region<Va> pages{Va{~low_bits(13)}, 2 * page};
	RecordedLinearMap<El1And0> map{bench.memory, (c.range = Range::upper, c), GiB, {&log}};

	ASSERT(map.created() && map.map(pages, usual_attributes<El1And0>()));
	ASSERT(map.configure());
	EXPECT_EQ(log.differs({dsb_ishst, isb, write(Register::mair_el1, 0xf0ff'bb44'0c08'0400),
			       write(Register::tcr_el1, 0x2'b519'0099), isb, dsb_ishst,
			       tlbi(Tlbi::vmalle1is), dsb_ish, isb}),
		  nowhere);
	log[Register::ttbr1_el1] = 0x77;
	const auto previous = map.activate();
	ASSERT(previous);
	EXPECT_EQ(log.differs({dsb_ishst, read(Register::ttbr1_el1),
			       write(Register::ttbr1_el1, base), isb}),
		  nowhere);
	ASSERT(map.protect({pages.last - (page - 1), page}, {}));
	EXPECT_EQ(log.differs({dsb_ishst, tlbi(Tlbi::vaale1is, low_bits(44)), dsb_ish, isb}),
		  nowhere);
	map.deactivate(previous.value());
	EXPECT_EQ(log.differs({read(Register::ttbr1_el1), write(Register::ttbr1_el1, 0x77), isb,
			       dsb_ishst, tlbi(Tlbi::vmalle1is), dsb_ish, isb}),
		  nowhere);
}

// TG0 and TG1 do not agree on how to say the same granule.
TEST(tcr_names_the_granule_of_either_range)
{
	const auto granule = [](auto format, Range range) {
		using F = decltype(format);
		const auto g = stage1_geometry<typename F::Granule>(48, 48, range);
		const uint64_t tcr = tcr_two_ranges<F>(g.value());

		return range == Range::lower ? tcr >> 14 & 3 : tcr >> 30 & 3;
	};

	EXPECT_EQ(granule(Format<El1And0, Granule4K>{}, Range::lower), 0);
	EXPECT_EQ(granule(Format<El1And0, Granule16K>{}, Range::lower), 2);
	EXPECT_EQ(granule(Format<El1And0, Granule64K>{}, Range::lower), 1);
	EXPECT_EQ(granule(Format<El1And0, Granule4K>{}, Range::upper), 2);
	EXPECT_EQ(granule(Format<El1And0, Granule16K>{}, Range::upper), 1);
	EXPECT_EQ(granule(Format<El1And0, Granule64K>{}, Range::upper), 3);
	for (auto tcr :
	     {tcr_one_range<Format<El2, Granule16K>>(stage1_geometry<Granule16K>(48, 48).value()),
	      tcr_one_range<Format<El3, Granule16K>>(stage1_geometry<Granule16K>(48, 48).value())})
		EXPECT_EQ(tcr >> 14 & 3, 2);
}

// No field of a range that is off may hold a value that is reserved: TG1 = 0 is (Cortex-A57 erratum 822227
// hangs on it), and so is a TSZ of 0, and a granule that the machine has not got.
TEST(a_range_that_is_off_has_the_granule_and_the_size_of_the_other)
{
	const auto check = [&](auto granule, unsigned code0, unsigned code1) {
		using Granule = decltype(granule);
		using F = Format<El2And0, Granule>;

		for (Range range : {Range::lower, Range::upper}) {
			const uint64_t tcr = control_register<F>(
				stage1_geometry<Granule>(40, 40, range).value(), {.range = range});

			EXPECT_EQ(tcr >> 14 & 3, code0);
			EXPECT_EQ(tcr >> 30 & 3, code1);
			EXPECT_EQ(tcr & 63, 24);
			EXPECT_EQ(tcr >> 16 & 63, 24);
			EXPECT_EQ(tcr & (bit(7) | bit(23)),
				  range == Range::lower ? bit(23) : bit(7));
		}
	};

	check(Granule4K{}, 0, 2);
	check(Granule16K{}, 2, 1);
	check(Granule64K{}, 1, 3);
}

TEST(two_ranges_share_one_tcr)
{
	LiveBench bench{test};
	CpuLog &log = bench.log;
	MapConfig c = usual_config<El1And0>();

	c.asid = 0x1234;
	c.asid16 = true;
	c.hardware = {.access_flag = true};
	RecordedIdMap<El1And0> lower{bench.memory, c, {}, {&log}};
	c.range = Range::upper;
	c.pa_bits = 48;
	c.va_bits = 48;
	c.hardware.dirty_state = true;
	RecordedLinearMap<El1And0> upper{bench.memory, c, 0, {&log}};

	c.va_bits = 39;
	RecordedLinearMap<El1And0> narrow{bench.memory, c, 0, {&log}};

	ASSERT(lower.created() && upper.created() && narrow.created());
	// HA and HD, AS, IPS of 48 bits; T0SZ 25, T1SZ 16.
	const uint64_t tcr = bit(39) | bit(40) | bit(36) | uint64_t{5} << 32 | 0xb510'3519;
	for (bool other_way : {false, true}) {
		ASSERT(other_way ? upper.configure_with(lower) : lower.configure_with(upper));
		EXPECT_EQ(log.differs({write(Register::mair_el1, 0xf0ff'bb44'0c08'0400),
				       write(Register::tcr_el1, tcr), isb, dsb_ishst,
				       tlbi(Tlbi::vmalle1is), dsb_ish, isb}),
			  nowhere);
	}
	EXPECT(lower.configure_with(lower).error() == Error(Errc::overlap, lower.space()));
	EXPECT(upper.configure_with(narrow).error() == Error(Errc::overlap, narrow.space()));
	EXPECT(log.empty());
	EXPECT_EQ(lower.root_register(), base | uint64_t{0x1234} << 48);
	EXPECT_EQ(upper.root_register(), base + page);
}

TEST(a_map_is_live_until_its_last_cpu_leaves)
{
	LiveBench bench{test};
	CpuLog &log = bench.log;
	RecordedIdMap<El1And0> map{bench.memory, usual_config<El1And0>(), {}, {&log}};
	ASSERT(map.created() && map.map({Va{GiB}, 16 * page}, usual_attributes<El1And0>()));
	const auto first = map.activate();
	const auto second = map.activate();

	ASSERT(first && second);
	// One log for both CPUs: the second finds what the first wrote.
	EXPECT_EQ(second.value().ttbr, root_value<El1And0>());
	EXPECT_EQ(map.users(), 2);
	for (unsigned users : {2, 1, 0}) {
		ASSERT_EQ(map.users(), users);
		log.forget();
		ASSERT(map.unmap({Va{GiB + users * page}, page}));
		EXPECT_EQ(log.count(CpuEvent::tlbi), users ? 1 : 0);
		log.forget();
		EXPECT_EQ(map.destroy(), users == 0);
		EXPECT_EQ(log.empty(), users != 0); // but for what is freed
		if (users)
			map.deactivate(users == 2 ? second.value() : first.value());
	}
	EXPECT_EQ(bench.memory.live(), 0);
	ASSERT(bench.verdict.good());
}

TEST(who_writes_the_ttbr_otherwise_marks_the_map)
{
	LiveBench bench{test};
	CpuLog &log = bench.log;
	RecordedIdMap<El3> map{bench.memory, usual_config<El3>(), {}, {&log}};

	ASSERT(map.created() && map.map({Va{GiB}, 2 * page}, normal | rw));
	log.forget();
	map.mark_active();
	EXPECT_EQ(log.differs({dsb_ishst}), nowhere);
	EXPECT_EQ(map.users(), 1);
	ASSERT(map.protect({Va{GiB}, page}, {}));
	EXPECT_EQ(log.differs({dsb_ishst, Truth<El3>::page_gone, dsb_ish, isb}), nowhere);
	map.mark_inactive();
	EXPECT_EQ(log.differs({dsb_ishst, tlbi(Tlbi::alle3is), dsb_ish, isb}), nowhere);
	EXPECT_EQ(map.users(), 0);
	ASSERT(map.protect({Va{GiB}, page}, {.write = true}));
	EXPECT(log.empty());
}

TEST(a_map_that_was_not_made_tells_a_cpu_nothing)
{
	LiveBench bench{test};
	CpuLog &log = bench.log;

	bench.memory.fail_at(0);
	RecordedIdMap<El1And0> rootless{bench.memory, usual_config<El1And0>(), {}, {&log}};
	RecordedIdMap<El1And0> good{bench.memory, usual_config<El1And0>(), {}, {&log}};
	const Error no_root{Errc::no_memory, 0, low_bits(39)};

	EXPECT(rootless.created().error() == no_root);
	EXPECT(rootless.configure().error() == no_root);
	EXPECT(rootless.activate().error() == no_root);
	EXPECT(good.configure_with(rootless).error() == no_root);
	EXPECT_EQ(rootless.users(), 0);
	EXPECT(rootless.destroy());
	// Destroyed is as never made.
	ASSERT(good.created() && good.destroy());
	EXPECT(good.activate().error() == no_root);
	EXPECT(good.map({Va{0}, page}, normal | rw).error() == no_root);
	EXPECT(log.differs({table_freed}) == nowhere);
	ASSERT(bench.verdict.good());
}

// Address bits [51:48] stand in [5:2] of a TTBR with 52 bits of output.
TEST(a_root_of_52_bits_is_split_in_its_register)
{
	LiveBench bench{test, 0xb'1234'5670'0000};
	MapConfig c = usual_config<El1And0>();

	c.pa_bits = 52;
	RecordedIdMap<El1And0, 52> map{bench.memory, c, {}, {&bench.log}};
	ASSERT(map.created());
	EXPECT_EQ(map.root_address().raw(), 0xb'1234'5670'0000);
	EXPECT_EQ(map.root_register(), 0x0005'1234'5670'002c);
	// IPS 6 and DS.
	EXPECT_EQ(map.control(), bit(59) | 0x6'8099'3519);
}

SUITE(activation, a_register_has_the_encoding_of_its_name, el1and0_goes_live_is_changed_and_leaves,
      el2and0_goes_live_is_changed_and_leaves, el2_goes_live_is_changed_and_leaves,
      el3_goes_live_is_changed_and_leaves, stage_2_goes_live_is_changed_and_leaves,
      the_upper_range_is_its_own_register_and_of_no_asid, tcr_names_the_granule_of_either_range,
      a_range_that_is_off_has_the_granule_and_the_size_of_the_other, two_ranges_share_one_tcr,
      a_map_is_live_until_its_last_cpu_leaves, who_writes_the_ttbr_otherwise_marks_the_map,
      a_map_that_was_not_made_tells_a_cpu_nothing, a_root_of_52_bits_is_split_in_its_register);
