// SPDX-License-Identifier: GPL-2.0-only
//
// Map: which leaves stand where, and what is refused.
#include "support/lab.hpp"
#include "vmsa/format_stage2.hpp"

using namespace vmsa;
using namespace support;

namespace
{

using F16 = Format<Stage2, Granule16K>;
using F64 = Format<Stage2, Granule64K>;

// Output in pieces of `bytes`, the last piece first: contiguous inside a piece, nowhere else.
struct Backwards {
	Ipa first;
	Pa last_piece;
	uint64_t bytes;

	Extent operator()(Ipa input) const
	{
		const uint64_t offset = input - first;

		return {last_piece - offset / bytes * bytes + offset % bytes,
			bytes - offset % bytes};
	}
};

// A block of `level`, one that starts a page later, and one whose output does.
template <class F> void check_alignment(struct kunit *test, Level level)
{
	Lab<F> lab{test, 46};
	const uint64_t block = F::Granule::size(level);
	const uint64_t page = F::Granule::page_size;
	const Ipa ipa{4 * block};

	ASSERT(lab.good());
	EXPECT(lab.map({ipa, block}, Pa{block}, normal | rw));
	EXPECT(lab.has_leaf(ipa, level, Pa{block}));
	EXPECT(lab.unmap({ipa, block}));

	EXPECT(lab.map({ipa, page}, Pa{block}, normal | rw));
	EXPECT(lab.has_leaf(ipa, 3, Pa{block}));
	EXPECT(lab.unmap({ipa, page}));

	EXPECT(lab.map({ipa + page, 2 * page}, Pa{block + page}, normal | rw));
	EXPECT(lab.has_leaf(ipa + 2 * page, 3, Pa{block + 2 * page}));
	EXPECT(lab.only_root() == false);
	EXPECT(lab.unmap({ipa + page, 2 * page}));
	EXPECT(lab.only_root() && lab.good());
}

// The first and the last page there is, and a page on either side of each root table's end.
template <class F> void check_ends(struct kunit *test, unsigned ipa_bits)
{
	using Granule = typename F::Granule;
	Lab<F> lab{test, ipa_bits, 96};
	ASSERT(lab.good());
	const Geometry &g = lab.tree().geometry();
	const uint64_t page = Granule::page_size;
	const Ipa end{g.last_input() + 1};
	const Region<Ipa> last{end - page, page};

	ASSERT(lab.map({Ipa{0}, page}, Pa{g.last_output() + 1 - page}, normal | rw));
	ASSERT(lab.map(last, Pa{0}, normal | r));
	ASSERT_EQ(lab.tree().translate(end - 1).value().pa, Pa{page - 1});
	ASSERT_EQ(lab.tree().translate(Ipa{0}).value().pa, Pa{g.last_output() + 1 - page});
	ASSERT(lab.tree().translate(end).error() ==
	       Error(Errc::beyond_input, end.raw(), end.raw() - 1));
	ASSERT(lab.unmap({Ipa{0}, page}) && lab.unmap(last));

	// Trap 27: an index into a concatenated root has more bits than one table has.
	const uint64_t span = Granule::size(g.start) * Granule::entries;

	for (unsigned i = 1; i < g.root_tables; i++) {
		const Region<Ipa> region{Ipa{i * span - page}, 2 * page};

		ASSERT(lab.map(region, Pa{i * page}, normal | rw));
		ASSERT(lab.has_leaf(region.first, 3, Pa{i * page}));
		ASSERT(lab.has_leaf(Ipa{i * span}, 3, Pa{(i + 1) * page}));
		ASSERT(!lab.tree().translate(region.first - 1));
		ASSERT(!lab.tree().translate(region.last + 1));
	}
	for (unsigned i = 1; i < g.root_tables; i++)
		ASSERT(lab.unmap({Ipa{i * span - page}, 2 * page}));
	ASSERT(lab.only_root() && lab.good());
}

} // namespace

TEST(leaves_are_as_large_as_the_alignment_of_both_sides)
{
	check_alignment<Stage2_4K>(test, 1);
	check_alignment<Stage2_4K>(test, 2);
	check_alignment<F16>(test, 2);
	check_alignment<F64>(test, 2);
}

