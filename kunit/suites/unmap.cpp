// SPDX-License-Identifier: GPL-2.0-only
//
// Unmap: nothing is left, not a leaf, not a table, not a TLB entry; what was not asked for stays.
#include "support/lab.hpp"
#include "vmsa/format_stage2.hpp"

using namespace vmsa;
using namespace support;

namespace
{

using F16 = Format<Stage2, Granule16K>;
using F64 = Format<Stage2, Granule64K>;

constexpr Stage2Attributes unusual{.memory = MemoryType::normal_wt,
				   .access = {true, false, Execute::el0_only},
				   .shareability = Shareability::outer,
				   .accessed = false,
				   .software = 6};

// All of `whole` is mapped from `pa` on with the unusual attributes, except `hole`.
template <class L> bool is_all_but(const L &lab, Region<Ipa> whole, Region<Ipa> hole, Pa pa)
{
	const uint64_t page = L::Granule::page_size;

	for (Ipa at = whole.first; at < whole.last;) {
		const auto e = lab.tree().at(at);
		const bool mapped = !hole.contains(at);

		if (e.is_leaf() != mapped)
			return false;
		if (mapped && (lab.tree().translate(at).value().pa != pa + (at - whole.first) ||
			       lab.attributes(at) != unusual || hole.contains(e.region.last)))
			return false;
		at = mapped ? e.region.last + 1 : at + page;
	}
	return true;
}

// One block of `level`; out of its start, middle and end a piece of `piece` bytes.
template <class F> void check_cuts(struct kunit *test, Level level, uint64_t piece, size_t tables)
{
	const uint64_t block = F::Granule::size(level);
	const Region<Ipa> whole{Ipa{3 * block}, block};

	for (uint64_t offset : {uint64_t{0}, block / 2, block - piece}) {
		Lab<F> lab{test, 44};
		ASSERT(lab.good());
		const Region<Ipa> hole{whole.first + offset, piece};

		ASSERT(lab.map(whole, Pa{block}, unusual));
		ASSERT(lab.has_leaf(whole.first, level, Pa{block}));
		const size_t before = lab.memory().live();

		ASSERT(lab.unmap(hole));
		ASSERT(is_all_but(lab, whole, hole, Pa{block}));
		ASSERT_EQ(lab.memory().live() - before, tables);
		ASSERT(lab.good());
	}
}

// All orders of 0..count-1 (Heap's algorithm).
template <size_t count, class Visit> void for_all_orders(Visit &&visit)
{
	uint8_t order[count];
	uint8_t turn[count] = {};

	for (size_t i = 0; i < count; i++)
		order[i] = static_cast<uint8_t>(i);
	visit(order);
	for (size_t i = 1; i < count;) {
		if (turn[i] == i) {
			turn[i++] = 0;
			continue;
		}
		std::swap(order[i % 2 ? turn[i] : 0], order[i]);
		turn[i]++;
		i = 1;
		visit(order);
	}
}

} // namespace

TEST(a_block_is_cut_where_a_part_of_it_is_unmapped)
{
	check_cuts<Stage2_4K>(test, 2, 4 * KiB, 1);
	check_cuts<Stage2_4K>(test, 1, 2 * MiB, 1);
	check_cuts<Stage2_4K>(test, 1, 4 * KiB, 2);
	check_cuts<F16>(test, 2, 16 * KiB, 1);
	check_cuts<F64>(test, 2, 64 * KiB, 1);
}

