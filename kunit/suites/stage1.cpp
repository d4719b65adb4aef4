// SPDX-License-Identifier: GPL-2.0-only
//
// Stage 1: both ranges to their last byte, every regime and granule, 52 bits of output, and tables
// that restrict what is below them.
#include "support/lab.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/rows.hpp"

using namespace vmsa;
using namespace support;

namespace
{

using El1_4K = Format<El1And0, Granule4K>;

// Maps across the end of the space (or its beginning), cuts, folds and unmaps there.
template <class F> void check_end(struct kunit *test, unsigned bits, Range range, bool top)
{
	using Granule = typename F::Granule;
	constexpr uint64_t page = Granule::page_size;
	constexpr uint64_t block = Granule::size(2);
	Lab<F> lab{test, bits, 24, range};
	ASSERT(lab.good());
	const Region<Va> space = lab.tree().space();
	const Region<Va> region{top ? space.last - (2 * block - 1) : space.first, 2 * block};
	const Va edge = top ? space.last - (page - 1) : space.first;
	const bool has_block = bits > Granule::shift(2);

	if (!has_block)
		return;
	ASSERT_EQ(space.last.raw(), range == Range::upper ? ~uint64_t{0} : low_bits(bits));
	ASSERT(lab.map(region, Pa{4 * block}, normal | rw));
	ASSERT(lab.has_leaf(region.first, 2, Pa{4 * block}));
	ASSERT_EQ(lab.tree().translate(region.last).value().pa.raw(), 6 * block - 1);
	ASSERT(lab.protect({edge, page}, {}));
	ASSERT(lab.attributes(edge).access == Stage1Access{});
	ASSERT(lab.unmap({edge, page}));
	ASSERT(!lab.tree().translate(edge) && !lab.tree().translate(edge + (page - 1)));
	ASSERT(lab.map({edge, page}, Pa{4 * block + (edge - region.first)}, normal | rw));
	ASSERT(lab.fold(region, {.contiguous = true}));
	ASSERT(lab.has_leaf(top ? region.first + block : region.first, 2,
			    Pa{top ? 5 * block : 4 * block}));
	// One page more, over either end, is none at all.
	ASSERT_EQ(lab.unmap({edge, 2 * page}).error().code, top && range == Range::upper
								    ? Errc::wrapping
							    : top ? Errc::beyond_input
								  : Errc::none);
	ASSERT_EQ(lab.map({space.first - page, page}, Pa{0}, normal | r).error().code,
		  Errc::beyond_input);
	unsigned leaves = 0;
	ASSERT(lab.harvest_accessed(space, [&](Region<Va>, Level) { leaves++; }));
	ASSERT(leaves > 0);
	ASSERT(top ? lab.unmap(region)
		   : lab.unmap({region.first + 2 * page, 2 * block - 2 * page}));
	ASSERT(lab.only_root());
	ASSERT(lab.good());
}

template <class F> void check_ends(struct kunit *test)
{
	// Of the larger granules, whose tables take long, one for each level at which a tree begins.
	const bool few = F::Granule::page_shift != 12;

	for (unsigned bits : {30u, 36u, 39u, 42u, 48u, 52u}) {
		if (bits > F::output_bits || (few && (bits == 30 || bits == 39)))
			continue;
		for (bool top : {false, true}) {
			check_end<F>(test, bits, Range::lower, top);
			if (F::Stage::has_upper)
				check_end<F>(test, bits, Range::upper, top);
		}
	}
}

// A run of leaves whose output crosses from one part of the descriptor's address to another.
template <class F> void check_crossing(struct kunit *test, Level level, unsigned top, size_t leaves)
{
	using Input = typename F::Input;
	Lab<F> lab{test, 52, 32};
	ASSERT(lab.good());
	const uint64_t size = F::Granule::size(level);
	const uint64_t half = leaves / 2 * size;
	const uint64_t start = bit(top) > half ? bit(top) - half : 0;
	const Region<Input> region{Input{start}, leaves * size};

	ASSERT(lab.map(region, Pa{start}, normal | rw, {level}));
	for (Input at = region.first;; at = at + size) {
		ASSERT_EQ(lab.tree().at(at).level, level);
		ASSERT_EQ(lab.tree().translate(at).value().pa, Pa{at.raw()});
		ASSERT(lab.attributes(at) == typename F::Attributes(normal | rw));
		if (at + (size - 1) == region.last)
			break;
	}
	ASSERT(lab.unmap(region));
	ASSERT(lab.only_root() && lab.good());
}

// What a leaf comes to below a table descriptor with a bit of its own. `plus`: bits that it has
// although no mapping may give it them.
Stage1Attributes below_table(struct kunit *test, const Stage1Attributes &a, unsigned n,
			     Descriptor plus = 0)
{
	Lab<El1_4K> lab{test, 39};
	const Va page{GiB};
	Stage1Attributes found;

	if (!lab.map({page, 4 * KiB}, Pa{0}, a))
		return found;
	lab.tree().steps(page, [&](Level level, size_t i, Pa table, Descriptor) {
		if (level == 1)
			lab.memory().pointer(table)[i] |= bit(n);
	});
	*lab.descriptor(page) ^= plus;
	lab.hardware_was_here();
	found = lab.tree().translate(page).value().attributes();
	EXPECT(lab.good());
	return found;
}

} // namespace

