// SPDX-License-Identifier: GPL-2.0-only
//
// Retag: a map gets another ASID or VMID, and no TLB entry of the old tag, or of whoever had the new one, is left.
// And how far invalidations reach.
#include "support/live_bench.hpp"

using namespace vmsa;
using namespace support;

namespace
{

constexpr auto nowhere = CpuLog::nowhere;
constexpr uint64_t page = 4 * KiB;

constexpr uint64_t tag(uint64_t asid)
{
	return asid << 48;
}

} // namespace

// What the new ASID may have left goes before it is used, what the old one has left after.
TEST(an_asid_is_clean_before_it_is_used_and_after)
{
	LiveBench bench{test};
	CpuLog &log = bench.log;
	RecordedIdMap<El1And0> map{bench.memory, usual_config<El1And0>(), {}, {&log}};
	const uint64_t root = map.root_address().raw();

	ASSERT(map.map({Va{GiB}, page}, normal | rw));
	log[Register::ttbr0_el1] = 0;
	static_cast<void>(map.activate());
	log.forget();
	EXPECT(map.retag(9));
	EXPECT_EQ(map.asid(), 9);
	EXPECT_EQ(log.differs({dsb_ishst, tlbi(Tlbi::aside1is, tag(9)), dsb_ish, isb,
			       read(Register::ttbr0_el1), read(Register::ttbr0_el1),
			       write(Register::ttbr0_el1, tag(9) | root), isb, dsb_ishst,
			       tlbi(Tlbi::aside1is, tag(5)), dsb_ish, isb}),
		  nowhere);
	// What is changed from then on is of the new one.
	EXPECT(map.protect({Va{GiB}, page}, r));
	EXPECT_EQ(log.differs({dsb_ishst, tlbi(Tlbi::vale1is, tag(9) | GiB / page), dsb_ish, isb}),
		  nowhere);
	// Of a map that this CPU does not have, the register stays.
	log[Register::ttbr0_el1] = 0x77;
	EXPECT(map.retag(10, TagFlush::none));
	EXPECT_EQ(log.differs({read(Register::ttbr0_el1)}), nowhere);
	// A rollover: once for all.
	map.flush_every_tag();
	EXPECT_EQ(log.differs({dsb_ishst, tlbi(Tlbi::vmalle1is), dsb_ish, isb}), nowhere);
	map.mark_inactive();
}

// At stage 2 nothing can be said of a VMID that is not in VTTBR_EL2, and walks go on as long as one is: all go.
TEST(a_vmid_changes_and_then_all_of_them_are_clean)
{
	LiveBench bench{test};
	CpuLog &log = bench.log;
	RecordedIdMap<Stage2> map{bench.memory, usual_config<Stage2>(), {}, {&log}};
	const uint64_t root = map.root_address().raw();

	ASSERT(map.map({Ipa{GiB}, page}, normal | rw));
	static_cast<void>(map.activate());
	log.forget();
	EXPECT(map.retag(0)); // 0 is a VMID like any other
	EXPECT_EQ(log.differs({read(Register::vttbr_el2), read(Register::vttbr_el2),
			       write(Register::vttbr_el2, root), isb, dsb_ishst,
			       tlbi(Tlbi::alle1is), dsb_ish, isb}),
		  nowhere);
	EXPECT_EQ(log[Register::vttbr_el2], root);
	// Changes go by the new one, whatever VTTBR_EL2 holds.
	log[Register::vttbr_el2] = tag(5) | 0x1000;
	EXPECT(map.protect({Ipa{GiB}, page}, r));
	EXPECT_EQ(log.differs({dsb_ishst, read(Register::vttbr_el2),
			       write(Register::vttbr_el2, root), isb,
			       tlbi(Tlbi::ipas2le1is, GiB / page), dsb_ish, tlbi(Tlbi::vmalle1is),
			       dsb_ish, isb, write(Register::vttbr_el2, tag(5) | 0x1000), isb}),
		  nowhere);
	EXPECT_EQ(log[Register::vttbr_el2], tag(5) | 0x1000);
	log[Register::vttbr_el2] = root;
	map.mark_inactive();
}