TEST(an_output_out_of_step_takes_smaller_leaves)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());

	// Aligned to 1 GiB here, to 2 MiB there.
	EXPECT(lab.map({Ipa{GiB}, GiB}, Pa{4 * GiB + 2 * MiB}, normal | rw));
	EXPECT(lab.has_leaf(Ipa{GiB}, 2, Pa{4 * GiB + 2 * MiB}));
	EXPECT(lab.has_leaf(Ipa{2 * GiB - 2 * MiB}, 2, Pa{5 * GiB}));
	// To 2 MiB here, to 4 KiB there.
	EXPECT(lab.map({Ipa{4 * GiB}, 2 * MiB}, Pa{4 * KiB}, normal | rw));
	EXPECT(lab.has_leaf(Ipa{4 * GiB + 2 * MiB - 4 * KiB}, 3, Pa{2 * MiB}));
	ASSERT(lab.good());
}

TEST(a_ragged_region_grows_to_blocks_and_shrinks_again)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	const Ipa first{GiB - 2 * MiB - 4 * KiB};
	const Pa pa{8 * GiB - 2 * MiB - 4 * KiB};
	const uint64_t bytes = 4 * KiB + 2 * MiB + GiB + 2 * MiB + 4 * KiB;
	const Level levels[] = {3, 2, 1, 2, 3};
	Ipa at = first;

	EXPECT(lab.map({first, bytes}, pa, normal | rw));
	for (Level level : levels) {
		EXPECT(lab.has_leaf(at, level, pa + (at - first)));
		at = at + Granule4K::size(level);
	}
	EXPECT_EQ(at - first, bytes);
	EXPECT(!lab.tree().translate(first - 1) && !lab.tree().translate(at));
	ASSERT(lab.good());
}

TEST(no_leaf_is_larger_than_the_cap)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	const Region<Ipa> region{Ipa{GiB}, GiB};

	for (Level cap = -1; cap <= 2; cap++) {
		EXPECT(lab.map(region, Pa{GiB}, normal | rw, {cap}));
		EXPECT(lab.has_leaf(Ipa{GiB}, cap < 1 ? 1 : cap, Pa{GiB}));
		EXPECT(lab.unmap(region));
	}
	EXPECT(lab.map({Ipa{GiB}, 2 * MiB}, Pa{GiB}, normal | rw, {3}));
	EXPECT(lab.has_leaf(Ipa{GiB + 2 * MiB - 4 * KiB}, 3, Pa{GiB + 2 * MiB - 4 * KiB}));
	ASSERT(lab.good());
}

TEST(no_leaf_crosses_the_end_of_an_extent)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	const Ipa first{GiB};

	// 2 MiB pieces stay blocks, and 1 GiB of them does not become one.
	EXPECT(lab.map_by({first, GiB}, Backwards{first, Pa{2 * GiB - 2 * MiB}, 2 * MiB},
			  normal | rw));
	EXPECT(lab.has_leaf(first, 2, Pa{2 * GiB - 2 * MiB}));
	EXPECT(lab.has_leaf(Ipa{2 * GiB - 2 * MiB}, 2, Pa{GiB}));
	EXPECT(lab.unmap({first, GiB}));

	// 1 MiB pieces are pages, each where its piece is.
	EXPECT(lab.map_by({first, 4 * MiB}, Backwards{first, Pa{2 * GiB}, MiB}, normal | rw));
	for (uint64_t offset = 0; offset < 4 * MiB; offset += 4 * KiB)
		ASSERT(lab.has_leaf(first + offset, 3,
				    Pa{2 * GiB - offset / MiB * MiB + offset % MiB}));
	ASSERT(lab.good());
}

TEST(every_geometry_maps_its_ends_and_across_its_root_tables)
{
	for (unsigned ipa_bits = 32; ipa_bits <= 48; ipa_bits++) {
		check_ends<Stage2_4K>(test, ipa_bits);
		check_ends<F16>(test, ipa_bits);
	}
	for (unsigned ipa_bits : {32, 42, 43, 46, 47, 48})
		check_ends<F64>(test, ipa_bits);
}

