// SPDX-License-Identifier: GPL-2.0-only
//
// The contiguous hint: a promise about a whole aligned group of leaves, so it is written, taken away
// and given back for all of them or none. The TLB model holds a group as one entry.
#include "support/lab.hpp"
#include "vmsa/format_stage2.hpp"

using namespace vmsa;
using namespace support;

namespace
{

using S1_64K = Format<El1And0, Granule64K>;
using S2_16K = Format<Stage2, Granule16K>;

using L = Lab<Stage2_4K>;

constexpr uint64_t page = 4 * KiB;
constexpr uint64_t group = 16 * page;
constexpr MapLimits pages{.largest = 3, .contiguous = true};

// Every leaf of the region: does it have the hint just where `hinted` says?
template <class T, class Hinted>
bool hints_are(const T &lab, typename T::Region region, const Hinted &hinted)
{
	for (auto at = region.first;;) {
		const auto e = lab.tree().at(at);

		if (!e.is_leaf() || T::Format::attributes(e.descriptor).contiguous != hinted(at))
			return false;
		if (e.region.last >= region.last)
			return true;
		at = e.region.last + 1;
	}
}

constexpr auto all = [](auto) {
	return true;
};
constexpr auto none = [](auto) {
	return false;
};

template <class F> void check_written(struct kunit *test, Level level)
{
	using Input = typename F::Input;
	const uint64_t leaf = F::Granule::size(level);
	const uint64_t run = F::contiguous_run(level) * leaf;
	Lab<F> lab{test, 44};
	ASSERT(lab.good());
	// A leaf before the first group, two groups, and all but one leaf of a third.
	const Region<Input> region{Input{4 * run - leaf}, leaf + 3 * run - leaf};

	ASSERT(lab.map(region, Pa{8 * run - leaf}, normal | rw, {level, true}));
	ASSERT(hints_are(lab, region,
			 [&](Input at) { return at >= Input{4 * run} && at < Input{6 * run}; }));
	// Out of step by a leaf: no group is aligned on both sides.
	ASSERT(lab.unmap(region));
	ASSERT(lab.map(region, Pa{8 * run}, normal | rw, {level, true}));
	ASSERT(hints_are(lab, region, none));
	ASSERT(lab.good());
}

} // namespace

TEST(the_hint_is_written_on_aligned_groups_only)
{
	check_written<Stage2_4K>(test, 3);
	check_written<Stage2_4K>(test, 2);
	check_written<S2_16K>(test, 3);
	check_written<S2_16K>(test, 2);
	check_written<S1_64K>(test, 3);
}

TEST(the_attribute_is_no_way_around_that)
{
	L lab{test, 40};
	ASSERT(lab.good());
	const Stage2Attributes hinted{.access = rw, .contiguous = true};

	ASSERT(lab.map({Ipa{0}, page}, Pa{0}, hinted));
	ASSERT(lab.map({Ipa{page}, group}, Pa{page}, hinted));
	EXPECT(hints_are(lab, {Ipa{0}, group + page}, none));
	ASSERT(lab.map({Ipa{2 * group}, group}, Pa{2 * group}, hinted));
	EXPECT(hints_are(lab, {Ipa{2 * group}, group}, all));
	ASSERT(lab.modify({Ipa{0}, page}, [](auto, auto a) {
		a.contiguous = true;
		return a;
	}));
	EXPECT(hints_are(lab, {Ipa{0}, page}, none));
	ASSERT(lab.good());
}

TEST(a_page_mapped_alone_gets_no_hint)
{
	constexpr Stage2Attributes wish{.access = rw, .contiguous = true};
	L lab{test, 40};
	ASSERT(lab.good());

	ASSERT(lab.map({Ipa{group}, page}, Pa{group}, normal | rw));
	ASSERT(lab.map({Ipa{group + page}, page}, Pa{group + page}, wish));
	ASSERT(lab.map({Ipa{group + 2 * page}, page}, Pa{group + 2 * page}, normal | rw, pages));
	EXPECT(hints_are(lab, {Ipa{group}, 3 * page}, none));
	ASSERT(lab.good());
}

