// SPDX-License-Identifier: GPL-2.0-only
//
// Would an access pass? Asked of every combination of the bits that decide, against what the library says of the
// same leaf. And a walk in two dimensions, of all the loads it may have.
#include "make_dump.hpp"

#include "decode/summary.hpp"
#include "translate/nested.hpp"

#include <gtest/gtest.h>

#include <map>

using namespace translate;
using namespace unit;
using vmsa::Ipa;
using vmsa::Pa;

namespace
{

using Kind = Access::Kind;

constexpr uint64_t ha_of_vtcr = vmsa::bit(21), hd_of_vtcr = vmsa::bit(22);

// The letter of "rwx" is there.
bool allows(const std::string &access, Kind kind)
{
	return access[static_cast<size_t>(kind)] != '-';
}

TEST(access, stage_2_agrees_with_what_the_library_says_of_a_leaf)
{
	const decode::Questions &ask = decode::questions_of({});

	for (unsigned i = 0; i < 64; i++) {
		const uint64_t af = i & 1, s2ap = i >> 1 & 3, xn = i >> 3 & 3, dbm = i >> 5;
		const vmsa::Descriptor d =
			0x4000'003f | af << 10 | s2ap << 6 | xn << 53 | dbm << 51;
		const std::string access = ask.meaning(d).access;

		for (const uint64_t vtcr : {uint64_t{0}, ha_of_vtcr, ha_of_vtcr | hd_of_vtcr}) {
			for (const bool el0 : {false, true}) {
				const bool noted = af || vtcr;
				// "x(el0)"
				const bool executes = allows(access, Kind::execute) &&
						      (access.size() == 3 ||
						       access.ends_with(el0 ? "(el0)" : "(el1)"));
				const bool writes = s2ap & 2 || (dbm && vtcr & hd_of_vtcr);

				EXPECT_EQ(!check_stage2(vtcr, 3, d, {Kind::read, el0}),
					  noted && allows(access, Kind::read));
				EXPECT_EQ(!check_stage2(vtcr, 3, d, {Kind::write, el0}),
					  noted && writes);
				EXPECT_EQ(!check_stage2(vtcr, 3, d, {Kind::execute, el0}),
					  noted && executes)
					<< access;
			}
		}
		// The access flag comes first.
		if (!af)
			EXPECT_EQ(check_stage2(0, 3, d, {})->type, Fault::Type::access_flag);
	}
}

TEST(access, stage_1_agrees_with_what_the_library_says_of_a_leaf)
{
	using F = vmsa::Format<vmsa::El1And0, vmsa::Granule4K>;

	for (unsigned i = 0; i < 16; i++) {
		const vmsa::Descriptor d = 0x4000'0703 | (i & 1 ? F::ap_el0 : 0) |
					   (i & 2 ? F::ap_read_only : 0) | (i & 4 ? F::pxn : 0) |
					   (i & 8 ? F::uxn : 0);
		const auto a = F::attributes(d);
		const bool el0_writes = a.access.el0 && a.access.write;

		EXPECT_TRUE(!check_stage1({}, 3, d, 0, {Kind::read, false}));
		EXPECT_EQ(!check_stage1({}, 3, d, 0, {Kind::write, false}), a.access.write);
		EXPECT_EQ(!check_stage1({}, 3, d, 0, {Kind::execute, false}),
			  a.access.execute && !el0_writes);
		EXPECT_EQ(!check_stage1({}, 3, d, 0, {Kind::read, true}), a.access.el0);
		EXPECT_EQ(!check_stage1({}, 3, d, 0, {Kind::write, true}), el0_writes);
		EXPECT_EQ(!check_stage1({}, 3, d, 0, {Kind::execute, true}), a.access.el0_execute);

		// A table above can only take away; with HPD, not even that.
		for (const vmsa::Descriptor above :
		     {0ull, 1ull << 59, 1ull << 60, 1ull << 61, 1ull << 62}) {
			for (unsigned kind = 0; kind < 6; kind++) {
				const Access asked{static_cast<Kind>(kind % 3), kind >= 3};
				const bool alone = !check_stage1({}, 3, d, 0, asked);

				if (check_stage1({vmsa::bit(41)}, 3, d, above, asked))
					EXPECT_FALSE(alone);
				if (!alone && above != 1ull << 61 && above != 1ull << 62)
					EXPECT_TRUE(check_stage1({}, 3, d, above, asked));
			}
		}
		EXPECT_TRUE(check_stage1({}, 3, d, 1ull << 62, {Kind::write, false}));
		EXPECT_TRUE(check_stage1({}, 3, d, 1ull << 61, {Kind::read, true}));
		EXPECT_TRUE(check_stage1({}, 3, d, 1ull << 59, {Kind::execute, false}));
		EXPECT_TRUE(check_stage1({}, 3, d, 1ull << 60, {Kind::execute, true}));
		// What may be written may not be executed: WXN.
		EXPECT_EQ(!check_stage1({0, vmsa::bit(19)}, 3, d, 0, {Kind::execute, false}),
			  a.access.execute && !a.access.write);
	}
}

TEST(access, a_fault_says_which_bit)
{
	EXPECT_EQ(describe(*check_stage2(0, 3, 0x4000'047f, {Kind::write, false})),
		  "permission fault, stage 2, level 3; S2AP[1] (bit 7) is 0: nobody may write");
	EXPECT_EQ(
		describe(*check_stage2(0, 2, 0x4000'00fd, {})),
		"access flag fault, stage 2, level 2; AF (bit 10) is 0, and VTCR_EL2.HA is 0: only "
		"software sets it");
	EXPECT_EQ(
		stage2_update(ha_of_vtcr | hd_of_vtcr, 0x0008'0000'4000'007f, {Kind::write, false}),
		"hardware sets AF and S2AP[1], because DBM is 1");
}

// Four levels on both sides: every descriptor of stage 1 in a page of its own.
struct Lab {
	static constexpr uint64_t tables = 0x1'0000'0000, output = 0x2'0000'0000;

	using F = vmsa::Stage2_4K;
	std::vector<vmsa::Descriptor> buffer = std::vector<vmsa::Descriptor>(64 * 512);
	vmsa::Image<F> image{buffer};
	std::map<uint64_t, vmsa::Descriptor> memory;
	Registers registers;

	explicit Lab(vmsa::Access third = vmsa::rw)
	{
		using S1 = vmsa::Format<vmsa::El1And0, vmsa::Granule4K>;
		const auto g = vmsa::stage1_geometry<vmsa::Granule4K>(48, 48).value();

		EXPECT_TRUE(image.create(vmsa::stage2_geometry<vmsa::Granule4K>(48, 48).value(),
					 Pa{0x8'0000'0000}));
		for (uint64_t page = 0; page < 0x4000; page += 0x1000)
			EXPECT_TRUE(image.map({Ipa{tables + page}, 0x1000},
					      Pa{0x5'0000'0000 + page},
					      vmsa::normal | (page == 0x2000 ? third : vmsa::rw),
					      {.largest = 3}));
		EXPECT_TRUE(image.map({Ipa{output}, 0x1000}, Pa{0x6'0000'0000},
				      vmsa::normal | vmsa::r, {.largest = 3}));
		registers = {1, vmsa::tcr_two_ranges<S1>(g), tables, 0, vmsa::mair_value};
		for (uint64_t level = 0; level < 3; level++)
			memory[tables + (level << 12) + 8] = (tables + ((level + 1) << 12)) | 3;
		memory[tables + 0x3008] = output | 0x703;
	}

	Nested walk(uint64_t va)
	{
		const std::string bytes = dump_of(image);

		return translate::walk(dump::Dump::read(source_of(bytes)), registers, va,
				       [&](uint64_t ipa) { return memory[ipa]; });
	}

	static constexpr uint64_t va = 1ull << 39 | 1ull << 30 | 1ull << 21 | 1ull << 12;
};

TEST(nested, a_walk_of_four_levels_twice_has_24_loads)
{
	Lab lab;
	const Nested nested = lab.walk(Lab::va + 0x123);

	EXPECT_FALSE(nested.fault);
	EXPECT_EQ(nested.loads.size(), 24u);
	EXPECT_EQ(nested.ipa, Lab::output + 0x123);
	EXPECT_EQ(nested.pa, 0x6'0000'0123u);
	EXPECT_EQ(std::ranges::count(nested.loads, 1, &Load::stage), 4);
	for (const Load &load : nested.loads)
		if (load.stage == 1)
			EXPECT_EQ(load.at_pa, load.at_ipa - Lab::tables + 0x5'0000'0000);
	// Stage 1 allows a write, stage 2 does not.
	EXPECT_TRUE(!check(nested, 0, lab.registers, {}));
	EXPECT_EQ(check(nested, 0, lab.registers, {Kind::write, false})->stage, 2);
	EXPECT_EQ(check(nested, 0, lab.registers, {Kind::read, true})->stage, 1);
}

TEST(nested, a_walk_ends_where_a_stage_refuses)
{
	// A table of stage 1 that may not be read, one that is not there, an entry that is not, an output that is not.
	Lab lab{vmsa::Access{.read = false, .write = true}};
	Nested nested = lab.walk(Lab::va);

	EXPECT_EQ(nested.loads.size(), 14u);
	EXPECT_TRUE(nested.fault->on_walk);
	EXPECT_EQ(nested.fault->type, Fault::Type::permission);

	lab.memory[Lab::tables + 0x1008] = 0x7'0000'0003;
	nested = lab.walk(Lab::va);
	EXPECT_TRUE(nested.fault->on_walk);
	EXPECT_EQ(nested.fault->type, Fault::Type::translation);

	lab.memory[Lab::tables + 0x1008] = 0;
	nested = lab.walk(Lab::va);
	EXPECT_FALSE(nested.fault->on_walk);
	EXPECT_EQ(nested.fault->stage, 1);
	EXPECT_EQ(nested.fault->level, 1);

	lab.memory[Lab::tables + 0x1008] = 0x40'0000'0701;
	nested = lab.walk(Lab::va);
	EXPECT_EQ(nested.ipa, 0x40'0020'1000u);
	EXPECT_EQ(nested.fault->stage, 2);
	EXPECT_FALSE(nested.pa);
}

TEST(nested, a_va_belongs_to_one_range_or_none)
{
	const auto g = vmsa::stage1_geometry<vmsa::Granule4K>(39, 48).value();
	Registers registers{1,
			    vmsa::tcr_two_ranges<vmsa::Format<vmsa::El1And0, vmsa::Granule4K>>(g),
			    0x1000, 0x2000, 0};

	// The same fields for TTBR1, and TBI0.
	registers.tcr |= 25ull << 16 | 2ull << 30 | 1ull << 37;
	EXPECT_EQ(stage1_of(registers, 0x7f'ffff'ffff).root, 0x1000u);
	EXPECT_EQ(stage1_of(registers, 0xffff'ff80'0000'0000).root, 0x2000u);
	EXPECT_EQ(stage1_of(registers, 0xaa00'007f'ffff'ffff).shape.wrong, "");
	EXPECT_NE(stage1_of(registers, 0xaaff'ff80'0000'0000).shape.wrong, "");
	EXPECT_NE(stage1_of(registers, 0x80'0000'0000).shape.wrong, "");
	EXPECT_EQ(stage1_of(registers, 0xffff'ff80'0000'0000).input, 0u);
}

} // namespace
