// SPDX-License-Identifier: GPL-2.0-only
//
// Rows and steps: what a dump is made of, all of it, in order, however often it stops on the way.
#include "vmsa/rows.hpp"
#include "support/lab.hpp"
#include "vmsa/format_stage2.hpp"

using namespace vmsa;
using namespace support;

namespace
{

using F16 = Format<Stage2, Granule16K>;
using F64 = Format<Stage2, Granule64K>;

// Is the row after `from` this one? Moves `from` behind it.
template <class L>
[[gnu::noinline]] bool next_is(const L &lab, Ipa &from, Region<Ipa> region, Level level,
			       uint64_t leaves)
{
	Row<typename L::Format> row;

	if (!next_row(lab.tree(), from, row))
		return false;
	from = row.region.last + 1;
	return row.region == region && row.level == level && row.leaves == leaves;
}

template <class L> [[gnu::noinline]] bool no_more_rows(const L &lab, Ipa from)
{
	Row<typename L::Format> row;

	return !next_row(lab.tree(), from, row);
}

// Pre-order by recursion, which the cursor has to match step by step.
template <class T, class Visit>
void each_descriptor(const T &tree, Descriptor *table, Level level, uint64_t first, Visit &visit)
{
	for (size_t i = 0; i < tree.entries(level); i++) {
		const uint64_t here = first + i * T::Granule::size(level);
		const Descriptor d = table[i];

		if (!d)
			continue;
		visit(TableStep<T>{typename T::Input{here}, level, i, d, table});
		if (T::Format::is_table(d, level))
			each_descriptor(tree, tree.child(d), level + 1, here, visit);
	}
}

template <class L> [[gnu::noinline]] void check_steps(struct kunit *test, const L &lab)
{
	using T = std::remove_cvref_t<decltype(lab.tree())>;
	TableCursor<T> cursor;
	TableStep<T> got;
	bool same = true;
	const auto compare = [&](const TableStep<T> &want) {
		same = same && next_step(lab.tree(), cursor, got) && got.first == want.first &&
		       got.level == want.level && got.index == want.index &&
		       got.descriptor == want.descriptor &&
		       got.table + got.index == want.table + want.index;
	};

	each_descriptor(lab.tree(), lab.tree().root(), lab.tree().geometry().start, 0, compare);
	ASSERT(same);
	ASSERT(!next_step(lab.tree(), cursor, got));
	ASSERT(!next_step(lab.tree(), cursor, got));
}

// The same, of the descriptors that name tables.
template <class L> [[gnu::noinline]] void check_tables(struct kunit *test, const L &lab)
{
	using T = std::remove_cvref_t<decltype(lab.tree())>;
	TableCursor<T> cursor;
	TableStep<T> got;
	bool same = true;
	const auto compare = [&](const TableStep<T> &want) {
		if (T::Format::is_table(want.descriptor, want.level))
			same = same && next_table(lab.tree(), cursor, got) &&
			       got.first == want.first && got.level == want.level &&
			       got.descriptor == want.descriptor;
	};

	each_descriptor(lab.tree(), lab.tree().root(), lab.tree().geometry().start, 0, compare);
	ASSERT(same);
	ASSERT(!next_table(lab.tree(), cursor, got));
	ASSERT(!next_table(lab.tree(), cursor, got));
}

// The census by hand: rows for leaves, steps for tables.
template <class L> [[gnu::noinline]] void check_census(struct kunit *test, L &lab)
{
	using T = std::remove_cvref_t<decltype(lab.tree())>;
	const Census c = census(lab.tree());
	uint64_t leaves[4] = {};
	Row<typename L::Format> row;

	for (Ipa from{}; next_row(lab.tree(), from, row); from = row.region.last + 1) {
		leaves[row.level] += row.leaves;
		ASSERT_EQ(row.region.size(), row.leaves * L::Granule::size(row.level));
	}
	for (unsigned level = 0; level < 4; level++)
		ASSERT_EQ(c.leaves[level], leaves[level]);
	ASSERT_EQ(c.tables, lab.memory().live());

	TableCursor<T> cursor;
	TableStep<T> step;
	uint64_t tables = lab.tree().geometry().root_tables;

	while (next_step(lab.tree(), cursor, step))
		tables += T::Format::is_table(step.descriptor, step.level);
	ASSERT_EQ(c.tables, tables);
}

// Leaves of every level at the ends of the space, of tables and of root tables, and holes between.
template <class F> void check_tree(struct kunit *test, unsigned ipa_bits)
{
	using Granule = typename F::Granule;
	Lab<F> lab{test, ipa_bits, 96};
	ASSERT(lab.good());
	const Geometry &g = lab.tree().geometry();
	const uint64_t page = Granule::page_size;
	const uint64_t block = Granule::size(2);
	const Ipa end{g.last_input() + 1};

	check_steps(test, lab);
	check_tables(test, lab);
	check_census(test, lab);
	ASSERT(lab.map({Ipa{0}, page}, Pa{0}, normal | rw));
	check_steps(test, lab);
	ASSERT(lab.map({end - 2 * page, 2 * page}, Pa{0}, normal | rw));
	ASSERT(lab.map({Ipa{3 * block - page}, 3 * page}, Pa{0}, normal | rw));
	ASSERT(lab.map({Ipa{4 * block}, 2 * block}, Pa{0}, normal | r));
	if (g.root_tables > 1) {
		const Ipa seam{Granule::size(g.start) * Granule::entries};

		ASSERT(lab.map({seam - page, 2 * page}, Pa{0}, normal | rw));
		ASSERT(lab.map({seam + 2 * block, block}, Pa{block}, normal | rw));
	}
	check_steps(test, lab);
	check_tables(test, lab);
	check_census(test, lab);
	ASSERT(lab.good());
}

} // namespace

