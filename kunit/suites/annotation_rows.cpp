// SPDX-License-Identifier: GPL-2.0-only
//
// What readers find of annotations: rows, the steps of a dump, a walk; in images, in tables built by the
// compiler, and to the last byte of every space.
#include "support/lab.hpp"
#include "support/live_bench.hpp"
#include "vmsa/annotate.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/image.hpp"
#include "vmsa/rows.hpp"

#include <algorithm>

using namespace vmsa;
using namespace support;

namespace
{

constexpr uint64_t page = 4 * KiB;

template <class F> struct Expected {
	Region<typename F::Input> region;
	uint64_t said;
};

template <class F>
[[gnu::noinline]] void check_rows(struct kunit *test, const Lab<F> &lab,
				  std::span<const Expected<F>> expected)
{
	AnnotationRow<F> row;
	auto from = lab.tree().space().first;

	for (const Expected<F> &e : expected) {
		ASSERT(next_annotation(lab.tree(), from, row));
		EXPECT_EQ(row.region.first, e.region.first);
		EXPECT_EQ(row.region.last, e.region.last);
		EXPECT_EQ(row.template annotation<uint64_t>(), e.said);
		from = row.region.last + 1;
	}
	EXPECT(expected.empty() || from.raw() == 0 || !next_annotation(lab.tree(), from, row));
}

// What stands at either end of a space, whatever level its root is of.
template <class F> [[gnu::noinline]] void check_ends(struct kunit *test, unsigned bits, Range range)
{
	using Input = typename F::Input;
	constexpr uint64_t unit = F::Granule::page_size;
	Lab<F> lab{test, bits, 24, range};
	ASSERT(lab.good());
	const Input first = lab.tree().space().first;
	const Input last = lab.tree().space().last - (unit - 1);
	const Expected<F> ends[] = {{{first, unit}, 1}, {{last, unit}, 2}};

	ASSERT(lab.annotate({first, unit}, uint64_t{1}) && lab.annotate({last, unit}, uint64_t{2}));
	check_rows<F>(test, lab, ends);
	ASSERT(lab.unannotate({first, unit}, uint64_t{1}) &&
	       lab.unannotate({last, unit}, uint64_t{2}));
	EXPECT(lab.only_root());

	// All of the space, in the root alone.
	const Expected<F> all[] = {{lab.tree().space(), low_bits(63)}};

	ASSERT(lab.annotate(lab.tree().space(), low_bits(63)));
	EXPECT(lab.only_root());
	check_rows<F>(test, lab, all);
	ASSERT(lab.unannotate(lab.tree().space(), low_bits(63)));
	check_rows<F>(test, lab, {});
	ASSERT(lab.good());
}

} // namespace

TEST(rows_are_merged_over_tables_and_levels)
{
	using F = Stage2_4K;
	Lab<F> lab{test, 40};
	const Expected<F> rows[] = {{{Ipa{2 * page}, 4 * page}, 7},
				    {{Ipa{6 * page}, page}, 8},
				    {{Ipa{2 * GiB - page}, 4 * GiB + 2 * page}, 7}};

	ASSERT(lab.good() && lab.map({Ipa{0}, 2 * page}, Pa{0}, normal | rw));
	for (const auto &row : rows)
		ASSERT(lab.annotate(row.region, row.said));
	ASSERT(lab.map({Ipa{bit(40) - page}, page}, Pa{0}, normal | rw));
	check_rows<F>(test, lab, rows);

	AnnotationRow<F> row;

	// From within a row, the rest of it: from the entry that decides the address.
	ASSERT(next_annotation(lab.tree(), Ipa{4 * page + 1}, row));
	EXPECT(row.region == Region(Ipa{4 * page}, 2 * page));
	EXPECT(!next_annotation(lab.tree(), Ipa{bit(40)}, row));
	// Leaves have rows of their own.
	Row<F> leaves;

	ASSERT(next_row(lab.tree(), Ipa{2 * page}, leaves));
	EXPECT_EQ(leaves.region.first, Ipa{bit(40) - page});
	ASSERT(lab.good());
}

TEST(both_ends_of_every_space_can_say_something)
{
	check_ends<Stage2_4K>(test, 40, Range::lower);
	check_ends<Format<Stage2, Granule64K, 52>>(test, 52, Range::lower);
	check_ends<Format<El1And0, Granule4K, 52>>(test, 52, Range::lower); // level -1
	check_ends<Format<El1And0, Granule4K, 52>>(test, 52, Range::upper);
	check_ends<Format<El1And0, Granule16K>>(test, 36, Range::upper);
	check_ends<Format<El3, Granule64K>>(test, 25, Range::lower);
}

TEST(a_dump_steps_on_them)
{
	Lab<Stage2_4K> lab{test, 40};
	using T = std::remove_cvref_t<decltype(lab.tree())>;
	TableCursor<T> cursor;
	TableStep<T> step;
	unsigned seen = 0;
	unsigned steps = 0;

	ASSERT(lab.good() && lab.annotate({Ipa{GiB}, GiB}, uint64_t{5}));
	ASSERT(lab.annotate({Ipa{2 * GiB + page}, page}, uint64_t{6}));
	while (next_step(lab.tree(), cursor, step)) {
		steps++;
		if (step.descriptor == 10)
			seen += step.level == 1 && step.first == Ipa{GiB};
		if (step.descriptor == 12)
			seen += step.level == 3 && step.first == Ipa{2 * GiB + page};
	}
	EXPECT_EQ(seen, 2);
	EXPECT_EQ(steps, 4);
	// They are no leaves.
	EXPECT_EQ(census(lab.tree()).leaves[3] + census(lab.tree()).leaves[1], 0);
	ASSERT(lab.good());
}