TEST(blocks_fill_across_concatenated_root_tables)
{
	Lab<Stage2_4K> wide{test, 43};
	Lab<Stage2_4K> narrow{test, 34};
	ASSERT(wide.good() && narrow.good());

	// The root's own entries are leaves, and the run is longer than one table.
	EXPECT(wide.map({Ipa{0}, 8 * TiB}, Pa{8 * TiB}, normal | rw));
	EXPECT(narrow.map({Ipa{0}, 16 * GiB}, Pa{16 * GiB}, normal | rw));
	EXPECT(wide.only_root() && narrow.only_root());
	for (unsigned i = 1; i < 16; i++) {
		EXPECT(wide.has_leaf(Ipa{i * 512 * GiB - GiB}, 1,
				     Pa{8 * TiB + i * 512 * GiB - GiB}));
		EXPECT(wide.has_leaf(Ipa{i * 512 * GiB}, 1, Pa{8 * TiB + i * 512 * GiB}));
		EXPECT(narrow.has_leaf(Ipa{i * GiB - 2 * MiB}, 2, Pa{(16 + i) * GiB - 2 * MiB}));
		EXPECT(narrow.has_leaf(Ipa{i * GiB}, 2, Pa{(16 + i) * GiB}));
	}
	EXPECT(wide.unmap({Ipa{0}, 8 * TiB}) && narrow.unmap({Ipa{0}, 16 * GiB}));
	ASSERT(wide.good() && narrow.good());
}

TEST(what_is_mapped_keeps_every_attribute)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	const Stage2Attributes all{.memory = MemoryType::normal_wt,
				   .access = {true, false, Execute::el1_only},
				   .shareability = Shareability::outer,
				   .accessed = false,
				   .software = 5};
	const Region<Ipa> region{Ipa{2 * MiB}, 2 * MiB + 4 * KiB};

	EXPECT(lab.map(region, Pa{4 * MiB}, all));
	EXPECT(lab.attributes(Ipa{2 * MiB}) == all && lab.attributes(Ipa{4 * MiB}) == all);
	ASSERT(lab.good());
}

// The name of an overlap is all that is mapped in a row, however many tables hold it.
TEST(an_overlap_names_what_is_mapped)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	// 4 KiB pages in the last quarter of one table, a block, and one page of another table.
	const Region<Ipa> mapped{Ipa{GiB + 1536 * KiB}, 512 * KiB + 2 * MiB + 4 * KiB};
	struct {
		Region<Ipa> asked;
		Region<Ipa> named;
	} const cases[] = {
		{{Ipa{GiB}, GiB}, mapped},
		{mapped, mapped},
		{{Ipa{0}, 4 * GiB}, mapped},
		{{Ipa{GiB}, 1540 * KiB}, {Ipa{GiB + 1536 * KiB}, 4 * KiB}},
		{{Ipa{GiB + 2 * MiB}, 2 * MiB}, {Ipa{GiB + 2 * MiB}, 2 * MiB}},
		{{Ipa{GiB + 3 * MiB}, 4 * KiB}, {Ipa{GiB + 3 * MiB}, 4 * KiB}},
		{{Ipa{GiB + 2 * MiB}, 4 * MiB}, {Ipa{GiB + 2 * MiB}, 2 * MiB + 4 * KiB}},
		{{Ipa{GiB + 4 * MiB}, 2 * MiB}, {Ipa{GiB + 4 * MiB}, 4 * KiB}},
	};

	EXPECT(lab.map(mapped, Pa{GiB + 1536 * KiB}, normal | rw));
	for (const auto &c : cases) {
		for (Level cap : {-1, 2, 3}) {
			const auto done =
				lab.map(c.asked, Pa{c.asked.first.raw()}, normal | rw, {cap});

			EXPECT_EQ(done.error().code, Errc::overlap);
			EXPECT_EQ(done.error().first, c.named.first.raw());
			EXPECT_EQ(done.error().last, c.named.last.raw());
		}
	}
	// A page to either side of it is free.
	EXPECT(lab.map({mapped.first - 4 * KiB, 4 * KiB}, Pa{0}, device | rw));
	EXPECT(lab.map({mapped.last + 1, 4 * KiB}, Pa{0}, device | rw));
	ASSERT(lab.good());
}

TEST(an_output_reaches_the_last_byte_and_no_further)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	const uint64_t end = bit(48);

	EXPECT(lab.map({Ipa{0}, 2 * MiB}, Pa{end - 2 * MiB}, normal | rw));
	EXPECT_EQ(lab.tree().translate(Ipa{2 * MiB - 1}).value().pa, Pa{end - 1});
	EXPECT(lab.map({Ipa{GiB}, 4 * KiB}, Pa{end - 4 * KiB}, normal | rw));
	// Beside it, where a table stands already.
	EXPECT(lab.map({Ipa{GiB + 4 * KiB}, 4 * KiB}, Pa{end}, normal | rw).error() ==
	       Error(Errc::beyond_output, end, end + 0xfff));
	EXPECT(lab.map({Ipa{GiB + 4 * KiB}, 4 * KiB}, Pa{0x800}, normal | rw).error() ==
	       Error(Errc::unaligned_output, 0x800, 0x800));
	EXPECT(lab.map({Ipa{2 * GiB}, 8 * KiB}, Pa{end - 4 * KiB}, normal | rw).error().code ==
	       Errc::beyond_output);
	ASSERT(lab.good());
}

