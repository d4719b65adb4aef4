// SPDX-License-Identifier: GPL-2.0-only
//
// Decoding, judged by the Arm ARM's own tables (arm_arm.hpp), value by value.
#include "arm_arm.hpp"

#include "decode/decode.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

using namespace decode;
using formats::Stage;

namespace
{

const Field *field_at(const Decoded &d, unsigned high, unsigned low)
{
	const auto found = std::ranges::find_if(
		d.fields, [&](const Field &f) { return f.high == high && f.low == low; });

	return found == d.fields.end() ? nullptr : &*found;
}

std::string meaning(const Decoded &d, const std::string &name)
{
	const auto found = std::ranges::find(d.fields, name, &Field::name);

	return found == d.fields.end() ? "no " + name : found->meaning;
}

Decoded decoded(const char *name, uint64_t value, const Context &context = {})
{
	return find_register(name)->decode(value, context);
}

Decoded esr(uint64_t ec, uint64_t iss)
{
	return decoded("esr_el2", ec << 26 | 1 << 25 | iss);
}

bool says(const std::string &text, const std::string &what)
{
	return text.find(what) != text.npos;
}

std::string status_of(unsigned code, unsigned who)
{
	for (const arm_arm::Status &s : arm_arm::statuses)
		if (s.code == code && s.who & who)
			return s.says;
	return "reserved";
}

TEST(arm_arm, classes)
{
	for (unsigned ec = 0; ec < 64; ec++) {
		const auto known = std::ranges::find(arm_arm::classes, ec, &arm_arm::Class::ec);
		const std::string text = meaning(esr(ec, 0), "EC");

		if (known == std::end(arm_arm::classes))
			EXPECT_EQ(text, "reserved") << ec;
		else
			EXPECT_TRUE(says(text, known->word)) << ec << ' ' << text;
	}
}

// Every class with every status code, whatever the bits beside it say.
TEST(arm_arm, every_class_with_every_status_code)
{
	for (unsigned ec = 0; ec < 64; ec++) {
		for (unsigned code = 0; code < 64; code++) {
			for (const uint64_t beside :
			     {0, 1 << 24, 1 << 9 | 1 << 8, 7 << 10, 0x1ffffc0}) {
				const Decoded d = esr(ec, beside | code);
				const Field *low = field_at(d, 5, 0);
				const std::string where = std::to_string(ec) + ", " +
							  std::to_string(code) + ", " +
							  std::to_string(beside) + ": " + d.summary;
				const bool fetch = ec == 0x20 || ec == 0x21,
					   data = ec == 0x24 || ec == 0x25;

				if (fetch || data) {
					const std::string wanted = status_of(
						code, fetch ? arm_arm::fetch : arm_arm::data);

					ASSERT_TRUE(low) << where;
					EXPECT_EQ(low->name, fetch ? "IFSC" : "DFSC") << where;
					EXPECT_EQ(low->meaning, wanted) << where;
					EXPECT_TRUE(says(d.summary, ": " + wanted)) << where;
				} else if (ec >= 0x30 && ec <= 0x35) {
					ASSERT_TRUE(low) << where;
					EXPECT_EQ(low->meaning,
						  code == 0b100010 ? "debug exception" : "reserved")
						<< where;
				} else if (ec == 0x2f && !(beside & 1 << 24)) {
					ASSERT_TRUE(low) << where;
					EXPECT_EQ(low->meaning, code == 0 ? "uncategorized"
								: code == 0b010001
									? "asynchronous SError"
									: "reserved")
						<< where;
					// AET is there with 0b010001 only.
					EXPECT_EQ(meaning(d, "AET"),
						  code == 0b010001
							  ? arm_arm::error_types[beside >> 10 & 7]
							  : "no AET")
						<< where;
				} else {
					EXPECT_FALSE(low &&
						     (low->name == "DFSC" || low->name == "IFSC"))
						<< where;
				}
				// The severity of an error, of an External abort only.
				if (fetch || data)
					EXPECT_EQ(meaning(d, "SET") == "no SET", code != 0b010000)
						<< where;
			}
		}
	}
}

TEST(arm_arm, reserved_values_of_registers)
{
	for (const arm_arm::Reserved &r : arm_arm::reserved) {
		for (uint64_t v = 0; v >> (r.high - r.low + 1) == 0; v++) {
			const Decoded d = decoded(r.reg, r.rest | v << r.low, {r.e2h, 48});
			const Field *f = field_at(d, r.high, r.low);

			ASSERT_TRUE(f) << r.where;
			EXPECT_EQ(says(f->meaning, "reserved"), (r.values >> v & 1) != 0)
				<< r.where << ' ' << v << ": " << f->meaning;
		}
	}
}

// Where a word says "reserved", the table above has the field.
TEST(arm_arm, nothing_else_is_reserved)
{
	for (const Register &reg : registers()) {
		if (std::string_view{reg.name}.starts_with("ESR"))
			continue;
		for (unsigned i = 0; i < 64; i += 3) {
			for (uint64_t v = 0; v < 16; v++) {
				for (const Field &f : reg.decode(v << i, {}).fields) {
					const auto known = std::ranges::any_of(
						arm_arm::reserved, [&](const auto &r) {
							return find_register(r.reg) == &reg &&
							       r.high == f.high && r.low == f.low;
						});
					const bool size = f.name == "T0SZ" || f.name == "T1SZ" ||
							  f.name == "SL0" || f.name == "PS" ||
							  f.name == "IPS";

					EXPECT_TRUE(known || size || f.name == "FST" ||
						    !says(f.meaning, "reserved"))
						<< reg.name << ' ' << f.name << ' ' << f.value;
				}
			}
		}
	}
}

TEST(arm_arm, input_sizes)
{
	constexpr unsigned page_shifts[] = {12, 16, 14};

	for (unsigned tsz = 0; tsz < 64; tsz++) {
		for (unsigned tg = 0; tg < 3; tg++) {
			for (const bool ds : {false, true}) {
				const unsigned page_shift = page_shifts[tg];
				// With 64K pages, FEAT_LVA has 52 bits without more ado.
				const bool wide = page_shift == 16 || ds;
				const uint64_t both = uint64_t{tsz} << 16 | tsz;
				const uint64_t tg1[] = {2, 3, 1};
				const Decoded d = decoded(
					"tcr_el1", both | uint64_t{tg} << 14 | tg1[tg] << 30 |
							   (ds ? uint64_t{1} << 59 : 0));

				for (const char *name : {"T0SZ", "T1SZ"})
					EXPECT_EQ(says(meaning(d, name), "out of range"),
						  !arm_arm::is_input_size(tsz, page_shift, wide))
						<< name << ' ' << tsz << ' ' << page_shift << ' '
						<< ds;
				EXPECT_EQ(says(d.summary, "out of range"),
					  !arm_arm::is_input_size(tsz, page_shift, wide))
					<< d.summary;
			}
		}
	}
}

// DS has a meaning with 4K and 16K only.
TEST(arm_arm, ds_is_not_for_64k)
{
	for (const unsigned tg : {0, 1, 2}) {
		EXPECT_EQ(says(meaning(decoded("vtcr_el2", uint64_t{1} << 32 | 1u << 31 | tg << 14),
				       "DS"),
			       "no meaning"),
			  tg == 1)
			<< tg;
		EXPECT_EQ(says(meaning(decoded("tcr_el2", uint64_t{1} << 32 | 1u << 31 | tg << 14),
				       "DS"),
			       "no meaning"),
			  tg == 1)
			<< tg;
	}
}

TEST(arm_arm, memory_attributes)
{
	for (unsigned byte = 0; byte < 256; byte++)
		EXPECT_EQ(memory_attribute(byte) != "unpredictable", arm_arm::is_memory(byte))
			<< byte;
	EXPECT_EQ(memory_attribute(0xe0),
		  "Normal, Tagged, no tag access, Write-Back Read-Allocate Write-Allocate");
}

TEST(arm_arm, contiguous_and_memory_of_descriptors)
{
	for (const unsigned page_shift : {12u, 14u, 16u}) {
		for (int level = 0; level <= 3; level++) {
			const formats::Format format{Stage::stage2, page_shift, 52};
			const uint64_t leaf = uint64_t{1} << 52 | (level == 3 ? 3 : 1);
			const Decoded d = descriptor(format, level, leaf);

			if (d.summary == "reserved")
				continue;
			EXPECT_EQ(meaning(d, "Contiguous") != "no Contiguous",
				  arm_arm::has_contiguous(page_shift, level))
				<< page_shift << ' ' << level;
			EXPECT_EQ(says(d.summary, "contiguous"),
				  arm_arm::has_contiguous(page_shift, level))
				<< d.summary;
		}
	}
	for (const bool fwb : {false, true}) {
		for (unsigned bits = 0; bits < 16; bits++) {
			const Decoded d =
				descriptor({fwb ? Stage::stage2_fwb : Stage::stage2, 12, 48}, 3,
					   bits << 2 | 3);

			EXPECT_EQ(meaning(d, "MemAttr") != "reserved",
				  arm_arm::is_stage2_memory(bits, fwb))
				<< bits << ' ' << fwb;
			EXPECT_EQ(says(d.summary, "reserved"),
				  !arm_arm::is_stage2_memory(bits, fwb))
				<< d.summary;
		}
	}
	EXPECT_TRUE(says(descriptor({Stage::stage2_fwb, 12, 48}, 3, 7 << 2 | 3).summary,
			 " as-stage-1 "));
	EXPECT_EQ(meaning(descriptor({Stage::stage2_fwb, 12, 48}, 3, 5 << 2 | 3), "MemAttr"),
		  "Normal Non-cacheable, or the Device type of stage 1");
}

TEST(arm_arm, id_registers_have_names)
{
	for (const arm_arm::Sysreg &r : arm_arm::id_registers) {
		const uint64_t iss = uint64_t{r.op0} << 20 | r.op2 << 17 | r.op1 << 14 |
				     r.crn << 10 | r.crm << 1 | 1;

		EXPECT_TRUE(
			says(esr(0x18, iss).summary, std::string{"read of "} + r.name + ", to X0"))
			<< r.name << ": " << esr(0x18, iss).summary;
	}
}

// "Data accesses that EL0 may write are not executable at EL1": D8.4.2, AP[2:1] 0b01.
TEST(arm_arm, what_el0_may_write_is_not_executable_at_el1)
{
	for (const Stage stage : {Stage::el1and0, Stage::el2and0}) {
		for (unsigned ap = 0; ap < 4; ap++) {
			const Decoded d = descriptor({stage, 12, 48}, 3, ap << 6 | 3);
			const bool executable = ap != 1;

			EXPECT_EQ(meaning(d, "PXN"),
				  executable ? "privileged code may execute"
					     : "not for privileged code: EL0 may write it");
			EXPECT_EQ(says(d.summary, ap & 2 ? " r-x " : " rwx "), executable)
				<< d.summary;
		}
	}
}

// What the bits do not say is not told.
TEST(arm_arm, attrindx_without_mair)
{
	const uint64_t page = 2 << 2 | 3;

	EXPECT_EQ(meaning(descriptor({Stage::el1and0, 12, 48}, 3, page), "AttrIndx"),
		  "Attr2 of MAIR (--mair says what it is)");
	EXPECT_TRUE(says(descriptor({Stage::el1and0, 12, 48}, 3, page).summary, " AttrIndx=2 "));
	EXPECT_TRUE(says(descriptor({Stage::el1and0, 12, 48}, 3, page, 0xff0000).summary,
			 " (Normal, Write-Back Read-Allocate Write-Allocate) "));
	EXPECT_TRUE(says(descriptor({Stage::el1and0, 12, 48}, 3, page, 0x040000).summary,
			 " (Device-nGnRE) "));
}

// HCR_EL2.TGE: interrupts are taken to EL2 whatever xMO say; with E2H, VM behaves as 0.
TEST(arm_arm, tge)
{
	const Decoded vhe = decoded("hcr", 0x4'8800'0003);

	for (const char *name : {"AMO", "IMO", "FMO"})
		EXPECT_TRUE(says(meaning(vhe, name), "go to EL2")) << meaning(vhe, name);
	EXPECT_TRUE(says(meaning(vhe, "VM"), "behaves as 0")) << meaning(vhe, "VM");
	EXPECT_TRUE(says(meaning(decoded("hcr", 0x8800'0000), "IMO"), "go to EL2"));
	EXPECT_EQ(meaning(decoded("hcr", 0x8000'0001), "IMO"), "IRQs stay at EL1");
	EXPECT_EQ(meaning(decoded("hcr", 0x8000'0001), "VM"), "stage 2 is on");
}

TEST(arm_arm, spsr_of_aarch32)
{
	const Decoded d = decoded("spsr", 0xf80f'fe13);

	EXPECT_EQ(d.summary, "AArch32 Supervisor, A32");
	EXPECT_EQ(decoded("spsr", 0x3f).summary, "AArch32 System, T32");
	for (const char *name : {"Q", "GE", "E", "T", "IT[7:2]", "IT[1:0]"})
		EXPECT_NE(meaning(d, name), std::string{"no "} + name);
	EXPECT_EQ(std::ranges::count(d.fields, Field::Kind::wrong, &Field::kind), 0);
	EXPECT_EQ(decoded("spsr", 0x3c5).summary, "EL1, SP_EL1");
}

// TTBR: without 52-bit addresses no root lies below a multiple of 64; with them [5:2] are [51:48].
TEST(arm_arm, roots)
{
	EXPECT_EQ(decoded("ttbr", 0x4000'000c).summary,
		  "no root: 0x4000000c is no multiple of 64 bytes (with 52-bit outputs, bits [5:2] "
		  "are [51:48] of "
		  "the root: --output-bits 52), ASID 0");
	EXPECT_EQ(decoded("vttbr", 0x4000'0040).summary, "the root is at 0x40000040, VMID 0");
	EXPECT_EQ(decoded("ttbr", 0x4000'000c, {false, 52}).summary,
		  "the root is at 0x3000040000000, ASID 0");
	EXPECT_EQ(std::ranges::count(decoded("ttbr", 0x4000'0002, {false, 52}).fields,
				     Field::Kind::wrong, &Field::kind),
		  1);
}

TEST(arm_arm, registers_of_loads_and_waits)
{
	const auto load = [](uint64_t size, uint64_t sf) {
		return esr(0x24, 1 << 24 | size << 22 | 3 << 16 | sf << 15 | 7).summary;
	};

	EXPECT_TRUE(load(0, 0).ends_with(", 1 byte, W3")) << load(0, 0);
	EXPECT_TRUE(load(2, 0).ends_with(", 4 bytes, W3")) << load(2, 0);
	EXPECT_TRUE(load(3, 1).ends_with(", 8 bytes, X3")) << load(3, 1);
	EXPECT_TRUE(esr(0x01, 0).summary.ends_with("; WFI")) << esr(0x01, 0).summary;
	EXPECT_TRUE(esr(0x01, 1).summary.ends_with("; WFE"));
	EXPECT_TRUE(esr(0x01, 2).summary.ends_with("; WFIT"));
	EXPECT_TRUE(esr(0x01, 3 | 1 << 2 | 5 << 5).summary.ends_with("; WFET, until X5"));
	// SMC of AArch32 has a condition, and no immediate.
	EXPECT_EQ(meaning(esr(0x13, 0), "imm16"), "no imm16");
	EXPECT_NE(meaning(esr(0x13, 0), "CCKNOWNPASS"), "no CCKNOWNPASS");
	EXPECT_TRUE(esr(0x38, 7).summary.ends_with("; #7"));
}

} // namespace
