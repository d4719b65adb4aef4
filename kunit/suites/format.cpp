// SPDX-License-Identifier: GPL-2.0-only
//
// The 64 bits of a stage 2 descriptor, against numbers from the Arm ARM and from KVM.
#include "suite.hpp"
#include "vmsa/format_stage1.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/rules.hpp"

using namespace vmsa;

using F4 = Format<Stage2, Granule4K>;
using F16 = Format<Stage2, Granule16K>;
using F64 = Format<Stage2, Granule64K>;

namespace
{

constexpr MemoryType memory_types[] = {MemoryType::device_nGnRnE, MemoryType::device_nGnRE,
				       MemoryType::device_nGRE,	  MemoryType::device_GRE,
				       MemoryType::normal_nc,	  MemoryType::normal_wt,
				       MemoryType::normal};
constexpr Execute executes[] = {Execute::all, Execute::el0_only, Execute::none, Execute::el1_only};
constexpr Shareability shareabilities[] = {Shareability::none, Shareability::outer,
					   Shareability::inner};

// visit(attributes) for all there are.
template <class Visit> void for_all_attributes(Visit &&visit)
{
	for (MemoryType memory : memory_types)
		for (Execute execute : executes)
			for (Shareability shareability : shareabilities)
				for (unsigned bits = 0; bits < 128; bits++)
					visit(Stage2Attributes{
						.memory = memory,
						.access = {(bits & 1) != 0, (bits & 2) != 0,
							   execute},
						.shareability = shareability,
						.accessed = (bits & 4) != 0,
						.contiguous = (bits & 8) != 0,
						.software = static_cast<uint8_t>(bits >> 4)});
}

// What is neither type nor output address: [11:2] and [63:51], 52 and 55 among them.
constexpr Descriptor attribute_bits = 0xfff8'0000'0000'0ffc;

template <class F> void check_kinds(struct kunit *test, Level first_block)
{
	for (Level level = -1; level <= 3; level++) {
		// Trap 28: bit 0 alone says invalid.
		EXPECT(!F::is_valid(0b00) && !F::is_valid(0b10));
		EXPECT(!F::is_leaf(0b10, level) && !F::is_table(0b10, level));
		EXPECT(!F::is_leaf(0b00, level) && !F::is_table(0b00, level));
		EXPECT_EQ(F::is_table(0b11, level), level < 3);
		EXPECT_EQ(F::is_leaf(0b11, level), level == 3);
		// 0b01: a block where there are blocks; reserved at level 3 and above the blocks.
		EXPECT(!F::is_table(0b01, level));
		EXPECT_EQ(F::is_leaf(0b01, level), first_block <= level && level < 3);
		EXPECT_EQ(F::allows_leaf(level), first_block <= level);
	}
}

template <class F> void check_outputs(struct kunit *test)
{
	const Descriptor all_ones = ~Descriptor{0};

	for (Level level = 0; level <= 3; level++) {
		const uint64_t pa = F::output(all_ones, level).raw();

		EXPECT_EQ(pa, 0xffff'ffff'ffff & ~(F::Granule::size(level) - 1));
		// Trap 17: nT, bit 16, is no address bit of a block.
		if (level < 3)
			EXPECT_EQ(pa & bit(16), 0);
		// What is encoded beside the address does not reach it.
		EXPECT_EQ(F::output(pa | attribute_bits | F::leaf_type(level), level).raw(), pa);
	}
	EXPECT_EQ(F::next_table(all_ones).raw(), 0xffff'ffff'ffff & ~(F::Granule::page_size - 1));
	EXPECT_EQ(F::next_table(F::table(Pa{0x1234'5678'0000})), Pa{0x1234'5678'0000});
	EXPECT(F::is_table(F::table(Pa{0}), 2));
}

template <class F> void check_cut(struct kunit *test, Level level)
{
	const Pa pa{0x1234'5678'9abc & ~(F::Granule::size(level) - 1)};
	const Descriptor dbm = bit(51);
	const Descriptor nt = bit(16);
	const Descriptor block = pa.raw() | attribute_bits | nt | F::leaf_type(level);
	const auto first_leaf = [&](Descriptor d) {
		return F::leaf_bits_below(d, level) | F::encode_output(F::output(d, level));
	};
	const Descriptor below = first_leaf(block);

	EXPECT(F::is_leaf(below, level + 1));
	EXPECT_EQ(F::output(below, level + 1), pa);
	EXPECT_EQ(below & nt, 0);
	EXPECT_EQ(below & dbm, dbm);
	// Trap 26: 16 blocks side by side said nothing about the leaves of one of them.
	EXPECT_EQ(below & attribute_bits, attribute_bits & ~bit(52));
	EXPECT_EQ(first_leaf(pa.raw() | F::leaf_type(level)), pa.raw() | F::leaf_type(level + 1));
}

} // namespace

TEST(decoding_is_the_inverse_of_encoding)
{
	unsigned wrong = 0;

	for_all_attributes([&](const Stage2Attributes &a) {
		wrong += F4::attributes(F4::encode(a)) != a;
		wrong += F64::attributes(F64::encode(a) | 0x1234'5678'0000 | 3) != a;
		wrong += (F4::encode(a) & ~attribute_bits) != 0;
	});
	EXPECT_EQ(wrong, 0);
}

