// SPDX-License-Identifier: GPL-2.0-only
//
// Faults that other libraries have had in what they tell a CPU: barriers, TLBI operands, ASIDs. The others
// are in faults.cpp.
#include "support/live_bench.hpp"

using namespace vmsa;
using namespace support;

namespace
{

using S1 = Format<El1And0, Granule4K>;

constexpr uint64_t page = 4 * KiB;

} // namespace

// Fault 14: there was no DSB between a store and its TLBI, a DMB where activation needs a DSB, and at
// stage 2 neither a DSB nor VMALLE1IS behind IPAS2E1IS; VTTBR was of VMID 0 whatever it was asked for, and
// what deactivation invalidated was not broadcast.
TEST(barriers_stand_where_they_should_and_reach_every_cpu)
{
	LiveBench bench{test};
	CpuLog &log = bench.log;
	RecordedIdMap<Stage2> guest{bench.memory, usual_config<Stage2>(), {}, {&log}};
	RecordedIdMap<El1And0> map{bench.memory, usual_config<El1And0>(), {}, {&log}};
	const auto watch = [&](auto &tree, auto at) {
		tree.steps(at, [&](Level, size_t i, Pa table, Descriptor) {
			log.watch = bench.memory.pointer(table) + i;
		});
	};

	ASSERT(guest.created() && guest.map({Ipa{0}, 2 * page}, normal | rw));
	ASSERT(map.created() && map.map({Va{0}, 2 * page}, usual_attributes<El1And0>()));
	log.forget();

	const auto vttbr = guest.activate();
	const auto ttbr = map.activate();

	EXPECT_EQ(
		log.differs(
			{dsb_ishst, read(Register::vttbr_el2),
			 write(Register::vttbr_el2, guest.root_address().raw() | uint64_t{5} << 48),
			 isb, dsb_ishst, read(Register::ttbr0_el1),
			 write(Register::ttbr0_el1, map.root_address().raw() | uint64_t{5} << 48),
			 isb}),
		CpuLog::nowhere);

	watch(guest.tree(), Ipa{0});
	ASSERT(guest.unmap({Ipa{0}, page}));
	EXPECT_EQ(log.watched(0), 0); // stored before the first DSB
	EXPECT_EQ(log.differs({dsb_ishst, read(Register::vttbr_el2), tlbi(Tlbi::ipas2le1is),
			       dsb_ish, tlbi(Tlbi::vmalle1is), dsb_ish, isb}),
		  CpuLog::nowhere);
	watch(map.tree(), Va{0});
	ASSERT(map.unmap({Va{0}, page}));
	EXPECT_EQ(log.watched(0), 0);
	EXPECT_EQ(log.differs({dsb_ishst, tlbi(Tlbi::vale1is, uint64_t{5} << 48), dsb_ish, isb}),
		  CpuLog::nowhere);

	// Of the Inner Shareable domain, all of them: CRm is 3.
	map.deactivate(ttbr.value());
	guest.deactivate(vttbr.value());
	EXPECT_EQ(log.differs({read(Register::ttbr0_el1),
			       write(Register::ttbr0_el1, 0),
			       isb,
			       dsb_ishst,
			       {CpuEvent::tlbi, 0x032, uint64_t{5} << 48},
			       dsb_ish,
			       isb,
			       dsb_ishst,
			       read(Register::vttbr_el2),
			       {CpuEvent::tlbi, 0x436, 0},
			       dsb_ish,
			       isb,
			       read(Register::vttbr_el2),
			       write(Register::vttbr_el2, 0),
			       isb}),
		  CpuLog::nowhere);
}

// Fault 15: the operand for an address of the upper range was not masked, so that it had a TTL of 0xf, and
// some machines skip such an instruction.
TEST(an_address_of_the_upper_range_is_no_hint)
{
	const auto operand = [](Va at, TlbiFeatures features) {
		uint64_t found = 0;

		tlbi_plan<S1>({at, page}, last_level, false, {5, false}, features)
			.for_each([&](Tlbi, uint64_t o) { found = o; });
		return found;
	};

	for (uint64_t at = ~uint64_t{0xfff}; at >= ~low_bits(48); at -= bit(40) + page) {
		EXPECT_EQ(operand(Va{at}, {}) >> 44, 0);
		EXPECT_EQ(operand(Va{at}, {.ttl = true}) >> 44, 0b0111); // 4K, level 3, no ASID
		EXPECT_EQ(operand(Va{at}, {}), at >> 12 & low_bits(44));
	}
}

// Fault 16: EL2&0 invalidated with ASID 0 whatever the ASID, and global entries outlived deactivation.
TEST(el2and0_invalidates_its_own_asid_and_leaves_nothing)
{
	LiveBench bench{test};
	CpuLog &log = bench.log;
	MapConfig c2 = usual_config<El2And0>();
	MapConfig c1 = usual_config<El1And0>();

	c1.global = c2.global = true; // where a leaf says so
	RecordedIdMap<El2And0> map{bench.memory, c2, {}, {&log}};
	RecordedIdMap<El1And0> el1{bench.memory, c1, {}, {&log}};

	ASSERT(map.created() && map.map({Va{0}, page}, usual_attributes<El2And0>()));
	ASSERT(map.map({Va{page}, 2 * page}, normal | rw)); // global
	ASSERT(el1.created() && el1.map({Va{0}, page}, normal | rw));
	map.mark_active();
	el1.mark_active();
	log.forget();
	ASSERT(map.unmap({Va{page}, page}));
	EXPECT_EQ(
		log.differs({dsb_ishst, tlbi(Tlbi::vale2is, uint64_t{5} << 48 | 1), dsb_ish, isb}),
		CpuLog::nowhere);
	map.mark_inactive();
	EXPECT_EQ(log.differs({dsb_ishst, tlbi(Tlbi::alle2is), dsb_ish, isb}), CpuLog::nowhere);
	el1.mark_inactive();
	EXPECT_EQ(log.differs({dsb_ishst, tlbi(Tlbi::vmalle1is), dsb_ish, isb}), CpuLog::nowhere);
}

SUITE(faults_cpu, barriers_stand_where_they_should_and_reach_every_cpu,
      an_address_of_the_upper_range_is_no_hint,
      el2and0_invalidates_its_own_asid_and_leaves_nothing);