TEST(a_tag_that_cannot_be_is_refused)
{
	LiveBench bench{test};
	MapConfig c = usual_config<El1And0>();
	RecordedIdMap<El1And0> map{bench.memory, c, {}, {&bench.log}};
	RecordedIdMap<El2> none{bench.memory, usual_config<El2>(), {}, {&bench.log}};
	RecordedIdMap<El1And0> global{bench.memory, (c.asid = 0, c), {}, {&bench.log}};
	RecordedLinearMap<El1And0> upper{
		bench.memory, (c.asid = 1, c.range = Range::upper, c), GiB, {&bench.log}};

	EXPECT(map.retag(0x100).error() == Error(Errc::asid, 0x100, 0xff));
	EXPECT(map.retag(0).error() == Error(Errc::asid, 0, 0));
	EXPECT(none.retag(1).error() == Error(Errc::asid, 1, 0));
	EXPECT(global.retag(1).error() == Error(Errc::asid, 1, 0));
	EXPECT(upper.retag(2).error() == Error(Errc::asid, 2, 0));
	EXPECT_EQ(map.asid(), 5);
	EXPECT(bench.log.empty());
}

TEST(cnp_is_bit_0_of_the_root_register)
{
	LiveBench bench{test};
	MapConfig c = usual_config<Stage2>();
	RecordedIdMap<Stage2> alone{bench.memory, c, {}, {&bench.log}};
	RecordedIdMap<Stage2> shared{bench.memory, (c.cnp = true, c), {}, {&bench.log}};

	EXPECT_EQ(alone.root_register(), tag(5) | alone.root_address().raw());
	EXPECT_EQ(shared.root_register(), tag(5) | shared.root_address().raw() | 1);
}

// As an assembler has them: op1 [10:8], CRm [7:4], op2 [2:0], of this CPU's form and the Outer Shareable one.
TEST(an_instruction_of_another_scope_has_its_encoding)
{
	constexpr struct {
		Tlbi op;
		unsigned local;
		unsigned outer;
	} encodings[] = {
		{Tlbi::vmalle1is, 0x070, 0x010},    {Tlbi::vae1is, 0x071, 0x011},
		{Tlbi::aside1is, 0x072, 0x012},	    {Tlbi::vaae1is, 0x073, 0x013},
		{Tlbi::vale1is, 0x075, 0x015},	    {Tlbi::vaale1is, 0x077, 0x017},
		{Tlbi::rvae1is, 0x061, 0x051},	    {Tlbi::rvaae1is, 0x063, 0x053},
		{Tlbi::rvale1is, 0x065, 0x055},	    {Tlbi::rvaale1is, 0x067, 0x057},
		{Tlbi::ipas2e1is, 0x441, 0x440},    {Tlbi::ripas2e1is, 0x442, 0x443},
		{Tlbi::ipas2le1is, 0x445, 0x444},   {Tlbi::ripas2le1is, 0x446, 0x447},
		{Tlbi::alle2is, 0x470, 0x410},	    {Tlbi::vae2is, 0x471, 0x411},
		{Tlbi::alle1is, 0x474, 0x414},	    {Tlbi::vale2is, 0x475, 0x415},
		{Tlbi::vmalls12e1is, 0x476, 0x416}, {Tlbi::rvae2is, 0x461, 0x451},
		{Tlbi::rvale2is, 0x465, 0x455},	    {Tlbi::alle3is, 0x670, 0x610},
		{Tlbi::vae3is, 0x671, 0x611},	    {Tlbi::vale3is, 0x675, 0x615},
		{Tlbi::rvae3is, 0x661, 0x651},	    {Tlbi::rvale3is, 0x665, 0x655},
	};

	for (const auto &e : encodings) {
		EXPECT_EQ(tlbi_encoding(e.op, TlbiScope::local), e.local);
		EXPECT_EQ(tlbi_encoding(e.op, TlbiScope::outer), e.outer);
		EXPECT_EQ(tlbi_encoding(e.op, TlbiScope::inner), static_cast<unsigned>(e.op));
	}
}

SUITE(retag, an_asid_is_clean_before_it_is_used_and_after,
      a_vmid_changes_and_then_all_of_them_are_clean, a_tag_that_cannot_be_is_refused,
      cnp_is_bit_0_of_the_root_register, an_instruction_of_another_scope_has_its_encoding);