// By the Arm ARM: without FWB NoTagAccess is 0b0100; with FWB 0b1110 for Write-Back and 0b1111 for what stage 1 says.
// NS is bit 55. In all values of MemAttr and NS.
template <class F> void check_realm_and_tags(struct kunit *test)
{
	for (unsigned mem_attr = 0; mem_attr < 16; mem_attr++) {
		for (bool ns : {false, true}) {
			const Descriptor d = 0x7c3 | mem_attr << 2 | (ns ? bit(55) : 0);
			const Stage2Attributes a = F::attributes(d);
			const bool no_tags =
				F::Stage::fwb ? mem_attr >= 0b1110 : mem_attr == 0b0100;

			EXPECT_EQ(a.non_secure, ns);
			EXPECT_EQ(a.no_tags, no_tags);
			EXPECT_EQ(a.software, 0);
			if (no_tags)
				EXPECT(a.memory == MemoryType::normal);
			EXPECT_EQ(F::encode(a) >> 55 & 1, ns ? 1 : 0);
			EXPECT(F::attributes(F::encode(a)) == a);
		}
	}
	for (MemoryType memory : memory_types) {
		const Stage2Attributes a{.memory = memory, .access = r, .no_tags = true};

		EXPECT_EQ(F::check(a),
			  memory == MemoryType::normal ? Errc::none : Errc::forbidden_attributes);
	}
	EXPECT_EQ(F::mem_attr.get(F::encode(Stage2Attributes{.access = rwx, .no_tags = true})),
		  F::Stage::fwb ? 0b1110 : 0b0100);
	// Where the output is, no change in place says.
	EXPECT_EQ(classify<F>(0x7c3, 0x7c3 | bit(55)), Change::needs_break);
}

TEST(realms_and_tags_have_their_bits)
{
	check_realm_and_tags<F4>(test);
	check_realm_and_tags<Format<Stage2Fwb, Granule4K>>(test);
	check_realm_and_tags<Format<Stage2Fwb, Granule64K, 52>>(test);
}

// At EL3 bit 11 is NSE: with NS, 00 Secure, 01 Non-secure, 10 Root, 11 Realm. Everywhere else it is nG, or nothing.
template <class F> void check_nse(struct kunit *test)
{
	constexpr bool el3 = std::same_as<typename F::Stage, El3>;

	for (unsigned space = 0; space < 4; space++) {
		const Descriptor d = 0x703 | (space & 1) << 5 | (space & 2 ? bit(11) : 0);
		const Stage1Attributes a = F::attributes(d);

		EXPECT_EQ(a.non_secure, (space & 1) != 0);
		EXPECT_EQ(a.nse, el3 && space >= 2);
		EXPECT_EQ(a.global, el3 || space < 2);
		if (el3 || F::Stage::has_el0)
			EXPECT_EQ((F::encode(a) ^ d) & (bit(5) | bit(11)), 0);
		EXPECT(F::attributes(F::encode(a)) == a || !F::Stage::has_el0);
	}
	Stage1Attributes root = normal | rw;

	root.nse = true;
	EXPECT_EQ(F::check(root), el3 ? Errc::none : Errc::forbidden_attributes);
	if (el3)
		EXPECT_EQ(classify<F>(0x703, 0x703 | bit(11)), Change::needs_break);
}

TEST(el3_has_four_spaces)
{
	check_nse<Format<El3, Granule4K>>(test);
	check_nse<Format<El3, Granule64K, 52>>(test);
	check_nse<Format<El2, Granule4K>>(test);
	check_nse<Format<El2And0, Granule4K>>(test);
	check_nse<Format<El1And0, Granule16K>>(test);
}

// Trap 29.
TEST(s2ap_is_one_bit_each_for_read_and_write)
{
	const Access none{false, false, Execute::all};

	EXPECT_EQ(F4::encode(none), 0);
	EXPECT_EQ(F4::encode(Access{true, false, Execute::all}), 0x40);
	EXPECT_EQ(F4::encode(Access{false, true, Execute::all}), 0x80);
	EXPECT_EQ(F4::encode(Access{true, true, Execute::all}), 0xc0);
}

// Trap 30: 3 << 53 is "EL1 yes, EL0 no", not "never".
TEST(xn_is_two_bits_and_never_is_0b10)
{
	EXPECT_EQ(F4::encode(Access{false, false, Execute::all}) >> 53, 0b00);
	EXPECT_EQ(F4::encode(Access{false, false, Execute::el0_only}) >> 53, 0b01);
	EXPECT_EQ(F4::encode(Access{false, false, Execute::none}) >> 53, 0b10);
	EXPECT_EQ(F4::encode(Access{false, false, Execute::el1_only}) >> 53, 0b11);
	EXPECT(F4::access(uint64_t{0b10} << 53) == no_access);
}

