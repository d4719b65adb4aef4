// SPDX-License-Identifier: GPL-2.0-only
//
// The shape of a stage 2 tree and the registers that tell the hardware: every number of IPA bits,
// every granule, every number of PA bits.
#include "support/lab.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/vtcr.hpp"

using namespace vmsa;

namespace
{

template <class G> using S2 = Format<Stage2, G>;

// Arm ARM D8.2.8, read off by hand: from `first` to `last` IPA bits the walk starts at `level`; one
// table resolves `one_table` of them, and concatenated tables the rest. SL0 is of VTCR_EL2.
struct Shape {
	unsigned first;
	unsigned last;
	Level level;
	unsigned one_table;
	unsigned sl0;
};

template <class Granule> struct Truth;
template <> struct Truth<Granule4K> {
	static constexpr Shape shapes[] = {
		{32, 34, 2, 30, 0}, {35, 43, 1, 39, 1}, {44, 48, 0, 48, 2}};
	static constexpr uint64_t tg0 = 0;
};
template <> struct Truth<Granule16K> {
	static constexpr Shape shapes[] = {{32, 40, 2, 36, 1}, {41, 48, 1, 47, 2}};
	static constexpr uint64_t tg0 = 2;
};
template <> struct Truth<Granule64K> {
	static constexpr Shape shapes[] = {{32, 46, 2, 42, 1}, {47, 48, 1, 55, 2}};
	static constexpr uint64_t tg0 = 1;
};

template <class Granule> const Shape *shape_of(unsigned ipa_bits)
{
	for (const Shape &shape : Truth<Granule>::shapes) {
		if (shape.first <= ipa_bits && ipa_bits <= shape.last)
			return &shape;
	}
	return nullptr;
}

template <class Granule> void check_shapes(struct kunit *test)
{
	for (unsigned ipa_bits = 0; ipa_bits <= 64; ipa_bits++) {
		for (unsigned pa_bits : {32, 36, 40, 42, 44, 48, 52, 56}) {
			const auto got = stage2_geometry<Granule>(ipa_bits, pa_bits);
			const Shape *want = shape_of<Granule>(ipa_bits);

			ASSERT_EQ(got.ok(), want && pa_bits >= ipa_bits);
			if (!got)
				continue;

			const Geometry &g = got.value();
			const unsigned tables =
				ipa_bits > want->one_table ? 1u << (ipa_bits - want->one_table) : 1;

			ASSERT_EQ(g.start, want->level);
			ASSERT_EQ(g.root_tables, tables);
			ASSERT_EQ(g.input_bits, ipa_bits);
			ASSERT_EQ(g.last_input(), (uint64_t{1} << ipa_bits) - 1);
			ASSERT(g.output_bits <= pa_bits && g.output_bits <= 48);
		}
	}
}

// Trap 19: a start level that only concatenation makes legal is never needed, whatever the PA size.
template <class Granule> void check_start_levels(struct kunit *test)
{
	for (unsigned pa_bits : {32, 36, 40, 42, 44, 48}) {
		for (unsigned ipa_bits = 32; ipa_bits <= pa_bits; ipa_bits++) {
			const Geometry g = stage2_geometry<Granule>(ipa_bits, pa_bits).value();

			ASSERT(g.root_tables <= 16);
			if constexpr (Granule::page_shift == 12)
				ASSERT(g.start > 0 || pa_bits >= 44);
			if constexpr (Granule::page_shift == 14)
				ASSERT(g.start > 1 || pa_bits >= 42);
			if constexpr (Granule::page_shift == 16)
				ASSERT(g.start > 1 || pa_bits >= 44);
			ASSERT(g.start < last_level);
		}
	}
}

template <class Granule> void check_registers(struct kunit *test)
{
	for (unsigned ipa_bits = 32; ipa_bits <= 48; ipa_bits++) {
		const Geometry g = stage2_geometry<Granule>(ipa_bits, 48).value();
		const uint64_t v = vtcr<S2<Granule>>(g, false);

		ASSERT_EQ(v & 0x3f, 64 - ipa_bits); // T0SZ
		ASSERT_EQ(v >> 6 & 3, shape_of<Granule>(ipa_bits)->sl0); // SL0
		ASSERT_EQ(v >> 8 & 0x3f, 0x35); // trap 34: WBWA, WBWA, IS
		ASSERT_EQ(v >> 14 & 3, Truth<Granule>::tg0); // trap 23
		ASSERT_EQ(v >> 16 & 7, 5); // PS: 48 bits
		ASSERT_EQ(v >> 19, 1u << (31 - 19)); // RES1, and nothing else
		ASSERT_EQ(vtcr<S2<Granule>>(g, true), v | 1u << 19); // VS
	}
}

// Trap 18: concatenated tables are aligned to the size of them all, which is enough for VTTBR_EL2.
template <class Format> void check_roots(struct kunit *test)
{
	using Granule = typename Format::Granule;
	support::Verdict verdict{test};
	support::ScratchMemory memory{test, verdict, Granule::table_bytes, 32};

	ASSERT(verdict.good());
	for (unsigned ipa_bits = 32; ipa_bits <= 48; ipa_bits++) {
		Tree<Format, support::ScratchMemory> tree{memory};
		Descriptor *page = memory.allocate(Granule::table_bytes); // out of alignment
		const Geometry g = stage2_geometry<Granule>(ipa_bits, 48).value();
		// BADDR begins where the entries' number and size say, or at 64 bytes.
		const uint64_t bytes = uint64_t{8} << (ipa_bits - Granule::shift(g.start));

		ASSERT(tree.create(g).ok());
		ASSERT_EQ(memory.live(), 1 + g.root_tables);
		ASSERT(tree.root_address().is_aligned(bytes));
		ASSERT(tree.root_address().is_aligned(g.root_tables * Granule::table_bytes));
		ASSERT_EQ(vttbr<S2<Granule4K>>(tree.root_address(), 0xbeef),
			  0xbeef'0000'0000'0000 | tree.root_address().raw());
		tree.destroy();
		memory.free(page, Granule::table_bytes);
		ASSERT_EQ(memory.live(), 0);
	}
	ASSERT(verdict.good());
}

} // namespace

TEST(every_number_of_ipa_bits_has_its_start_level)
{
	check_shapes<Granule4K>(test);
	check_shapes<Granule16K>(test);
	check_shapes<Granule64K>(test);
}

TEST(refusals_name_the_number_and_the_limit)
{
	for (unsigned ipa_bits : {0, 1, 31, 49, 52, 64})
		EXPECT(stage2_geometry<Granule4K>(ipa_bits, 48).error() ==
		       Error(Errc::input_bits, ipa_bits, 48));
	EXPECT(stage2_geometry<Granule4K>(41, 40).error() == Error(Errc::output_bits, 41, 40));
	EXPECT(stage2_geometry<Granule16K>(48, 44).error() == Error(Errc::output_bits, 48, 44));
	EXPECT(stage2_geometry<Granule64K>(48, 42).error() == Error(Errc::output_bits, 48, 42));
}

TEST(no_start_level_needs_more_pa_bits_than_there_are)
{
	check_start_levels<Granule4K>(test);
	check_start_levels<Granule16K>(test);
	check_start_levels<Granule64K>(test);
}

TEST(vtcr_tells_the_shape)
{
	check_registers<Granule4K>(test);
	check_registers<Granule16K>(test);
	check_registers<Granule64K>(test);
}

// kvm_get_vtcr() of Linux 6.12, VMID and hardware updates of AF apart.
TEST(vtcr_is_what_kvm_writes)
{
	EXPECT_EQ(vtcr<S2<Granule4K>>(stage2_geometry<Granule4K>(40, 48).value(), false),
		  0x8005'3558);
	EXPECT_EQ(vtcr<S2<Granule4K>>(stage2_geometry<Granule4K>(32, 36).value(), false),
		  0x8001'3520);
	EXPECT_EQ(vtcr<S2<Granule4K>>(stage2_geometry<Granule4K>(44, 44).value(), true),
		  0x800c'3594);
	EXPECT_EQ(vtcr<S2<Granule16K>>(stage2_geometry<Granule16K>(40, 48).value(), false),
		  0x8005'b558);
	EXPECT_EQ(vtcr<S2<Granule64K>>(stage2_geometry<Granule64K>(48, 48).value(), false),
		  0x8005'7590);
}

// Trap 21. A tree must not name what the walk would fault on.
TEST(ps_is_what_the_machine_has_and_covers_every_output)
{
	for (unsigned parange = 0; parange <= 5; parange++)
		EXPECT_EQ(parange_of(pa_bits_of(parange)), parange);
	for (unsigned pa_bits = 32; pa_bits <= 64; pa_bits++) {
		const Geometry g = stage2_geometry<Granule4K>(32, pa_bits).value();
		const unsigned ps = pa_bits_of(vtcr<S2<Granule4K>>(g, false) >> 16 & 7);

		ASSERT(ps <= pa_bits);
		ASSERT(g.output_bits <= ps);
	}
}

TEST(a_root_is_aligned_to_its_size)
{
	check_roots<Format<Stage2, Granule4K>>(test);
	check_roots<Format<Stage2, Granule16K>>(test);
	check_roots<Format<Stage2, Granule64K>>(test);
}

SUITE(geometry, every_number_of_ipa_bits_has_its_start_level,
      refusals_name_the_number_and_the_limit, no_start_level_needs_more_pa_bits_than_there_are,
      vtcr_tells_the_shape, vtcr_is_what_kvm_writes,
      ps_is_what_the_machine_has_and_covers_every_output, a_root_is_aligned_to_its_size);
