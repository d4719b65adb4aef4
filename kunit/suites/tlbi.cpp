// SPDX-License-Identifier: GPL-2.0-only
//
// TLBI plans: that their instructions remove all they should, in few operations, and that no bit of an
// address ends up where a hint or an ASID stands. Plans are read back by tlbi_reader.hpp, which was
// written from the Arm ARM.
#include "support/tlbi_checks.hpp"

using namespace vmsa;
using namespace support;

TEST(an_instruction_has_the_encoding_of_its_name)
{
	for (const TlbiMeaning &m : tlbi_meanings) {
		EXPECT_EQ(static_cast<unsigned>(m.op),
			  static_cast<unsigned>(m.op1 << 8 | m.crm << 4 | m.op2));
		EXPECT_EQ(has_operand(m.op), m.form != TlbiForm::everything);
	}
}

TEST(features_are_read_from_the_id_registers)
{
	const auto features = [](unsigned tlb, unsigned ttl) {
		return tlbi_features(~(uint64_t{15} << 56) | uint64_t{tlb} << 56,
				     ~(uint64_t{15} << 48) | uint64_t{ttl} << 48);
	};

	EXPECT(!features(0, 0).range && !features(0, 0).ttl);
	EXPECT(!features(1, 0).range); // FEAT_TLBIOS alone
	EXPECT(features(2, 0).range && !features(2, 0).ttl);
	EXPECT(features(0, 1).ttl && !features(0, 1).range);
	EXPECT(!features(2, 1).repeat);
}