TEST(a_cut_goes_only_where_an_end_falls_inside_a_block)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	const Region<Ipa> whole{Ipa{GiB}, GiB};
	const Region<Ipa> hole{Ipa{GiB + 2 * MiB + 4 * KiB}, 8 * MiB};

	EXPECT(lab.map(whole, Pa{4 * GiB}, unusual));
	EXPECT(lab.unmap(hole));
	// The root, a table of blocks, and a table of pages at each end.
	EXPECT_EQ(lab.memory().live(), 2 + 1 + 2);
	EXPECT(is_all_but(lab, whole, hole, Pa{4 * GiB}));
	EXPECT(lab.has_leaf(Ipa{GiB}, 2, Pa{4 * GiB}));
	EXPECT(lab.has_leaf(Ipa{GiB + 2 * MiB}, 3, Pa{4 * GiB + 2 * MiB}));
	EXPECT(lab.has_leaf(Ipa{GiB + 12 * MiB}, 2, Pa{4 * GiB + 12 * MiB}));
	ASSERT(lab.good());
}

TEST(blocks_to_both_sides_are_cut_at_once)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	const Region<Ipa> whole{Ipa{GiB}, 3 * GiB};
	const Region<Ipa> hole{Ipa{2 * GiB - 4 * KiB}, GiB + 8 * KiB};

	EXPECT(lab.map(whole, Pa{8 * GiB}, unusual));
	EXPECT(lab.unmap(hole));
	EXPECT(is_all_but(lab, whole, hole, Pa{8 * GiB}));
	EXPECT_EQ(lab.memory().live(), 2 + 4);
	EXPECT(lab.unmap({Ipa{GiB}, GiB - 4 * KiB}));
	EXPECT(lab.unmap({Ipa{3 * GiB + 4 * KiB}, GiB - 4 * KiB}));
	EXPECT(lab.only_root() && lab.good());
}

TEST(a_cut_keeps_what_the_hardware_and_the_software_wrote)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	const Descriptor dbm = bit(51);
	const Descriptor af = bit(10);

	EXPECT(lab.map({Ipa{GiB}, GiB}, Pa{0}, unusual));
	*lab.descriptor(Ipa{GiB}) |= dbm | af;
	lab.hardware_was_here();
	EXPECT(lab.unmap({Ipa{GiB}, 4 * KiB}));
	EXPECT_EQ(*lab.descriptor(Ipa{GiB + 4 * KiB}) & (dbm | af), dbm | af);
	EXPECT_EQ(*lab.descriptor(Ipa{2 * GiB - 2 * MiB}) & (dbm | af), dbm | af);
	EXPECT_EQ(lab.attributes(Ipa{GiB + 4 * KiB}).software, 6);
	ASSERT(lab.good());
}

// Two pages share a table; others have a table, a level 2 table or a root table of their own.
TEST(tables_go_when_they_are_empty_whatever_goes_first)
{
	const Ipa pages[] = {Ipa{0}, Ipa{2 * MiB - 4 * KiB}, Ipa{2 * MiB}, Ipa{GiB},
			     Ipa{512 * GiB}};
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());

	for_all_orders<5>([&](const uint8_t *order) {
		for (Ipa page : pages)
			ASSERT(lab.map({page, 4 * KiB}, Pa{page.raw()}, normal | rw));
		ASSERT_EQ(lab.memory().live(), 2 + 3 + 4);
		for (size_t i = 0; i < 5; i++) {
			ASSERT(lab.unmap({pages[order[i]], 4 * KiB}));
			for (size_t j = 0; j < 5; j++)
				ASSERT_EQ(lab.tree().translate(pages[order[j]]).ok(), j > i);
		}
		ASSERT(lab.only_root() && lab.good());
	});
}

// Whichever single entry of a table is left, it keeps the table alive.
TEST(a_table_stays_while_one_entry_is_left)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	const Region<Ipa> table{Ipa{GiB}, 2 * MiB};

	for (size_t left = 0; left < Granule4K::entries; left += left < 4 || left > 505 ? 1 : 31) {
		const Ipa page = table.first + left * 4 * KiB;

		ASSERT(lab.map(table, Pa{0}, normal | rw, {3}));
		if (page != table.first)
			ASSERT(lab.unmap(Region<Ipa>::inclusive(table.first, page - 1)));
		if (page != table.last - (4 * KiB - 1))
			ASSERT(lab.unmap(Region<Ipa>::inclusive(page + 4 * KiB, table.last)));
		ASSERT(lab.has_leaf(page, 3, Pa{left * 4 * KiB}));
		ASSERT(lab.unmap({page, 4 * KiB}));
		ASSERT(lab.only_root() && lab.good());
	}
}