TEST(an_empty_tree_has_no_rows)
{
	Lab<Stage2_4K> lab{test, 40};

	ASSERT(lab.good());
	EXPECT(no_more_rows(lab, Ipa{0}));
	EXPECT(no_more_rows(lab, Ipa{bit(40)}));
}

TEST(a_row_is_a_run_of_one_size_and_the_same_attributes)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	Ipa from{};

	// Blocks between pages: three rows, though the output is in one piece.
	EXPECT(lab.map({Ipa{2 * MiB - 8 * KiB}, 8 * KiB + 4 * MiB + 4 * KiB}, Pa{2 * MiB - 8 * KiB},
		       normal | rw));
	// Two pages of other attributes, the second with an output elsewhere.
	EXPECT(lab.map({Ipa{6 * MiB + 4 * KiB}, 4 * KiB}, Pa{0}, normal | r));
	EXPECT(lab.map({Ipa{6 * MiB + 8 * KiB}, 4 * KiB}, Pa{GiB}, normal | r));
	// A hole, and the same attributes again.
	EXPECT(lab.map({Ipa{6 * MiB + 16 * KiB}, 4 * KiB}, Pa{0}, normal | r));

	EXPECT(next_is(lab, from, {Ipa{2 * MiB - 8 * KiB}, 8 * KiB}, 3, 2));
	EXPECT(next_is(lab, from, {Ipa{2 * MiB}, 4 * MiB}, 2, 2));
	EXPECT(next_is(lab, from, {Ipa{6 * MiB}, 4 * KiB}, 3, 1));
	EXPECT(next_is(lab, from, {Ipa{6 * MiB + 4 * KiB}, 8 * KiB}, 3, 2));
	EXPECT(next_is(lab, from, {Ipa{6 * MiB + 16 * KiB}, 4 * KiB}, 3, 1));
	EXPECT(no_more_rows(lab, from));
	ASSERT(lab.good());
}

TEST(a_run_goes_on_across_tables_and_root_tables)
{
	Lab<Stage2_4K> lab{test, 34};
	ASSERT(lab.good());
	Ipa from{};

	EXPECT(lab.map({Ipa{GiB - 8 * KiB}, 16 * KiB}, Pa{4 * KiB}, normal | rw));
	EXPECT(lab.map({Ipa{2 * GiB}, 3 * GiB}, Pa{0}, normal | rw));
	EXPECT(next_is(lab, from, {Ipa{GiB - 8 * KiB}, 16 * KiB}, 3, 4));
	EXPECT(next_is(lab, from, {Ipa{2 * GiB}, 3 * GiB}, 2, 1536));
	EXPECT(no_more_rows(lab, from));
	ASSERT(lab.good());
}