TEST(a_partial_edit_unfolds_its_group_and_no_other)
{
	const Region<Ipa> region{Ipa{8 * group}, 4 * group};
	const Region<Ipa> parts[] = {{region.first + group, page},
				     {region.first + group + 7 * page, 2 * page},
				     {region.first + 2 * group - page, page}};

	for (unsigned what = 0; what < 4; what++) {
		for (const Region<Ipa> &part : parts) {
			L lab{test, 40};
			ASSERT(lab.good());
			const auto in_group = [&](Ipa at) {
				return at < region.first + group || at >= region.first + 2 * group;
			};

			ASSERT(lab.map(region, Pa{0}, normal | rw, pages));
			ASSERT(hints_are(lab, region, all));
			if (what == 0)
				ASSERT(lab.unmap(part) && lab.map(part, Pa{GiB}, normal | rw));
			else if (what == 1)
				ASSERT(lab.protect(part, r));
			else
				ASSERT(lab.modify(part, [&](auto, auto a) {
					a.access = r;
					a.memory = what == 2 ? a.memory : nc;
					return a;
				}));
			ASSERT(hints_are(lab, region, in_group));
			ASSERT_EQ(lab.breaks(), what == 3 ? 2 : 1);
			ASSERT(lab.good());
		}
	}
}

TEST(an_edit_across_groups_unfolds_those_at_its_ends)
{
	const Region<Ipa> region{Ipa{8 * group}, 5 * group};
	const Region<Ipa> part{region.first + group - page, 2 * group + 2 * page};
	L lab{test, 40};
	ASSERT(lab.good());

	ASSERT(lab.map(region, Pa{0}, normal | rw, pages));
	ASSERT(lab.protect(part, r));
	EXPECT(hints_are(lab, region, [&](Ipa at) {
		const uint64_t i = (at - region.first) / group;

		return i != 0 && i != 3;
	}));
	EXPECT_EQ(lab.breaks(), 2);
	ASSERT(lab.good());
}

TEST(whole_groups_keep_it)
{
	const Region<Ipa> region{Ipa{8 * group}, 4 * group};
	L lab{test, 40};
	ASSERT(lab.good());

	ASSERT(lab.map(region, Pa{0}, normal | rw, pages));
	lab.rules().on_break = OnBreak::refuse;
	ASSERT(lab.protect({region.first + group, 2 * group}, r));
	EXPECT(hints_are(lab, region, all));
	ASSERT(lab.unmap({region.first + group, 2 * group}));
	EXPECT(hints_are(lab, {region.first, group}, all));
	EXPECT(hints_are(lab, {region.first + 3 * group, group}, all));
	EXPECT_EQ(lab.breaks(), 0);
	EXPECT_EQ(lab.tlb().invalidations(), 2);
	ASSERT(lab.good());
}

TEST(a_partial_edit_is_refused_where_breaks_are)
{
	const Region<Ipa> part{Ipa{group + page}, page};
	L lab{test, 40};
	ASSERT(lab.good());

	ASSERT(lab.map({Ipa{group}, group}, Pa{0}, normal | rw, pages));
	lab.rules().on_break = OnBreak::refuse;
	EXPECT(lab.protect(part, r).error() == Error(Errc::needs_break, part));
	EXPECT(lab.unmap(part).error() == Error(Errc::needs_break, part));
	// Also of blocks.
	ASSERT(lab.map({Ipa{GiB}, 32 * MiB}, Pa{GiB}, normal | rw, {.contiguous = true}));
	EXPECT_EQ(lab.cut({Ipa{GiB}, 32 * MiB}).error().code, Errc::needs_break);
	EXPECT(hints_are(lab, {Ipa{GiB}, 32 * MiB}, all));
	ASSERT(lab.good());
}

TEST(a_block_of_a_group_is_cut_after_the_hint_is_gone)
{
	const Region<Ipa> region{Ipa{32 * MiB}, 64 * MiB};
	L lab{test, 40};
	ASSERT(lab.good());

	ASSERT(lab.map(region, Pa{0}, normal | rw, {.contiguous = true}));
	ASSERT(hints_are(lab, region, all));
	ASSERT(lab.cut({region.first + 6 * MiB, 4 * KiB}));
	EXPECT(lab.has_leaf(region.first + 6 * MiB, 3, Pa{6 * MiB}));
	EXPECT(hints_are(lab, region, [&](Ipa at) { return at >= region.first + 32 * MiB; }));
	ASSERT(lab.good());
}