TEST(both_ranges_to_their_last_byte_with_4k)
{
	check_ends<El1_4K>(test);
	check_ends<Format<El2And0, Granule4K, 52>>(test);
	check_ends<Format<El2, Granule4K>>(test);
	check_ends<Format<El3, Granule4K, 52>>(test);
}

TEST(both_ranges_to_their_last_byte_with_16k_and_64k)
{
	check_ends<Format<El1And0, Granule16K>>(test);
	check_ends<Format<El1And0, Granule16K, 52>>(test);
	check_ends<Format<El2And0, Granule64K>>(test);
	check_ends<Format<El1And0, Granule64K, 52>>(test);
	check_ends<Format<El3, Granule64K>>(test);
}

TEST(an_output_of_52_bits_crosses_where_its_top_bits_part)
{
	using Lpa = Format<El1And0, Granule64K, 52>;
	using Lpa2 = Format<El1And0, Granule4K, 52>;
	using Lpa2_16K = Format<El1And0, Granule16K, 52>;

	for (Level level : {1, 2, 3}) {
		check_crossing<Lpa>(test, level, 48, 8);
		check_crossing<Lpa2>(test, level, 50, 8);
		check_crossing<Lpa2>(test, level, 48, 8);
	}
	check_crossing<Lpa2_16K>(test, 2, 50, 8);
	check_crossing<Format<Stage2, Granule4K, 52>>(test, 2, 50, 8);
	// So long a run that it crosses more than once.
	check_crossing<Lpa>(test, 1, 48, 512);
	check_crossing<Lpa2>(test, 0, 50, 8);
	check_crossing<Format<Stage2, Granule4K, 52>>(test, 0, 51, 8192);
}

// A dump says what hardware would do: what is below a restriction is no row with what is not.
TEST(a_row_has_what_the_tables_above_it_leave)
{
	using F = Format<El1And0, Granule4K>;

	for (unsigned n = 59; n <= 63; n++) {
		Lab<F> lab{test, 40};
		const Region<Va> region{Va{2 * MiB}, 4 * MiB};
		Row<F> row;

		ASSERT(lab.good() && lab.map(region, Pa{0},
					     {.access = {.write = n != 59,
							 .execute = n == 59,
							 .el0 = true,
							 .el0_execute = true}},
					     {3}));
		lab.tree().steps(region.first, [&](Level level, size_t i, Pa table, Descriptor) {
			if (level == 2)
				lab.memory().pointer(table)[i] |= bit(n);
		});
		lab.hardware_was_here();
		for (Va at = region.first; at <= region.last; at = row.region.last + 1) {
			ASSERT(next_row(lab.tree(), at, row));
			EXPECT(row.attributes == lab.tree().translate(at).value().attributes());
			EXPECT_EQ(row.leaves, 512);
		}
		ASSERT(lab.good());
	}
}

TEST(a_table_restricts_what_is_below_it)
{
	const auto expect = [&](unsigned n, auto change) {
		// What EL0 may write is not executable, so no leaf allows all there is.
		Stage1Attributes a = {.access = {.write = n != 59,
						 .execute = n == 59,
						 .el0 = true,
						 .el0_execute = true}};
		const Stage1Attributes found = below_table(test, a, n);

		change(a);
		EXPECT(found == a);
	};

	expect(58, [](auto &) {}); // ignored
	expect(59, [](auto &a) { a.access.execute = false; }); // PXNTable
	expect(60, [](auto &a) { a.access.el0_execute = false; }); // UXNTable
	expect(61, [](auto &a) { a.access.el0 = false; }); // APTable[0]
	expect(62, [](auto &a) { a.access.write = false; }); // APTable[1]
	expect(63, [](auto &a) { a.non_secure = true; }); // NSTable
}