// Trap 31, FWB off: outer in [5:4], inner in [3:2].
TEST(memattr_has_the_numbers_of_the_arm_arm)
{
	constexpr uint64_t numbers[] = {0b0000, 0b0001, 0b0010, 0b0011, 0b0101, 0b1010, 0b1111};
	constexpr MemoryType normals[4][4] = {
		{}, // Device
		// 0b0100 is Write-Back without tags.
		{MemoryType::normal, MemoryType::normal_nc, MemoryType::normal_nc,
		 MemoryType::normal_nc},
		{MemoryType::normal_nc, MemoryType::normal_nc, MemoryType::normal_wt,
		 MemoryType::normal_wt},
		{MemoryType::normal_nc, MemoryType::normal_nc, MemoryType::normal_wt,
		 MemoryType::normal},
	};

	for (unsigned i = 0; i < 7; i++)
		EXPECT_EQ(F4::encode(memory_types[i] | no_access) & 0x3c, numbers[i] << 2);
	for (unsigned bits = 0; bits < 16; bits++)
		EXPECT_EQ(F4::memory_type(bits << 2),
			  bits < 4 ? memory_types[bits] : normals[bits >> 2][bits & 3]);
}

// Trap 31, FWB on (Table D8-92): the outermost bit is 0, and Write-Through cannot be said.
TEST(with_fwb_memattr_has_other_numbers)
{
	using Fwb = Format<Stage2Fwb, Granule4K>;
	constexpr uint64_t numbers[] = {0b0000, 0b0001, 0b0010, 0b0011, 0b0101, 0, 0b0110};

	for (unsigned i = 0; i < 7; i++) {
		const Stage2Attributes attributes = memory_types[i] | no_access;

		EXPECT_EQ(Fwb::is_legal(attributes), memory_types[i] != MemoryType::normal_wt);
		if (!Fwb::is_legal(attributes))
			continue;
		EXPECT_EQ(Fwb::encode(attributes) & 0x3c, numbers[i] << 2);
		EXPECT_EQ(Fwb::memory_type(numbers[i] << 2), memory_types[i]);
	}
}

TEST(sh_af_contiguous_and_software_bits_are_in_their_place)
{
	const Descriptor plain = F4::encode(Stage2Attributes{.memory = MemoryType::device_nGnRnE,
							     .access = {false, false, Execute::all},
							     .shareability = Shareability::none,
							     .accessed = false});

	EXPECT_EQ(plain, 0);
	EXPECT_EQ(F4::encode(Stage2Attributes{.memory = MemoryType::device_nGnRnE,
					      .access = {false, false, Execute::all},
					      .shareability = Shareability::outer,
					      .accessed = true,
					      .contiguous = true,
					      .software = 5}),
		  0x0510'0000'0000'0600);
	EXPECT_EQ(F4::encode(normal | no_access) & 0x300, 0x300);
}

// stage2_set_prot_attr() of Linux 6.12 without FWB.
TEST(descriptors_are_what_kvm_writes)
{
	const Descriptor ram = F4::encode(normal | rwx) | F4::leaf_type(3) | 0x8000'0000;
	const Descriptor gic =
		F4::encode(MemoryType::device_nGnRE | rw) | F4::leaf_type(3) | 0x0800'0000;
	const Descriptor rom = F4::encode(normal | rx) | F4::leaf_type(1) | 0x40'0000'0000;

	EXPECT_EQ(ram, 0x0000'0000'8000'07ff);
	EXPECT_EQ(gic, 0x0040'0000'0800'07c7);
	EXPECT_EQ(rom, 0x0000'0040'0000'077d);
}

// Trap 32.
TEST(device_and_noncacheable_memory_is_never_executable)
{
	unsigned wrong = 0;

	for_all_attributes([&](const Stage2Attributes &a) {
		const bool may =
			a.memory == MemoryType::normal || a.memory == MemoryType::normal_wt;

		wrong += F4::is_legal(a) != (may || a.access.execute == Execute::none);
	});
	EXPECT_EQ(wrong, 0);
}

// Trap 25, without LPA and LPA2.
TEST(type_bits_say_invalid_block_table_or_page)
{
	check_kinds<F4>(test, 1);
	check_kinds<F16>(test, 2);
	check_kinds<F64>(test, 2);
}

TEST(output_addresses_hold_no_other_bits)
{
	check_outputs<F4>(test);
	check_outputs<F16>(test);
	check_outputs<F64>(test);
}

TEST(leaves_below_a_block_have_its_attributes)
{
	check_cut<F4>(test, 1);
	check_cut<F4>(test, 2);
	check_cut<F16>(test, 2);
	check_cut<F64>(test, 2);
}

SUITE(format, decoding_is_the_inverse_of_encoding, realms_and_tags_have_their_bits,
      el3_has_four_spaces, s2ap_is_one_bit_each_for_read_and_write,
      xn_is_two_bits_and_never_is_0b10, memattr_has_the_numbers_of_the_arm_arm,
      with_fwb_memattr_has_other_numbers, sh_af_contiguous_and_software_bits_are_in_their_place,
      descriptors_are_what_kvm_writes, device_and_noncacheable_memory_is_never_executable,
      type_bits_say_invalid_block_table_or_page, output_addresses_hold_no_other_bits,
      leaves_below_a_block_have_its_attributes);