// Traps 6 and 7, and three faults of a library that got it wrong. The judges watch the TLB.
TEST(a_subtree_goes_with_all_that_a_tlb_holds_of_it)
{
	Lab<Stage2_4K> lab{test, 44};
	ASSERT(lab.good());
	const Region<Ipa> region{Ipa{512 * GiB - 4 * MiB}, 8 * MiB};

	EXPECT(lab.map(region, Pa{0}, normal | rw, {3}));
	EXPECT(lab.unmap({region.first, 2 * MiB})); // one table
	EXPECT(lab.unmap({region.first + 2 * MiB, 4 * MiB})); // two, and two level 2 tables' parts
	EXPECT(lab.unmap({region.first + 6 * MiB, 2 * MiB}));
	EXPECT(lab.only_root() && lab.good());

	EXPECT(lab.map(region, Pa{0}, normal | rw, {3}));
	EXPECT(lab.unmap(region)); // all of them
	EXPECT(lab.only_root() && lab.good());
	EXPECT_EQ(lab.tlb().invalidations(), 4);
}

TEST(whole_level_1_entries_go_with_tables_of_two_levels)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());

	// Blocks of 2 MiB and, at the end of each GiB, a table of pages.
	for (Ipa first : {Ipa{GiB}, Ipa{2 * GiB}}) {
		const Region<Ipa> pages{first + (GiB - 2 * MiB), 2 * MiB};

		EXPECT(lab.map({first, GiB - 2 * MiB}, Pa{GiB}, normal | rw));
		EXPECT(lab.map(pages, Pa{4 * KiB}, normal | rw));
	}
	EXPECT_EQ(lab.memory().live(), 2 + 4);
	EXPECT(lab.unmap({Ipa{GiB}, 2 * GiB}));
	EXPECT(lab.only_root() && lab.good());
}

TEST(a_hole_is_named_from_its_first_page_to_its_last)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	// Mapped: a page, then a hole up to a 1 GiB block, then nothing.
	const Region<Ipa> page{Ipa{4 * MiB}, 4 * KiB};
	const Region<Ipa> block{Ipa{GiB}, GiB};
	const auto between = Region<Ipa>::inclusive(page.last + 1, block.first - 1);
	struct {
		Region<Ipa> asked;
		Region<Ipa> named;
	} const cases[] = {
		{{page.first, 2 * GiB - 4 * MiB}, between},
		{{page.first, 8 * KiB}, {page.last + 1, 4 * KiB}},
		{{page.first - 4 * KiB, 8 * KiB}, {page.first - 4 * KiB, 4 * KiB}},
		{{Ipa{0}, GiB}, {Ipa{0}, 4 * MiB}},
		{{block.last - (4 * KiB - 1), 4 * MiB}, {Ipa{2 * GiB}, 4 * MiB - 4 * KiB}},
		{{block.first - 4 * KiB, 2 * GiB}, {block.first - 4 * KiB, 4 * KiB}},
		{{Ipa{8 * GiB}, 8 * GiB}, {Ipa{8 * GiB}, 8 * GiB}},
		{{Ipa{bit(40) - 4 * KiB}, 4 * KiB}, {Ipa{bit(40) - 4 * KiB}, 4 * KiB}},
	};

	EXPECT(lab.map(page, Pa{0}, normal | rw));
	EXPECT(lab.map(block, Pa{0}, normal | rw));
	const size_t allocations = lab.memory().allocations();

	for (const auto &c : cases) {
		const auto unmapped = lab.unmap(c.asked);
		const auto protect = lab.protect(c.asked, r);

		EXPECT(unmapped.error() == Error(Errc::not_mapped, c.named));
		EXPECT(protect.error() == Error(Errc::not_mapped, c.named));
	}
	EXPECT_EQ(lab.memory().allocations(), allocations);
	ASSERT(lab.good());
}