// Trap 10: the address is shifted by 12 whatever the granule. Numbers as the Arm ARM lays them out.
TEST(an_operand_has_every_field_in_its_place)
{
	const auto el1 = one<El1_4K>(0x12'3456'7000, 4 * KiB, 3, asid);

	EXPECT(el1.op == Tlbi::vale1is && el1.count == 1);
	EXPECT_EQ(el1.operand, 0xa51d'7000'0123'4567);
	EXPECT_EQ(one<El1_4K>(0x12'3456'7000, 4 * KiB, 3, asid, none).operand,
		  0xa51d'0000'0123'4567);
	EXPECT_EQ(one<El1_64K>(0x12'3457'0000, 64 * KiB, 3, asid).operand, 0xa51d'f000'0123'4570);
	EXPECT_EQ(one<S2_4K>(0x9234'5678'9000, 4 * KiB, 3, asid).operand, 0x7009'2345'6789);
	EXPECT_EQ(one<S2_Lpa2>(0xf'9234'5678'9000, 4 * KiB, 3, asid).operand, 0x70f9'2345'6789);

	// 64 pages from page 0x1234567 on: SCALE 1, NUM 0, TTL 3.
	const auto range = one<El1_4K>(0x12'3456'7000, 256 * KiB, 3, asid);

	EXPECT(range.op == Tlbi::rvale1is && range.count == 1);
	EXPECT_EQ(range.operand, 0xa51d'5060'0123'4567);
	// 512 MiB of 64K pages: SCALE 2, NUM 3; BaseADDR in 64K. The same with LPA2 and 4K pages: 2^17
	// of them, SCALE 3, NUM 1.
	EXPECT_EQ(one<El1_64K>(GiB, 512 * MiB, 3, asid).operand, 0xa51d'e1e0'0000'4000);
	EXPECT_EQ(one<El1_Lpa2>(GiB, 512 * MiB, 3, asid).operand, 0xa51d'70e0'0000'4000);
}

TEST(a_hint_is_given_where_a_leaf_can_be)
{
	// Of the TTL field: granule in [3:2], level in [1:0]; level 0 takes LPA2, level 1 of 16K and
	// 64K 52 bits.
	const unsigned hints[][5] = {
		{ttl_hint<El1_4K>(-1), ttl_hint<El1_4K>(0), ttl_hint<El1_4K>(1),
		 ttl_hint<El1_4K>(2), ttl_hint<El1_4K>(3)},
		{ttl_hint<El1_Lpa2>(-1), ttl_hint<El1_Lpa2>(0), ttl_hint<El1_Lpa2>(1),
		 ttl_hint<El1_Lpa2>(2), ttl_hint<El1_Lpa2>(3)},
		{ttl_hint<El1_16K>(-1), ttl_hint<El1_16K>(0), ttl_hint<El1_16K>(1),
		 ttl_hint<El1_16K>(2), ttl_hint<El1_16K>(3)},
		{ttl_hint<El1_16K_Lpa2>(-1), ttl_hint<El1_16K_Lpa2>(0), ttl_hint<El1_16K_Lpa2>(1),
		 ttl_hint<El1_16K_Lpa2>(2), ttl_hint<El1_16K_Lpa2>(3)},
		{ttl_hint<El1_64K>(-1), ttl_hint<El1_64K>(0), ttl_hint<El1_64K>(1),
		 ttl_hint<El1_64K>(2), ttl_hint<El1_64K>(3)},
		{ttl_hint<El1_64K_Lpa>(-1), ttl_hint<El1_64K_Lpa>(0), ttl_hint<El1_64K_Lpa>(1),
		 ttl_hint<El1_64K_Lpa>(2), ttl_hint<El1_64K_Lpa>(3)},
	};
	const unsigned expected[][5] = {
		{0, 0, 0b0101, 0b0110, 0b0111}, {0, 0b0100, 0b0101, 0b0110, 0b0111},
		{0, 0, 0, 0b1010, 0b1011},	{0, 0, 0b1001, 0b1010, 0b1011},
		{0, 0, 0, 0b1110, 0b1111},	{0, 0, 0b1101, 0b1110, 0b1111},
	};

	for (size_t format = 0; format < std::size(expected); format++) {
		for (size_t level = 0; level < 5; level++)
			EXPECT_EQ(hints[format][level], expected[format][level]);
	}
	EXPECT_EQ(ttl_hint<El1_4K>(unknown_level), 0);
}

// Trap 8: a hint that does not fit may invalidate nothing.
TEST(a_hint_is_given_for_whole_leaves_of_one_level_only)
{
	constexpr uint64_t block = 2 * MiB;
	const auto level = [](uint64_t first, uint64_t size, Level l, bool tables) {
		const One o = one<El1_4K>(first, size, l, asid, {.ttl = true}, tables);

		return TlbiReader<El1_4K>::address(o.operand).level;
	};

	EXPECT_EQ(level(block, block, 2, false), 2);
	EXPECT_EQ(level(block, block, 2, true), unknown_level);
	EXPECT_EQ(level(block, block, unknown_level, false), unknown_level);
	EXPECT_EQ(level(block, 4 * KiB, 2, false), unknown_level);
	EXPECT_EQ(level(block, block - 4 * KiB, 2, false), unknown_level);
	EXPECT_EQ(level(block + 4 * KiB, block - 4 * KiB, 2, false), unknown_level);
	EXPECT_EQ(level(GiB, GiB, 1, false), 1);
	EXPECT_EQ(one<El1_4K>(512 * GiB, 512 * GiB, 0, asid, {.ttl = true}).op, Tlbi::aside1is);
	EXPECT_EQ(one<El1_Lpa2>(512 * GiB, 512 * GiB, 0, asid, {.ttl = true}).operand,
		  0xa51d'4000'0800'0000);
	// A range has no way to hint at level 0; one block takes no range.
	EXPECT_EQ(one<El1_Lpa2>(512 * GiB, 512 * GiB, 0, asid).operand, 0xa51d'4000'0800'0000);
}

TEST(walk_caches_go_where_a_table_went)
{
	const auto op = [](uint64_t size, bool tables, TlbiFeatures features) {
		return one<S2_4K>(GiB, size, 3, asid, features, tables).op;
	};

	EXPECT_EQ(op(4 * KiB, false, all), Tlbi::ipas2le1is);
	EXPECT_EQ(op(4 * KiB, true, all), Tlbi::ipas2e1is);
	EXPECT_EQ(op(64 * KiB, false, all), Tlbi::ripas2le1is);
	EXPECT_EQ(op(64 * KiB, true, all), Tlbi::ripas2e1is);
}

// Trap 11, and the bound that greedy encoders miss: every run, exhaustively.
TEST(any_run_of_pages_takes_two_instructions_at_most)
{
	check_pages<El1_4K>(test, 48);
	check_pages<El1_4K>(test, 48, global);
	check_pages<El1_16K>(test, 48);
	check_pages<El1_64K_Lpa>(test, 52);
	check_pages<El1_Lpa2>(test, 52);
	check_pages<El1_16K_Lpa2>(test, 52);
	check_pages<El2And0_4K>(test, 48);
	check_pages<El2_4K>(test, 48);
	check_pages<El3_4K>(test, 48);
	check_pages<S2_4K>(test, 48);
	check_pages<S2_Lpa2>(test, 52);
	check_pages<S2_64K_Lpa>(test, 52);
}

TEST(any_run_of_blocks_takes_two_instructions_at_most)
{
	check_runs<El1_4K>(test, 10 * MiB, 2, 4096);
	check_runs<El1_4K>(test, 3 * GiB, 1, 16);
	check_runs<El1_16K>(test, 96 * MiB, 2, 2048);
	check_runs<El1_64K>(test, 1536 * MiB, 2, 512);
	check_runs<El1_Lpa2>(test, 10 * MiB, 2, 4096);
	check_runs<El1_Lpa2>(test, 3 * GiB, 1, 16);
	check_runs<S2_4K>(test, 10 * MiB, 2, 4096);
}

TEST(what_is_longer_than_two_ranges_empties_the_tag)
{
	const uint64_t most = 2 * max_range_pages * 4 * KiB;

	EXPECT_EQ(max_range_pages, 1 << 21);
	EXPECT_EQ(operations<El1_4K>({Va{0}, most}, 3, false, asid, all), 2);
	for (uint64_t size : {most + 4 * KiB, bit(48)}) {
		EXPECT_EQ(one<El1_4K>(0, size, 3, asid).op, Tlbi::aside1is);
		EXPECT_EQ(one<El1_4K>(0, size, 3, asid).operand, 0xa51d'0000'0000'0000);
		EXPECT_EQ(one<El1_4K>(0, size, 3, global).op, Tlbi::vmalle1is);
		EXPECT_EQ(one<El2And0_4K>(0, size, 3, asid).op, Tlbi::alle2is);
		EXPECT_EQ(one<El2_4K>(0, size, 3, {}).op, Tlbi::alle2is);
		EXPECT_EQ(one<El3_4K>(0, size, 3, {}).op, Tlbi::alle3is);
		EXPECT_EQ(one<S2_4K>(0, size, 3, asid).op, Tlbi::vmalls12e1is);
		EXPECT_EQ(one<S2_4K>(0, size, 3, asid).count, 1);
	}
}

// Trap 12.
TEST(without_ranges_there_are_512_instructions_at_most)
{
	for (unsigned n = 1; n <= max_single_ops<El1And0>; n++) {
		ASSERT_EQ(operations<El1_4K>({Va{GiB}, n * 4 * KiB}, 3, false, asid, none), n);
		ASSERT_EQ(operations<El1_4K>({Va{GiB}, n * 2 * MiB}, 2, false, asid, {.ttl = true}),
			  n);
		ASSERT_EQ(operations<El3_4K>({Va{GiB}, n * 4 * KiB}, 3, true, {}, none), n);
	}
	EXPECT_EQ(max_single_ops<El1And0>, 512);
	EXPECT_EQ(one<El1_4K>(0, 513 * 4 * KiB, 3, asid, none).op, Tlbi::aside1is);
	EXPECT_EQ(one<El1_4K>(0, 513 * 4 * KiB, 3, global, none).op, Tlbi::vmalle1is);
	EXPECT_EQ(one<El1_4K>(0, 513 * 4 * KiB, 3, global, none).count, 1);
	// By leaf, where the leaves are known: 1 GiB of blocks is 512 of them, of pages it is too many.
	EXPECT_EQ(one<El1_4K>(0, GiB, 2, asid, none).count, 512);
	EXPECT_EQ(one<El1_4K>(0, GiB, 3, asid, none).count, 1);
	EXPECT_EQ(one<El1_4K>(0, GiB, unknown_level, asid, none).count, 1);
}

// A TLBI by IPA would need a second round, of VMALLE1IS. Whatever goes, and however little, this one reaches it.
TEST(at_stage_2_without_ranges_the_vmid_is_emptied)
{
	for (uint64_t pages : {1, 2, 16, 512, 513}) {
		for (bool tables : {false, true}) {
			const One small =
				one<S2_4K>(GiB, pages * 4 * KiB, 3, asid, {.ttl = true}, tables);
			const One large = one<S2_64K_Lpa>(GiB, pages * 64 * KiB, unknown_level,
							  asid, none, tables);

			EXPECT(small.op == Tlbi::vmalls12e1is && small.count == 1);
			EXPECT(large.op == Tlbi::vmalls12e1is && large.count == 1);
		}
	}
	EXPECT_EQ(one<S2_4K>(GiB, 2 * MiB, 2, asid, {.ttl = true}).op, Tlbi::vmalls12e1is);
}

// Bits [63:56] of an address are no ASID, and [55:52] of the shifted one no TTL. Nor is the upper range
// this tree's ASID's: its walks go by that of TTBR0.
TEST(the_upper_range_spills_into_no_other_field)
{
	EXPECT_EQ(one<El1_4K>(0xffff'8012'3456'7000, 4 * KiB, 3, asid).operand,
		  0x0000'7ff8'0123'4567);
	EXPECT_EQ(one<El1_4K>(~low_bits(12), 4 * KiB, 3, asid, none).operand,
		  0x0000'0fff'ffff'ffff);
	EXPECT_EQ(one<El1_4K>(~low_bits(12), 4 * KiB, 3, asid).op, Tlbi::vaale1is);
	EXPECT_EQ(one<El1_4K>(~low_bits(18), 256 * KiB, 3, asid).op, Tlbi::rvaale1is);
	EXPECT_EQ(one<El1_4K>(~low_bits(18), 256 * KiB, 3, asid).operand, 0x0000'507f'ffff'ffc0);
	EXPECT_EQ(one<El1_4K>(~low_bits(39), bit(39), 3, asid).op, Tlbi::vmalle1is);
	EXPECT_EQ(one<El1_4K>(~low_bits(39), bit(39), 3, asid, none).op, Tlbi::vmalle1is);
	check_upper<El1_4K>(test);
	check_upper<El1_16K>(test);
	check_upper<El1_64K_Lpa>(test);
	check_upper<El1_Lpa2>(test);
	check_upper<El1_16K_Lpa2>(test);
}

TEST(an_asid_is_named_where_the_tree_has_one)
{
	const auto op = [](auto format, TlbiTag tag) {
		return one<decltype(format)>(GiB, 4 * KiB, 3, tag);
	};

	EXPECT(op(El1_4K{}, asid).op == Tlbi::vale1is &&
	       op(El1_4K{}, asid).operand >> 48 == 0xa51d);
	EXPECT(op(El1_4K{}, global).op == Tlbi::vaale1is &&
	       op(El1_4K{}, global).operand >> 48 == 0);
	// VALE2IS removes what is global and what is of the ASID, so it takes the ASID either way.
	for (TlbiTag tag : {asid, global}) {
		EXPECT(op(El2And0_4K{}, tag).op == Tlbi::vale2is);
		EXPECT_EQ(op(El2And0_4K{}, tag).operand >> 48, 0xa51d);
	}
	// There is none at EL2 and EL3, and a VMID is not named, but current.
	EXPECT(op(El2_4K{}, asid).op == Tlbi::vale2is && op(El2_4K{}, asid).operand >> 48 == 0);
	EXPECT(op(El3_4K{}, asid).op == Tlbi::vale3is && op(El3_4K{}, asid).operand >> 48 == 0);
	EXPECT(op(S2_4K{}, asid).op == Tlbi::ipas2le1is && op(S2_4K{}, asid).operand >> 48 == 0);
}

// There is no VAAE2IS, and the ASID of an entry in the upper range is not known.
TEST(the_upper_range_of_el2and0_takes_everything)
{
	for (uint64_t size : {4 * KiB, 256 * KiB, bit(39)}) {
		const One o = one<El2And0_4K>(0 - size, size, 3, asid);

		EXPECT(o.op == Tlbi::alle2is && o.count == 1);
	}
}

TEST(everything_of_a_tree_and_of_a_regime)
{
	EXPECT_EQ(everything<El1_4K>(asid), Tlbi::aside1is);
	EXPECT_EQ(everything<El1_4K>(global), Tlbi::vmalle1is);
	EXPECT_EQ(everything<El2And0_4K>(asid), Tlbi::alle2is);
	EXPECT_EQ(everything<El2_4K>({}), Tlbi::alle2is);
	EXPECT_EQ(everything<El3_4K>({}), Tlbi::alle3is);
	EXPECT_EQ(everything<S2_4K>(asid), Tlbi::vmalls12e1is);
	EXPECT_EQ(last_of(tlbi_regime<El1And0>()).op, Tlbi::vmalle1is);
	EXPECT_EQ(last_of(tlbi_regime<El2And0>()).op, Tlbi::alle2is);
	EXPECT_EQ(last_of(tlbi_regime<El2>()).op, Tlbi::alle2is);
	EXPECT_EQ(last_of(tlbi_regime<El3>()).op, Tlbi::alle3is);
	// Of every VMID, not only of that in VTTBR.
	EXPECT_EQ(last_of(tlbi_regime<Stage2>()).op, Tlbi::alle1is);
	EXPECT_EQ(last_of(tlbi_regime<Stage2Fwb>()).op, Tlbi::alle1is);
}

TEST(a_regime_has_each_instruction_once)
{
	TlbiOps ops;

	for (Tlbi one : {Tlbi::vae1is, Tlbi::vmalle1is, Tlbi::vae1is})
		ops.add(one);
	EXPECT_EQ(ops.count, 2);
	EXPECT(ops.op[0] == Tlbi::vae1is && ops.op[1] == Tlbi::vmalle1is);
}

SUITE(tlbi, a_regime_has_each_instruction_once, an_instruction_has_the_encoding_of_its_name,
      features_are_read_from_the_id_registers, an_operand_has_every_field_in_its_place,
      a_hint_is_given_where_a_leaf_can_be, a_hint_is_given_for_whole_leaves_of_one_level_only,
      walk_caches_go_where_a_table_went, any_run_of_pages_takes_two_instructions_at_most,
      any_run_of_blocks_takes_two_instructions_at_most,
      what_is_longer_than_two_ranges_empties_the_tag,
      without_ranges_there_are_512_instructions_at_most,
      at_stage_2_without_ranges_the_vmid_is_emptied, the_upper_range_spills_into_no_other_field,
      an_asid_is_named_where_the_tree_has_one, the_upper_range_of_el2and0_takes_everything,
      everything_of_a_tree_and_of_a_regime);