// With the walk caches told when a table went, and nobody when only the word changed.
TEST(a_live_map_has_them_and_walks_over_them)
{
	LiveBench bench{test};
	CpuLog &log = bench.log;
	RecordedIdMap<Stage2> map{bench.memory, usual_config<Stage2>(), {}, {&log}};
	const Region<Ipa> two{Ipa{GiB + page}, 2 * page};
	unsigned said = 0;

	ASSERT(map.created() && map.map({Ipa{GiB}, page}, normal | rw));
	log[Register::vttbr_el2] = map.root_register();
	map.mark_active();
	log.forget();
	ASSERT(map.annotate(two, uint64_t{1}));
	ASSERT(map.annotate(two, uint64_t{1}, uint64_t{2}));
	ASSERT(map.unannotate({two.first, page}, uint64_t{2}));
	EXPECT(log.empty());
	ASSERT(map.annotate({Ipa{2 * GiB}, page}, uint64_t{3}));
	EXPECT_EQ(log.differs({dsb_ishst, isb}), CpuLog::nowhere);
	ASSERT(map.unannotate({Ipa{2 * GiB}, page}, uint64_t{3}));
	EXPECT_EQ(log.differs({dsb_ishst, read(Register::vttbr_el2),
			       tlbi(Tlbi::ipas2e1is, 2 * GiB >> 12), dsb_ish, tlbi(Tlbi::vmalle1is),
			       dsb_ish, isb, table_freed, table_freed}),
		  CpuLog::nowhere);
	ASSERT(map.unmap({Ipa{GiB}, page}, uint64_t{4}));
	EXPECT_EQ(log.differs({dsb_ishst, read(Register::vttbr_el2),
			       tlbi(Tlbi::ipas2le1is, GiB >> 12), dsb_ish, tlbi(Tlbi::vmalle1is),
			       dsb_ish, isb}),
		  CpuLog::nowhere);

	ASSERT(map.walk({Ipa{GiB}, 4 * page}, [&](const auto &entry) {
		if (entry.is_annotated())
			said = 10 * said + entry.template annotation<uint64_t>();
	}));
	EXPECT_EQ(said, 42);
	EXPECT_EQ(map.annotation<uint64_t>(Ipa{GiB}).value(), 4);
	EXPECT_EQ(map.annotation<uint64_t>(two.first).error().code, Errc::not_annotated);
	map.mark_inactive();
	ASSERT(map.destroy());
	EXPECT(map.annotate(two, uint64_t{1}).error().code == Errc::no_memory);
	EXPECT(map.annotation<uint64_t>(two.first).error().code == Errc::no_memory);
	ASSERT(bench.verdict.good());
}

TEST(an_image_carries_them_where_it_goes)
{
	using F = Stage2_4K;
	const auto buffer = scratch<Descriptor>(test, 8 * 512);
	const auto copy = scratch<Descriptor>(test, 8 * 512);
	Image<F> image{buffer};
	Image<F> read{copy};
	const Geometry g = stage2_geometry<Granule4K>(39, 40).value();
	const uint64_t like_a_table = (0x4000'1000 | 2) >> 1;

	ASSERT(!copy.empty() && image.create(g, Pa{0x4000'0000}));
	ASSERT(image.map({Ipa{0}, page}, Pa{0}, normal | rw));
	ASSERT(image.edit([&](auto &tree, auto &batch) {
		return annotate(tree, batch, {Ipa{GiB}, 2 * GiB}, like_a_table);
	}));
	ASSERT(image.relocate(Pa{0x8000'0000}));
	std::ranges::copy(image.descriptors(), copy.begin());
	ASSERT(read.open(g, Pa{0x8000'0000}, image.bytes()));
	EXPECT_EQ(annotation_at<uint64_t>(read.tree(), Ipa{2 * GiB}).value(), like_a_table);
	EXPECT_EQ(read.tree().translate(Ipa{0}).value().pa, Pa{0});
}

constexpr bool said_by_the_compiler = [] {
	Descriptor buffer[4 * 512] = {};
	Image<Stage2_4K> image{buffer};
	const Region<Ipa> region{Ipa{GiB - page}, GiB + page};

	return image.create(stage2_geometry<Granule4K>(39, 40).value(), Pa{0x4000'0000}).ok() &&
	       image.edit([&](auto &tree, auto &batch) {
			    return annotate(tree, batch, region, 9u);
		    }).ok() &&
	       annotation_at<unsigned>(image.tree(), region.first).value() == 9 &&
	       image.tree().at(region.last).descriptor == 18 && image.bytes() == 3 * 4096;
}();
static_assert(said_by_the_compiler);

SUITE(annotation_rows, rows_are_merged_over_tables_and_levels,
      both_ends_of_every_space_can_say_something, a_dump_steps_on_them,
      a_live_map_has_them_and_walks_over_them, an_image_carries_them_where_it_goes);