TEST(what_hardware_noted_in_one_leaf_holds_for_its_group)
{
	for (Descriptor noted : {bit(10), bit(7)}) { // AF; S2AP[1]: dirty
		L lab{test, 40};
		ASSERT(lab.good());
		const Region<Ipa> region{Ipa{group}, 2 * group};

		ASSERT(lab.map(region, Pa{0},
			       {.access = r, .accessed = noted != bit(10), .dbm = true}, pages));
		*lab.descriptor(Ipa{group + 5 * page}) |= noted;
		lab.hardware_was_here();
		ASSERT(lab.modify({Ipa{group + 9 * page}, page}, [](auto, auto a) {
			a.software = 1;
			return a;
		}));
		for (uint64_t offset = 0; offset < 2 * group; offset += page)
			ASSERT(!(*lab.descriptor(region.first + offset) & noted) ==
			       (offset >= group));
		ASSERT(lab.good());
	}
}

// A TLB may hold every leaf of a group by what one of them says: also a leaf that hardware had found
// dirty, and that a change has nothing to do on.
TEST(a_group_is_invalidated_whole_where_only_some_leaves_change)
{
	for (Level level : {2, 3}) {
		L lab{test, 40};
		ASSERT(lab.good());
		const uint64_t leaf = L::Granule::size(level);
		const Region<Ipa> groups{Ipa{0}, 32 * leaf};

		ASSERT(lab.map(groups, Pa{0}, {.access = r, .dbm = true}, {level, true}));
		for (unsigned dirty : {0, 31})
			*lab.descriptor(Ipa{dirty * leaf}) |= bit(7);
		lab.hardware_was_here();
		ASSERT(lab.protect(groups, rw));
		ASSERT(hints_are(lab, groups, all));
		ASSERT(lab.good());
	}
}

TEST(a_group_that_agrees_again_gets_its_hint_back)
{
	const Region<Ipa> region{Ipa{group}, 4 * group};
	L lab{test, 40};
	ASSERT(lab.good());

	ASSERT(lab.map(region, Pa{group}, normal | rw, pages));
	ASSERT(lab.protect({region.first + group, page}, r));
	ASSERT(lab.fold(region, {.contiguous = true}));
	EXPECT(hints_are(lab, region, [&](Ipa at) {
		return at < region.first + group || at >= region.first + 2 * group;
	}));
	ASSERT(lab.protect({region.first + group, page}, rw));
	const uint64_t breaks = lab.breaks();

	ASSERT(lab.fold(region)); // not asked for
	EXPECT_EQ(lab.breaks(), breaks);
	// A group of which the end is not asked for stays as it is.
	ASSERT(lab.fold({region.first, 2 * group - page}, {.contiguous = true}));
	EXPECT_EQ(lab.breaks(), breaks);
	ASSERT(lab.fold(region, {.contiguous = true}));
	EXPECT(hints_are(lab, region, all));
	EXPECT_EQ(lab.breaks(), breaks + 1);
	ASSERT(lab.fold(region, {.contiguous = true}));
	EXPECT_EQ(lab.breaks(), breaks + 1);
	ASSERT(lab.good());
}

// Side by side, but led to outputs that are not; or aligned on one side only.
TEST(a_group_whose_output_is_not_one_piece_gets_none)
{
	L lab{test, 40};
	ASSERT(lab.good());

	ASSERT(lab.map({Ipa{group}, 8 * page}, Pa{group}, normal | rw));
	ASSERT(lab.map({Ipa{group + 8 * page}, 8 * page}, Pa{GiB}, normal | rw));
	ASSERT(lab.map({Ipa{4 * group}, group}, Pa{4 * group + page}, normal | rw));
	ASSERT(lab.fold(lab.tree().space(), {.contiguous = true}));
	EXPECT(hints_are(lab, {Ipa{group}, group}, none));
	EXPECT(hints_are(lab, {Ipa{4 * group}, group}, none));
	EXPECT_EQ(lab.breaks(), 0);
	ASSERT(lab.good());
}

SUITE(contiguous, the_hint_is_written_on_aligned_groups_only, the_attribute_is_no_way_around_that,
      a_page_mapped_alone_gets_no_hint, a_partial_edit_unfolds_its_group_and_no_other,
      an_edit_across_groups_unfolds_those_at_its_ends, whole_groups_keep_it,
      a_partial_edit_is_refused_where_breaks_are, a_block_of_a_group_is_cut_after_the_hint_is_gone,
      what_hardware_noted_in_one_leaf_holds_for_its_group,
      a_group_is_invalidated_whole_where_only_some_leaves_change,
      a_group_that_agrees_again_gets_its_hint_back,
      a_group_whose_output_is_not_one_piece_gets_none);