// Trap 50.
TEST(the_last_run_is_not_lost)
{
	for (unsigned ipa_bits : {32, 38, 41, 48}) {
		Lab<Stage2_4K> lab{test, ipa_bits};
		ASSERT(lab.good());
		const Ipa end{lab.tree().geometry().last_input() + 1};
		Ipa from{};

		ASSERT(lab.map({end - 2 * MiB - 8 * KiB, 2 * MiB + 8 * KiB}, Pa{4 * KiB},
			       normal | rw));
		ASSERT(next_is(lab, from, {end - 2 * MiB - 8 * KiB, 2 * MiB + 8 * KiB}, 3, 514));
		ASSERT(no_more_rows(lab, from));
	}
}

TEST(a_row_is_found_from_any_address_before_it)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	const Region<Ipa> region{Ipa{GiB + 4 * KiB}, 8 * KiB};

	EXPECT(lab.map(region, Pa{0}, normal | rw));
	for (Ipa from :
	     {Ipa{0}, Ipa{4 * KiB}, Ipa{GiB - 1}, Ipa{GiB}, Ipa{GiB + 1}, region.first}) {
		EXPECT(next_is(lab, from, region, 3, 2));
		EXPECT_EQ(from, region.last + 1);
	}
	EXPECT(no_more_rows(lab, region.last + 1));
	ASSERT(lab.good());
}

TEST(steps_come_in_the_order_of_the_tree_and_the_census_agrees)
{
	for (unsigned ipa_bits = 32; ipa_bits <= 48; ipa_bits++)
		check_tree<Stage2_4K>(test, ipa_bits);
	for (unsigned ipa_bits : {36, 38, 40, 47, 48})
		check_tree<F16>(test, ipa_bits);
	for (unsigned ipa_bits : {42, 44, 48})
		check_tree<F64>(test, ipa_bits);
}

// The next entry of the level above is a table too, and at a boundary of the level above that.
TEST(a_table_that_ends_in_a_hole_does_not_hide_the_next)
{
	Lab<Stage2_4K> lab{test, 44};
	ASSERT(lab.good());

	for (Ipa seam : {Ipa{4 * MiB}, Ipa{4 * GiB}, Ipa{1024 * GiB}}) {
		ASSERT(lab.map({seam - 8 * KiB, 4 * KiB}, Pa{0}, normal | rw));
		ASSERT(lab.map({seam, 4 * KiB}, Pa{0}, normal | rw));
	}
	check_steps(test, lab);
	check_tables(test, lab);
	check_census(test, lab);
	ASSERT(lab.good());
}

// A dump lets go of the lock between two steps. Here its table goes away, at each step in turn.
TEST(a_cursor_goes_on_when_its_table_has_gone)
{
	using T = Tree<Stage2_4K, ScratchMemory>;
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	const Region<Ipa> doomed{Ipa{GiB}, 16 * KiB};
	const Ipa after{3 * GiB};

	ASSERT(lab.map({after, 8 * KiB}, Pa{0}, normal | rw));
	for (unsigned stop = 1; stop <= 6; stop++) {
		TableCursor<T> cursor;
		TableStep<T> step;

		ASSERT(lab.map(doomed, Pa{0}, normal | rw));
		for (unsigned i = 0; i < stop; i++) {
			ASSERT(next_step(lab.tree(), cursor, step));
			ASSERT_EQ(step.first.align_down(GiB), Ipa{GiB});
		}
		ASSERT(lab.unmap(doomed));
		// What is left: two tables and two pages.
		for (Level level : {1, 2, 3, 3}) {
			ASSERT(next_step(lab.tree(), cursor, step));
			ASSERT_EQ(step.level, level);
			ASSERT_EQ(step.first.align_down(GiB), after);
		}
		ASSERT(!next_step(lab.tree(), cursor, step));
	}
	ASSERT(lab.good());
}