// Trap 13: no TLB holds an invalid descriptor. But the new ones must be visible: one sync.
TEST(mapping_what_was_invalid_takes_no_invalidation)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());

	EXPECT(lab.map({Ipa{GiB - 4 * MiB}, 8 * MiB + 4 * KiB}, Pa{4 * KiB}, normal | rw));
	EXPECT_EQ(lab.tlb().invalidations(), 0);
	EXPECT_EQ(lab.tlb().syncs(), 1);
	ASSERT(lab.good());
}

TEST(tables_are_taken_as_needed_and_no_more)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	auto &memory = lab.memory();

	EXPECT_EQ(memory.allocations(), 1); // a root of two tables is one piece
	EXPECT_EQ(memory.live(), 2);
	EXPECT(lab.map({Ipa{GiB}, GiB}, Pa{GiB}, normal | rw));
	EXPECT_EQ(memory.allocations(), 1);
	EXPECT(lab.map({Ipa{2 * GiB}, 2 * MiB}, Pa{0}, normal | rw));
	EXPECT_EQ(memory.allocations(), 2);
	EXPECT(lab.map({Ipa{2 * GiB + 2 * MiB}, 4 * KiB}, Pa{0}, normal | rw));
	EXPECT_EQ(memory.allocations(), 3);
	// Into a table that is there.
	EXPECT(lab.map({Ipa{2 * GiB + 2 * MiB + 4 * KiB}, 8 * KiB}, Pa{0}, normal | rw));
	EXPECT_EQ(memory.allocations(), 3);
	// A page on either side of a 1 GiB boundary.
	EXPECT(lab.map({Ipa{5 * GiB - 4 * KiB}, 8 * KiB}, Pa{0}, normal | rw));
	EXPECT_EQ(memory.allocations(), 7);
	EXPECT_EQ(memory.live(), 8);
	ASSERT(lab.good());
}

namespace
{

// Asks the tree, each time it is asked: is every table that can be reached full of something?
struct Witness {
	Lab<Stage2_4K> &lab;
	Verdict &verdict;

	Extent operator()(Ipa input) const
	{
		const auto &tree = lab.tree();
		const auto no_empty_table = [&](auto &&self, Descriptor *table,
						Level level) -> bool {
			bool good = true;

			tree.for_each_child(table, level, [&](Descriptor *child, Level l) {
				Descriptor any = 0;

				for (size_t i = 0; i < Granule4K::entries; i++)
					any |= child[i];
				good &= any && self(self, child, l);
			});
			return good;
		};

		verdict.expect(no_empty_table(no_empty_table, tree.root(), tree.geometry().start),
			       "a table is filled before it is linked", input.raw(), 0);
		return {Pa{input.raw() ^ 4 * KiB}, 4 * KiB};
	}
};

} // namespace

// Trap 15: the hardware walks at any moment.
TEST(a_table_is_filled_before_it_is_linked)
{
	Lab<Stage2_4K> lab{test, 44};
	Verdict verdict{test};
	ASSERT(lab.good());

	EXPECT(lab.map_by({Ipa{4 * MiB - 8 * KiB}, 16 * KiB}, Witness{lab, verdict}, normal | rw));
	EXPECT(lab.has_leaf(Ipa{4 * MiB}, 3, Pa{4 * MiB + 4 * KiB}));
	ASSERT(lab.good() && verdict.good());
}

SUITE(map, leaves_are_as_large_as_the_alignment_of_both_sides,
      an_output_out_of_step_takes_smaller_leaves, a_ragged_region_grows_to_blocks_and_shrinks_again,
      no_leaf_is_larger_than_the_cap, no_leaf_crosses_the_end_of_an_extent,
      every_geometry_maps_its_ends_and_across_its_root_tables,
      blocks_fill_across_concatenated_root_tables, what_is_mapped_keeps_every_attribute,
      an_overlap_names_what_is_mapped, an_output_reaches_the_last_byte_and_no_further,
      mapping_what_was_invalid_takes_no_invalidation, tables_are_taken_as_needed_and_no_more,
      a_table_is_filled_before_it_is_linked);
