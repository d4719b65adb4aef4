// SPDX-License-Identifier: GPL-2.0-only
//
// Bit by bit: every bit is in one field, and what fields say is what the library and the architecture
// mean.
#include "decode/decode.hpp"
#include "decode/summary.hpp"
#include "formats/shape.hpp"

#include "vmsa/vtcr.hpp"

#include <gtest/gtest.h>

#include <algorithm>

using formats::Format;
using formats::Stage;
using namespace decode;

namespace
{

uint64_t random_value()
{
	static uint64_t state = 1;

	state = state * 6364136223846793005u + 1442695040888963407u;
	return state ^ (state >> 29);
}

// Empty when the fields are all 64 bits, in order, each once, with their values.
std::string gaps(const Decoded &d)
{
	unsigned below = 64;

	for (const Field &f : d.fields) {
		if (f.high + 1 != below || f.low > f.high)
			return d.name + ": " + f.name + " at " + std::to_string(f.high);
		if (f.value != vmsa::Field{f.high, f.low}.get(d.value))
			return d.name + ": " + f.name + " has another value";
		below = f.low;
	}
	return below ? d.name + " ends at bit " + std::to_string(below) : "";
}

const Field &field(const Decoded &d, const std::string &name)
{
	static const Field none{};

	for (const Field &f : d.fields)
		if (f.name == name)
			return f;
	ADD_FAILURE() << d.name << " has no " << name;
	return none;
}

std::string meaning(const Decoded &d, const std::string &name)
{
	return field(d, name).meaning;
}

Decoded decoded(const char *name, uint64_t value, const Context &context = {})
{
	const Register *reg = find_register(name);

	if (!reg) {
		ADD_FAILURE() << "no register " << name;
		return {};
	}
	return reg->decode(value, context);
}

TEST(decode, every_bit_of_a_register_is_in_one_field)
{
	for (const Register &reg : registers())
		for (const Context context : {Context{}, Context{true, 48}, Context{false, 52}})
			for (int i = 0; i < 64; i++)
				EXPECT_EQ(gaps(reg.decode(random_value(), context)), "");
	for (uint64_t ec = 0; ec < 64; ec++)
		for (const uint64_t isv : {0, 1})
			EXPECT_EQ(gaps(decoded("esr", ec << 26 | isv << 24)), "") << ec;
	EXPECT_EQ(gaps(decoded("par", 0)), "");
	EXPECT_EQ(gaps(decoded("par", 1)), "");
}

template <class Visit> void for_each_format(const Visit &visit)
{
	for (const Stage stage : {Stage::el1and0, Stage::el2and0, Stage::el2, Stage::el3,
				  Stage::stage2, Stage::stage2_fwb})
		for (const unsigned page_shift : {12u, 14u, 16u})
			for (const unsigned output_bits : {48u, 52u})
				visit(Format{stage, page_shift, output_bits});
}

TEST(decode, every_bit_of_a_descriptor_is_in_one_field)
{
	for_each_format([](const Format &format) {
		for (int level = 0; level <= 3; level++)
			for (unsigned i = 0; i < 40; i++)
				EXPECT_EQ(gaps(descriptor(format, level,
							  (random_value() & ~3ull) | (i & 3))),
					  "");
	});
}

// What the library writes uses no reserved bit, and says what it was told.
TEST(decode, a_descriptor_of_the_library_has_no_wrong_bit)
{
	for_each_format([](const Format &format) {
		formats::with_format(format, [&]<class F>() {
			const vmsa::Pa pa{0x40'0000'0000};
			const vmsa::Descriptor leaf = F::encode_output(pa) | F::leaf_type(3) |
						      F::encode(vmsa::normal | vmsa::rx);
			const vmsa::Descriptor table = F::table(pa);

			for (const auto &d :
			     {descriptor(format, 3, leaf), descriptor(format, 2, table)})
				for (const Field &f : d.fields)
					EXPECT_NE(f.kind, Field::Kind::wrong)
						<< d.name << ' ' << f.name;
			EXPECT_EQ(meaning(descriptor(format, 3, leaf), "OA"), "0x4000000000");
			EXPECT_EQ(meaning(descriptor(format, 2, table), "next table"),
				  "0x4000000000");
			EXPECT_EQ(summary(format, 2, table), "table -> 0x4000000000");
			EXPECT_TRUE(summary(format, 3, leaf).starts_with("page "));
		});
	});
}

TEST(decode, a_stage_2_block)
{
	const Format format{Stage::stage2, 12, 48};
	const Decoded d = descriptor(format, 2, 0x0040'0000'4220'07fd);

	EXPECT_EQ(d.summary, "block 2M -> 0x42200000 rw- normal inner-shareable accessed");
	EXPECT_EQ(meaning(d, "XN"), "not executable");
	EXPECT_EQ(meaning(d, "S2AP"), "read and write");
	EXPECT_EQ(meaning(d, "MemAttr"), "Normal Write-Back");
	EXPECT_EQ(meaning(d, "SH"), "Inner Shareable");
	EXPECT_EQ(meaning(d, "AF"), "accessed");
	EXPECT_EQ(meaning(d, "OA"), "0x42200000");
	EXPECT_EQ(meaning(d, "type"), "block");
	EXPECT_EQ(field(d, "OA").low, 21u);
	EXPECT_EQ(descriptor(format, 3, 0x0040'0000'4220'07fd).summary, "reserved");
	EXPECT_EQ(descriptor(format, 0, 0x0040'0000'4220'07fd).summary, "reserved");
	EXPECT_EQ(descriptor(format, 2, 0x24).summary, "annotation 0x12");
	EXPECT_EQ(descriptor(format, 2, 0).summary, "invalid");
}

TEST(decode, reserved_bits_that_are_set_are_wrong)
{
	const Decoded d = descriptor({Stage::stage2, 12, 48}, 2, 0x0040'0000'4220'07fd | 1 << 13);
	const auto wrong = std::ranges::count(d.fields, Field::Kind::wrong, &Field::kind);

	EXPECT_EQ(wrong, 1);
}

TEST(decode, memory_attributes_of_stage_2_depend_on_fwb)
{
	const auto memory = [](Stage stage, uint64_t bits) {
		return meaning(descriptor({stage, 12, 48}, 3, bits << 2 | 3), "MemAttr");
	};

	EXPECT_EQ(memory(Stage::stage2, 0), "Device-nGnRnE");
	EXPECT_EQ(memory(Stage::stage2, 0b1111), "Normal Write-Back");
	EXPECT_EQ(memory(Stage::stage2, 0b0101), "Normal Non-cacheable");
	EXPECT_EQ(memory(Stage::stage2, 0b0111), "Normal, outer Non-cacheable, inner Write-Back");
	EXPECT_EQ(memory(Stage::stage2, 0b1000), "reserved");
	EXPECT_EQ(memory(Stage::stage2_fwb, 0b0110), "Normal Write-Back, whatever stage 1 says");
	EXPECT_EQ(memory(Stage::stage2_fwb, 0b0101),
		  "Normal Non-cacheable, or the Device type of stage 1");
	EXPECT_EQ(memory(Stage::stage2_fwb, 0b0111), "what stage 1 says");
	EXPECT_EQ(memory(Stage::stage2_fwb, 0b0001), "Device-nGnRE");
}

TEST(decode, wide_outputs_are_put_together)
{
	using Lpa = vmsa::Format<vmsa::Stage2, vmsa::Granule64K, 52>;
	using Lpa2 = vmsa::Format<vmsa::Stage2, vmsa::Granule4K, 52>;

	EXPECT_EQ(meaning(descriptor({Stage::stage2, 16, 52}, 2,
				     Lpa::table(vmsa::Pa{0xf'1234'5678'0000})),
			  "next table"),
		  "0xf123456780000");
	EXPECT_EQ(meaning(descriptor({Stage::stage2, 12, 52}, 2,
				     Lpa2::table(vmsa::Pa{0xe'0000'0000'1000})),
			  "next table"),
		  "0xe000000001000");
}

TEST(decode, tables_of_stage_1_restrict)
{
	const Decoded d = descriptor({Stage::el1and0, 12, 48}, 2, uint64_t{0xf8} << 56 | 0x1003);

	EXPECT_EQ(meaning(d, "APTable"), "nothing below is for EL0, or writable");
	EXPECT_EQ(meaning(d, "UXNTable"), "EL0 may execute nothing below");
	EXPECT_EQ(meaning(d, "PXNTable"), "privileged code may execute nothing below");
}

TEST(decode, attrindx_is_looked_up_in_mair)
{
	const auto memory = [](uint64_t mair) {
		return meaning(descriptor({Stage::el1and0, 12, 48}, 3, 1 << 2 | 3, mair),
			       "AttrIndx");
	};

	EXPECT_EQ(memory(vmsa::mair_value), "Attr1: Device-nGnRE");
	EXPECT_EQ(memory(0xff00), "Attr1: Normal, Write-Back Read-Allocate Write-Allocate");
}

TEST(decode, vtcr_gives_the_shape_of_the_tree)
{
	using vmsa::Granule16K, vmsa::Granule4K, vmsa::Granule64K;
	const auto shape_of = []<class G, unsigned OutputBits>(unsigned bits, unsigned pa_bits) {
		using F = vmsa::Format<vmsa::Stage2, G, OutputBits>;
		const auto g = vmsa::stage2_geometry<G, OutputBits>(bits, pa_bits).value();
		const auto shape = formats::shape_of_vtcr(vmsa::vtcr<F>(g, true));

		EXPECT_EQ(shape.wrong, "");
		EXPECT_EQ(shape.format, (Format{Stage::stage2, G::page_shift, OutputBits}));
		EXPECT_EQ(shape.geometry.input_bits, bits);
		EXPECT_EQ(shape.geometry.output_bits, g.output_bits);
		EXPECT_EQ(shape.geometry.start, g.start);
		EXPECT_EQ(shape.geometry.root_tables, g.root_tables);
	};

	for (unsigned bits = 32; bits <= 48; bits++) {
		shape_of.template operator()<Granule4K, 48>(bits, 48);
		shape_of.template operator()<Granule16K, 48>(bits, 48);
		shape_of.template operator()<Granule64K, 48>(bits, 48);
	}
	for (unsigned bits = 32; bits <= 52; bits++) {
		shape_of.template operator()<Granule4K, 52>(bits, 52);
		shape_of.template operator()<Granule16K, 52>(bits, 52);
		shape_of.template operator()<Granule64K, 52>(bits, 52);
	}
	EXPECT_EQ(decoded("vtcr", 0x800d'3558).summary,
		  "40-bit IPA, 4K granule, 48-bit output, walks start at level 1 with 2 "
		  "concatenated tables");
}

TEST(decode, registers_are_found_by_name_and_alias_in_any_case)
{
	EXPECT_STREQ(find_register("VTCR_EL2")->name, "VTCR_EL2");
	EXPECT_STREQ(find_register("vtcr_el2")->name, "VTCR_EL2");
	EXPECT_STREQ(find_register("Esr")->name, "ESR_EL2");
	EXPECT_EQ(find_register("esr_el0"), nullptr);
	EXPECT_EQ(find_register(""), nullptr);
}

TEST(decode, what_registers_come_to)
{
	EXPECT_EQ(decoded("vttbr", 0x0012'0000'4396'4000).summary,
		  "the root is at 0x43964000, VMID 18");
	EXPECT_EQ(decoded("ttbr", 0x0001'0000'4000'000d, {false, 52}).summary,
		  "the root is at 0x3000040000000, ASID 1");
	EXPECT_EQ(decoded("hpfar", 0x0900'0000 >> 8).summary,
		  "a fault in the page of IPA 0x9000000");
	EXPECT_EQ(decoded("par", 0xff00'0000'4212'3380).summary,
		  "the page at 0x42123000, Normal, Write-Back Read-Allocate Write-Allocate");
	EXPECT_EQ(decoded("par", 0xa0f).summary, "stage 2: Translation fault, level 3");
	EXPECT_EQ(decoded("mair", vmsa::mair_value).fields[1].meaning,
		  "Normal, Write-Back Read-Allocate Write-Allocate");
	EXPECT_EQ(decoded("mair", 0x44).fields[7].meaning, "Normal, Non-cacheable");
	EXPECT_EQ(decoded("hcr", 1ull << 34 | 1 << 27).summary,
		  "a VHE host runs (E2H, TGE): interrupts go to EL2, stage 2 is off");
	EXPECT_EQ(decoded("hcr", 0x8000'0001).summary, "a guest's AArch64 EL1, stage 2 on");
	EXPECT_EQ(
		decoded("tcr", 0x5'b510'3510).summary,
		"lower range 48 bits with 4K pages, upper range 48 bits with 4K pages, 48 bits of "
		"physical address");
	EXPECT_EQ(decoded("tcr", 0x5'0080'3519).summary,
		  "lower range 39 bits with 4K pages, upper range disabled, 48 bits of physical "
		  "address");
	EXPECT_EQ(decoded("tcr_el2", 0x80853518).summary,
		  "40 bits with 4K pages, 48 bits of physical address");
	EXPECT_EQ(decoded("spsr", 0x3c5).summary, "EL1, SP_EL1");
}

TEST(decode, syndromes)
{
	EXPECT_EQ(decoded("esr", 0x9383'0047).summary,
		  "Data Abort from a lower Exception level; a write: Translation fault, level 3, 4 "
		  "bytes, W3");
	EXPECT_EQ(decoded("esr", 0x9200'008f).summary,
		  "Data Abort from a lower Exception level; a read: Permission fault, level 3, on "
		  "a stage 1 walk");
	EXPECT_EQ(decoded("esr", 0x8200'0006).summary,
		  "Instruction Abort from a lower Exception level; an instruction fetch: "
		  "Translation fault, level 2");
	EXPECT_EQ(decoded("esr", 0x5a00'0003).summary, "HVC from AArch64; #3");
	// MSR ICC_SGI1R_EL1, x2
	EXPECT_EQ(decoded("esr", 0x623a'3056).summary,
		  "MSR, MRS or a system instruction, trapped; write of ICC_SGI1R_EL1, from X2");
	EXPECT_EQ(decoded("esr", 0x0600'0001).fields.back().meaning, "WFE");
	EXPECT_EQ(fault_status(0x2b), "Translation fault, level -1");
}

} // namespace