TEST(a_cursor_sees_the_block_that_replaced_its_table)
{
	using T = Tree<Stage2_4K, ScratchMemory>;
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	const Region<Ipa> region{Ipa{GiB + 2 * MiB}, 2 * MiB};
	TableCursor<T> cursor;
	TableStep<T> step;

	ASSERT(lab.map(region, Pa{2 * MiB}, normal | rw, {3}));
	for (unsigned i = 0; i < 4; i++)
		ASSERT(next_step(lab.tree(), cursor, step));
	ASSERT_EQ(step.level, 3);
	ASSERT(lab.unmap(region) && lab.map(region, Pa{2 * MiB}, normal | rw));
	ASSERT(next_step(lab.tree(), cursor, step));
	EXPECT_EQ(step.level, 2);
	EXPECT_EQ(step.first, region.first);
	EXPECT(!next_step(lab.tree(), cursor, step));
	ASSERT(lab.good());
}

// And here one comes, behind the cursor or before it.
TEST(a_cursor_sees_what_comes_before_it_and_not_what_comes_behind)
{
	using T = Tree<Stage2_4K, ScratchMemory>;
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	TableCursor<T> cursor;
	TableStep<T> step;

	ASSERT(lab.map({Ipa{2 * GiB}, 4 * KiB}, Pa{0}, normal | rw));
	for (Level level : {1, 2, 3}) {
		ASSERT(next_step(lab.tree(), cursor, step));
		ASSERT_EQ(step.level, level);
	}
	ASSERT(lab.map({Ipa{2 * GiB + 4 * KiB}, 4 * KiB}, Pa{0}, normal | rw));
	ASSERT(lab.map({Ipa{4 * GiB}, GiB}, Pa{0}, normal | rw));
	ASSERT(lab.map({Ipa{GiB}, GiB}, Pa{0}, normal | rw));
	ASSERT(next_step(lab.tree(), cursor, step));
	EXPECT_EQ(step.first, Ipa{2 * GiB + 4 * KiB});
	ASSERT(next_step(lab.tree(), cursor, step));
	EXPECT_EQ(step.first, Ipa{4 * GiB});
	EXPECT_EQ(step.level, 1);
	EXPECT(!next_step(lab.tree(), cursor, step));
	ASSERT(lab.good());
}

TEST(a_walk_shows_each_of_its_steps)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	const Ipa ipa{512 * GiB + 3 * GiB + 5 * 2 * MiB + 7 * 4 * KiB};
	const size_t indices[] = {512 + 3, 5, 7}; // the root is two tables
	Level level = 1;
	Pa table = lab.tree().root_address();
	bool same = true;

	ASSERT(lab.map({ipa, 4 * KiB}, Pa{0x1234'5000}, normal | rw));
	lab.tree().steps(ipa + 0x678, [&](Level l, size_t i, Pa at, Descriptor d) {
		same = same && l == level && i == indices[level - 1] && at == table;
		same = same && (level == 3 ? Stage2_4K::output(d, 3) == Pa{0x1234'5000}
					   : Stage2_4K::is_table(d, level));
		table = Stage2_4K::next_table(d);
		level++;
	});
	EXPECT(same);
	EXPECT_EQ(level, 4);
	EXPECT_EQ(lab.tree().translate(ipa + 0x678).value().pa, Pa{0x1234'5678});
	EXPECT_EQ(lab.tree().translate(ipa + 0x678).value().level, 3);
	EXPECT(lab.tree().translate(ipa + 4 * KiB).error() ==
	       Error(Errc::not_mapped, Region{ipa + 4 * KiB, 4 * KiB}));
	EXPECT(lab.tree().translate(Ipa{5}).error() ==
	       Error(Errc::not_mapped, Region{Ipa{0}, GiB}));
	ASSERT(lab.good());
}

SUITE(rows, an_empty_tree_has_no_rows, a_row_is_a_run_of_one_size_and_the_same_attributes,
      a_run_goes_on_across_tables_and_root_tables, the_last_run_is_not_lost,
      a_row_is_found_from_any_address_before_it,
      steps_come_in_the_order_of_the_tree_and_the_census_agrees,
      a_table_that_ends_in_a_hole_does_not_hide_the_next, a_cursor_goes_on_when_its_table_has_gone,
      a_cursor_sees_the_block_that_replaced_its_table,
      a_cursor_sees_what_comes_before_it_and_not_what_comes_behind, a_walk_shows_each_of_its_steps);