TEST(the_last_page_of_the_space_goes_like_any_other)
{
	for (unsigned ipa_bits : {32, 36, 40, 48}) {
		Lab<Stage2_4K> lab{test, ipa_bits};
		ASSERT(lab.good());
		const Ipa end{lab.tree().geometry().last_input() + 1};

		ASSERT(lab.map({end - 2 * MiB, 2 * MiB}, Pa{0}, normal | rw));
		ASSERT(lab.unmap({end - 4 * KiB, 4 * KiB}));
		ASSERT(!lab.tree().translate(end - 1) && lab.tree().translate(end - 4 * KiB - 1));
		ASSERT(lab.unmap({end - 2 * MiB, 2 * MiB - 4 * KiB}));
		ASSERT(lab.only_root() && lab.good());
	}
}

// Retired tables are chained through themselves, by physical address; 0 is one like any other.
TEST(no_table_is_lost_whose_physical_address_is_0)
{
	using Memory = ScratchMemory;
	Verdict verdict{test};
	Memory memory{test, verdict, Granule4K::table_bytes, 8, 0};
	NoTlb tlb;
	Mapping<Stage2_4K, Memory, NoTlb> mapping{memory, tlb};
	ASSERT(verdict.good());
	Descriptor *at_0 = memory.allocate(Granule4K::table_bytes);

	EXPECT_EQ(memory.physical(at_0), Pa{0});
	EXPECT(mapping.create(stage2_geometry<Granule4K>(39, 48).value()));
	memory.free(at_0, Granule4K::table_bytes);
	for (unsigned i = 0; i < 2; i++) {
		EXPECT(mapping.map({Ipa{GiB - 4 * KiB}, 8 * KiB}, Linear{Ipa{0}, Pa{0}},
				   normal | rw));
		EXPECT_EQ(memory.live(), 1 + 4);
		EXPECT(mapping.unmap({Ipa{GiB - 4 * KiB}, 8 * KiB}));
		EXPECT_EQ(memory.live(), 1);
	}
	mapping.destroy();
	EXPECT_EQ(memory.live(), 0);
}

enum class Owner : uint32_t { nobody, host };

TEST(a_region_that_is_none_is_refused_whatever_is_left_or_shown)
{
	Lab<Stage2_4K> lab{test, 40};
	const Region<Ipa> none{Ipa{1}, 4 * KiB}, page{Ipa{0}, 4 * KiB};
	const Error why{Errc::unaligned_input, none};

	EXPECT(lab.unmap(none, Owner::host).error() == why);
	EXPECT(lab.unmap(none, ShowNothing{}).error() == why);
	ASSERT(lab.map(page, Pa{0}, normal | rw));
	EXPECT(lab.unmap(page, ShowNothing{}));
	EXPECT(lab.unmap(page, ShowNothing{}).error() == Error(Errc::not_mapped, page));
	ASSERT(lab.good());
}

SUITE(unmap, a_region_that_is_none_is_refused_whatever_is_left_or_shown,
      a_block_is_cut_where_a_part_of_it_is_unmapped,
      a_cut_goes_only_where_an_end_falls_inside_a_block, blocks_to_both_sides_are_cut_at_once,
      a_cut_keeps_what_the_hardware_and_the_software_wrote,
      tables_go_when_they_are_empty_whatever_goes_first, a_table_stays_while_one_entry_is_left,
      a_subtree_goes_with_all_that_a_tlb_holds_of_it,
      whole_level_1_entries_go_with_tables_of_two_levels,
      a_hole_is_named_from_its_first_page_to_its_last,
      the_last_page_of_the_space_goes_like_any_other, no_table_is_lost_whose_physical_address_is_0);