// The privileged level executes nothing that EL0 may write, whatever PXN says: not even when it is
// clean, and hardware would let the first write through (DBM).
TEST(what_el0_may_write_the_privileged_level_does_not_execute)
{
	Lab<El1_4K> lab{test, 39};
	ASSERT(lab.good());
	const Region<Va> page{Va{0}, 4 * KiB};
	const Region<Va> one{Va{8 * KiB}, 4 * KiB};
	const Error forbidden{Errc::forbidden_attributes, page};
	constexpr Stage1Access rx_for_both{.execute = true, .el0 = true, .el0_execute = true};
	constexpr Stage1Access rwx_for_both{
		.write = true, .execute = true, .el0 = true, .el0_execute = true};

	EXPECT(lab.map(page, Pa{0}, normal | rwx_for_both).error() == forbidden);
	EXPECT(lab.map(page, Pa{0}, {.access = rx_for_both, .dbm = true}).error() == forbidden);
	EXPECT(lab.map(page, Pa{0}, normal | rwx));
	EXPECT(lab.protect(page, rwx_for_both).error() == forbidden);
	EXPECT(lab.map(one, Pa{0}, {.access = user_rw, .dbm = true}));
	EXPECT(lab.protect(one,
			   rx_for_both)); // that takes DBM away, too, and notes that it was dirty
	EXPECT(lab.tree().translate(one.first).value().attributes() ==
	       Stage1Attributes({.access = rx_for_both, .software = 8}));
	ASSERT(lab.good());

	// A leaf that somebody else wrote: AP[2] clear, or DBM set.
	const auto executes = [&](unsigned n, Descriptor plus) {
		return below_table(test, normal | rx_for_both, n, plus).access.execute;
	};

	EXPECT(executes(58, 0));
	EXPECT(!executes(58, bit(7)));
	EXPECT(!executes(58, bit(51)));
	// The table above takes the write away, or EL0.
	EXPECT(executes(62, bit(7)) && executes(61, bit(7)));
	EXPECT(executes(62, bit(51)) && executes(61, bit(51)));
}

TEST(what_only_el0_has_is_refused_where_there_is_none)
{
	Lab<Format<El3, Granule4K>> lab{test, 39};
	ASSERT(lab.good());
	const Region<Va> page{Va{0}, 4 * KiB};

	for (const Stage1Attributes &a :
	     {normal | user_rw, normal | Stage1Access{.el0_execute = true},
	      Stage1Attributes{.global = false}, Stage1Attributes{.access = {.read = false}},
	      device | Stage1Access{.execute = true}})
		EXPECT(lab.map(page, Pa{0}, a).error() == Error(Errc::forbidden_attributes, page));
	EXPECT(lab.map(page, Pa{0}, normal | rx));
	EXPECT(lab.attributes(Va{0}).access == (Stage1Access{.execute = true}));
	ASSERT(lab.good());
}

TEST(protect_has_the_words_of_map)
{
	Lab<El1_4K> lab{test, 39};
	const Region<Va> page{Va{GiB}, 4 * KiB};

	for (Access word : {r, rw, rx, rwx}) {
		ASSERT(lab.map(page, Pa{0}, normal | word));
		const Stage1Attributes wanted = lab.attributes(page.first);

		ASSERT(lab.unmap(page));
		ASSERT(lab.map(page, Pa{0}, normal | (word == r ? rwx : r)));
		ASSERT(lab.attributes(page.first) != wanted);
		ASSERT(lab.protect(page, word));
		EXPECT(lab.attributes(page.first) == wanted);
		ASSERT(lab.unmap(page));
	}
	// Nothing is unreadable for the privileged level: map says so, too.
	ASSERT(lab.map(page, Pa{0}, normal | r));
	for (Access word : {no_access, w}) {
		EXPECT(lab.protect(page, word).error() == Error(Errc::forbidden_attributes, page));
	}
	ASSERT(lab.good());
}

TEST(each_restriction_of_a_table_has_its_bit)
{
	bool TableAttributes::*const each[] = {
		&TableAttributes::no_execute_privileged, &TableAttributes::no_execute_el0,
		&TableAttributes::no_el0, &TableAttributes::read_only, &TableAttributes::ns};

	EXPECT_EQ(El1_4K::encode(TableAttributes{}), 0);
	for (unsigned i = 0; i < std::size(each); i++) {
		TableAttributes one;

		one.*each[i] = true;
		EXPECT_EQ(El1_4K::encode(one), bit(59 + i));
		EXPECT(El1_4K::table_attributes(bit(59 + i)) == one);
	}
}

SUITE(stage1, each_restriction_of_a_table_has_its_bit, protect_has_the_words_of_map,
      both_ranges_to_their_last_byte_with_4k, both_ranges_to_their_last_byte_with_16k_and_64k,
      an_output_of_52_bits_crosses_where_its_top_bits_part, a_table_restricts_what_is_below_it,
      a_row_has_what_the_tables_above_it_leave,
      what_el0_may_write_the_privileged_level_does_not_execute,
      what_only_el0_has_is_refused_where_there_is_none);
