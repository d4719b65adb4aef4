// SPDX-License-Identifier: GPL-2.0-only
//
// Remap: another output or type for what is mapped, or not. What must be broken is, what need not is not, no
// table is lost, and what sticks out stays.
#include "support/lab.hpp"
#include "support/snapshot.hpp"
#include "vmsa/format_stage2.hpp"

using namespace vmsa;
using namespace support;

namespace
{

using L = Lab<Stage2_4K>;
using Tables = Snapshot<Tree<Stage2_4K, ScratchMemory>>;
using Seen = Entry<Stage2_4K>;

constexpr uint64_t page = 4 * KiB;

// Every address leads to itself, or so far behind.
struct Behind {
	uint64_t bytes = 0;

	constexpr Extent operator()(Ipa ipa) const
	{
		return {Pa{ipa.raw() + bytes}, ~uint64_t{0}};
	}
};

constexpr Behind same;
constexpr Region<Ipa> group{Ipa{2 * GiB}, 32 * MiB}; // of blocks
constexpr Behind elsewhere{8 * GiB};

[[gnu::noinline]] bool leads(const L &lab, Ipa ipa, uint64_t pa, Access access)
{
	const auto t = lab.tree().translate(ipa);

	return t && t.value().pa.raw() == pa && t.value().attributes().access == access;
}

} // namespace

// One page of a block: read-only, and elsewhere. The rest says what it said.
TEST(a_page_is_carved_out_of_a_block)
{
	for (unsigned bbm : {0, 1, 2}) {
		L lab{test, 40};

		lab.rules().bbm_level = bbm;
		ASSERT(lab.good() && lab.map({Ipa{GiB}, GiB}, Pa{GiB}, normal | rw));
		ASSERT(lab.remap({Ipa{GiB + page}, page}, elsewhere, normal | rx));
		EXPECT(leads(lab, Ipa{GiB}, GiB, rw));
		EXPECT(leads(lab, Ipa{GiB + page}, 9 * GiB + page, rx));
		EXPECT(leads(lab, Ipa{GiB + 2 * page}, GiB + 2 * page, rw));
		EXPECT(lab.has_leaf(Ipa{GiB + 2 * MiB}, 2, Pa{GiB + 2 * MiB}));
		// The block and a part of it, at once; or nT in both, and the page; or the page alone.
		EXPECT_EQ(lab.breaks(), bbm == 0 ? 1 : bbm == 1 ? 3 : 1);
		ASSERT(lab.good());
	}
}

// Without a word about the output, as firmware does with its text: with FEAT_BBM 2 nothing faults.
TEST(another_access_in_a_block_takes_no_break_that_is_not_a_cut)
{
	L lab{test, 40};

	lab.rules().bbm_level = 2;
	lab.rules().on_break = OnBreak::refuse;
	ASSERT(lab.good() && lab.map({Ipa{GiB}, GiB}, Pa{GiB}, normal | rw));
	ASSERT(lab.remap({Ipa{GiB + MiB}, MiB}, same, normal | rx));
	EXPECT(leads(lab, Ipa{GiB + MiB}, GiB + MiB, rx));
	EXPECT(leads(lab, Ipa{GiB + MiB - page}, GiB + MiB - page, rw));
	EXPECT_EQ(lab.breaks(), 0);
	ASSERT(lab.good());
}

TEST(what_is_there_already_is_left_alone)
{
	L lab{test, 40};
	Tables before{test, lab.memory()};
	const Region<Ipa> region{Ipa{GiB - 64 * KiB}, 4 * MiB};
	const MapLimits limits{.contiguous = true};

	ASSERT(lab.good() && lab.remap(region, same, normal | rw, limits));
	before.take(lab.tree());

	const size_t invalidations = lab.tlb().invalidations();

	EXPECT(lab.remap(region, same, normal | rw, limits));
	EXPECT(before.matches(lab.tree()));
	EXPECT_EQ(lab.tlb().invalidations(), invalidations);
	EXPECT_EQ(lab.breaks(), 0);
	ASSERT(lab.good());
}

// Permissions change in place, and what hardware noted stays: the leaf is still the same memory.
TEST(what_hardware_noted_stays_where_the_memory_does)
{
	L lab{test, 40};
	Stage2Attributes clean = normal | r;
	Stage2Attributes unused = normal | rw;

	clean.dbm = true;
	unused.accessed = false;
	ASSERT(lab.good() && lab.map({Ipa{0}, 2 * page}, Pa{0}, clean));
	lab.access({Ipa{0}, page}, true);
	ASSERT(lab.remap({Ipa{0}, 2 * page}, same, clean));
	EXPECT(Stage2_4K::is_dirty(*lab.descriptor(Ipa{0})));
	EXPECT(!Stage2_4K::is_dirty(*lab.descriptor(Ipa{page})));
	// No dirty state any more: a note of it.
	ASSERT(lab.remap({Ipa{0}, 2 * page}, same, unused));
	EXPECT_EQ(*lab.descriptor(Ipa{0}) & (Stage2_4K::dbm | Stage2_4K::af | bit(58)),
		  Stage2_4K::af | bit(58));
	EXPECT_EQ(*lab.descriptor(Ipa{page}) & (Stage2_4K::dbm | bit(58)), 0);
	EXPECT_EQ(lab.breaks(), 0);
	// Other memory: nothing is known of it.
	ASSERT(lab.remap({Ipa{0}, 2 * page}, elsewhere, unused));
	EXPECT_EQ(*lab.descriptor(Ipa{0}) & (Stage2_4K::af | bit(58)), 0);
	EXPECT_EQ(lab.breaks(), 1);
	ASSERT(lab.good());
}

// Tables of pages, of holes and of blocks make way for a block, and each leaf is shown.
TEST(a_block_takes_the_place_of_tables)
{
	for (bool together : {false, true}) {
		L lab{test, 40};
		uint64_t shown = 0;
		const auto visit = [&](const Seen &e) {
			EXPECT(e.is_leaf() && !lab.tlb().may_hold(e.region));
			EXPECT_EQ(Stage2_4K::output(e.descriptor, e.level).raw(),
				  e.region.first.raw());
			shown += e.region.size();
		};

		ASSERT(lab.good());
		ASSERT(lab.map({Ipa{GiB + page}, 5 * page}, Pa{GiB + page}, normal | rw));
		ASSERT(lab.map({Ipa{GiB + 4 * MiB}, 2 * MiB}, Pa{GiB + 4 * MiB}, normal | rw));
		ASSERT(lab.map({Ipa{2 * GiB - page}, page}, Pa{2 * GiB - page}, device | rw));
		const auto remap = [&] {
			EXPECT(lab.remap({Ipa{GiB}, GiB}, elsewhere, normal | rw, MapLimits{},
					 visit));
		};

		if (together)
			lab.together(remap);
		else
			remap();
		EXPECT(lab.has_leaf(Ipa{GiB}, 1, Pa{9 * GiB}));
		EXPECT_EQ(shown, 6 * page + 2 * MiB);
		EXPECT(lab.only_root());
		ASSERT(lab.good());
	}
}

// Where a group is torn, what is left of it says so.
TEST(a_group_that_is_torn_loses_its_hint)
{
	for (unsigned bbm : {0, 2}) {
		L lab{test, 40};
		const MapLimits limits{.contiguous = true};

		lab.rules().bbm_level = bbm;
		ASSERT(lab.good() && lab.map({Ipa{0}, 48 * page}, Pa{0}, normal | rw, limits));
		ASSERT(lab.remap({Ipa{8 * page}, 24 * page}, elsewhere, normal | rw, limits));
		EXPECT(!lab.attributes(Ipa{0}).contiguous);
		EXPECT(!lab.attributes(Ipa{8 * page}).contiguous);
		EXPECT(lab.attributes(Ipa{16 * page}).contiguous);
		EXPECT(lab.attributes(Ipa{32 * page}).contiguous);
		EXPECT(leads(lab, Ipa{16 * page}, 8 * GiB + 16 * page, rw));
		EXPECT(leads(lab, Ipa{47 * page}, 47 * page, rw));
		// Of blocks, where one of them becomes a table.
		ASSERT(lab.map({Ipa{GiB}, 32 * MiB}, Pa{GiB}, normal | rw, limits));
		ASSERT(lab.attributes(Ipa{GiB}).contiguous);
		ASSERT(lab.remap({Ipa{GiB + page}, 32 * MiB - page}, same, normal | r, limits));
		EXPECT(!lab.attributes(Ipa{GiB + 2 * MiB}).contiguous);
		EXPECT(leads(lab, Ipa{GiB}, GiB, rw));
		EXPECT(leads(lab, Ipa{GiB + page}, GiB + page, r));
		ASSERT(lab.good());
	}
}

// An annotation may have any bit, also that which is a leaf's hint.
// Also of leaves that say already what they shall: a TLB may hold them by what another of the group said.
TEST(a_group_of_which_some_leaves_change_is_invalidated_whole)
{
	for (Level level : {2, 3}) {
		L lab{test, 40};
		const uint64_t leaf = Granule4K::size(level);
		const Region<Ipa> groups{Ipa{GiB}, 32 * leaf};

		ASSERT(lab.good() &&
		       lab.map(groups, Pa{GiB}, {.access = r, .dbm = true}, {level, true}));
		for (uint64_t dirty : {0, 31})
			*lab.descriptor(groups.first + dirty * leaf) |= bit(7);
		lab.hardware_was_here();
		ASSERT(lab.remap(groups, same, {.access = rw, .dbm = true},
				 MapLimits{level, true}));
		EXPECT_EQ(lab.breaks(), 0);
		EXPECT(leads(lab, groups.last, groups.last.raw(), rw));
		ASSERT(lab.good());
	}
}

TEST(no_annotation_is_taken_for_a_leaf_of_a_group)
{
	L lab{test, 40};
	constexpr uint64_t like_a_hint = bit(51);

	ASSERT(lab.good());
	ASSERT(lab.annotate({Ipa{0}, page}, like_a_hint));
	ASSERT(lab.map({Ipa{8 * page}, 24 * page}, Pa{8 * page}, normal | rw,
		       {.contiguous = true}));
	ASSERT(lab.remap({Ipa{8 * page}, 16 * page}, elsewhere, normal | r));
	EXPECT(lab.mapping().annotation<uint64_t>(Ipa{0}).value() == like_a_hint);
	ASSERT(lab.remap({Ipa{8 * page}, 24 * page}, same, normal | rw,
			 MapLimits{.contiguous = true}));
	ASSERT(lab.protect({Ipa{8 * page}, 16 * page}, r));
	EXPECT(lab.mapping().annotation<uint64_t>(Ipa{0}).value() == like_a_hint);
	EXPECT(!lab.tree().translate(Ipa{0}));
	// Nor where breaks are refused, and it makes way.
	lab.rules().on_break = OnBreak::refuse;
	ASSERT(lab.remap({Ipa{0}, page}, same, normal | rw,
			 MapLimits{.over = annotation(like_a_hint)}));
	EXPECT(leads(lab, Ipa{0}, 0, rw));
	ASSERT(lab.good());
}

TEST(an_annotation_makes_way_for_who_names_it)
{
	L lab{test, 40};
	Tables before{test, lab.memory()};
	constexpr uint64_t mine = 7;

	ASSERT(lab.good());
	ASSERT(lab.annotate({Ipa{GiB}, 4 * MiB}, mine));
	ASSERT(lab.map({Ipa{GiB + 4 * MiB}, 4 * MiB}, Pa{0}, normal | rw));
	before.take(lab.tree());
	EXPECT(lab.remap({Ipa{GiB + MiB}, 4 * MiB}, same, normal | rw).error() ==
	       Error(Errc::annotated, Region{Ipa{GiB + MiB}, 3 * MiB}));
	EXPECT(lab.remap({Ipa{GiB}, GiB}, same, normal | rw).error() ==
	       Error(Errc::annotated, Region{Ipa{GiB}, 4 * MiB}));
	EXPECT(before.matches(lab.tree()));
	EXPECT(lab.remap({Ipa{GiB + MiB}, 4 * MiB}, same, normal | rw,
			 MapLimits{.over = annotation(mine)}));
	EXPECT(leads(lab, Ipa{GiB + MiB}, GiB + MiB, rw));
	EXPECT(leads(lab, Ipa{GiB + 5 * MiB - page}, GiB + 5 * MiB - page, rw));
	EXPECT(leads(lab, Ipa{GiB + 5 * MiB}, MiB, rw));
	EXPECT(lab.mapping().annotation<uint64_t>(Ipa{GiB}).value() == mine);
	ASSERT(lab.good());
}

// Refused is what faults, and nothing else; it is named, and nothing has changed.
TEST(where_breaks_are_refused_they_are_named)
{
	static constexpr struct {
		unsigned bbm;
		Region<Ipa> region;
		Behind rule;
		Region<Ipa> named; // no bytes: it is done
		MapLimits limits = {};
	} cases[] = {
		{2, {Ipa{0}, 2 * page}, same, {Ipa{0}, 0}}, // a page and a hole, in place
		{0, {Ipa{page}, GiB}, elsewhere, {Ipa{16 * page}, page}}, // behind a hole
		{2, {Ipa{0}, 2 * page}, elsewhere, {Ipa{0}, page}},
		{0, {Ipa{GiB}, 2 * MiB}, same, {Ipa{GiB}, 2 * MiB}},
		{1, {Ipa{GiB}, 2 * MiB}, same, {Ipa{GiB}, 2 * MiB}},
		{2, {Ipa{GiB}, 2 * MiB}, same, {Ipa{0}, 0}},
		{2, {Ipa{GiB}, 2 * MiB}, elsewhere, {Ipa{GiB}, 2 * MiB}},
		{2, {Ipa{0}, GiB}, same, {Ipa{0}, GiB}}, // a block over pages
		{2, {Ipa{3 * GiB}, GiB}, same, {Ipa{0}, 0}}, // a hole
		{0, {Ipa{24 * page}, page}, same, {Ipa{16 * page}, 16 * page}},
		{1, {Ipa{24 * page}, page}, same, {Ipa{0}, 0}}, // a group, without a break
		{0, {Ipa{16 * page}, 16 * page}, same, {Ipa{0}, 0}, {.contiguous = true}},
		{0, group, same, {Ipa{0}, 0}, {.contiguous = true}}, // of blocks
		{0, group, same, group, {3}}, // it becomes tables
		{2, {Ipa{GiB}, GiB}, same, {Ipa{0}, 0}, {2}},
		{2, {Ipa{GiB}, GiB}, elsewhere, {Ipa{GiB}, 2 * MiB}, {2}}, // its pieces are others
	};

	for (const auto &c : cases) {
		L lab{test, 40};
		Tables before{test, lab.memory()};

		ASSERT(lab.good());
		ASSERT(lab.map({Ipa{0}, page}, Pa{0}, normal | r));
		ASSERT(lab.map({Ipa{16 * page}, 16 * page}, Pa{16 * page}, normal | rw,
			       {.contiguous = true}));
		ASSERT(lab.map({Ipa{GiB}, GiB}, Pa{GiB}, normal | rw));
		ASSERT(lab.map(group, Pa{group.first.raw()}, normal | rw, {.contiguous = true}));
		before.take(lab.tree());
		lab.rules() = {.on_break = OnBreak::refuse, .bbm_level = c.bbm};

		const Error e = lab.remap(c.region, c.rule, normal | rw, c.limits).error();

		if (c.named.size()) {
			EXPECT(e == Error(Errc::needs_break, c.named));
			EXPECT(before.matches(lab.tree()));
		} else {
			EXPECT_EQ(e.code, Errc::none);
		}
		EXPECT_EQ(lab.breaks(), 0);
		ASSERT(lab.good());
	}
}

// What would be refused anywhere, and a rule that leaves the output space behind a good beginning.
TEST(what_map_refuses_is_refused)
{
	L lab{test, 40};
	Tables before{test, lab.memory()};
	const Region<Ipa> two{Ipa{GiB}, 2 * page};

	ASSERT(lab.good() && lab.map({Ipa{GiB}, 2 * MiB}, Pa{GiB}, normal | rw));
	before.take(lab.tree());
	EXPECT(lab.remap({Ipa{1}, page}, same, normal | rw).error().code == Errc::unaligned_input);
	EXPECT(lab.remap({Ipa{GiB}, 0}, same, normal | rw).error().code == Errc::empty);
	EXPECT(lab.remap(two, same, device | rx).error() == Error(Errc::forbidden_attributes, two));
	EXPECT(lab.remap(two, Behind{1}, normal | rw).error().code == Errc::unaligned_output);
	EXPECT(lab.remap(two, Behind{bit(48) - GiB - page}, normal | rw).error() ==
	       Error(Errc::beyond_output, bit(48) - page, bit(48) + page - 1));
	EXPECT(lab.remap(two, same, normal | rw, MapLimits{.largest = 4}).error() ==
	       Error(Errc::bad_limit, two));
	EXPECT(lab.remap(
			  two,
			  [](Ipa) {
				  return Extent{Pa{0}, 0};
			  },
			  normal | rw)
		       .error()
		       .code == Errc::bad_rule);
	EXPECT(before.matches(lab.tree()));
	// A block where there are none is no leaf of anybody's, and nobody knows what it is.
	ASSERT(lab.cut({Ipa{GiB}, page}));
	*lab.descriptor(Ipa{GiB + page}) &= ~Stage2_4K::not_block_bit;
	lab.hardware_was_here();
	before.take(lab.tree());
	EXPECT(lab.remap(two, same, normal | rw).error() ==
	       Error(Errc::overlap, Region{Ipa{GiB + page}, page}));
	EXPECT(lab.remap({Ipa{GiB}, GiB}, same, normal | rw).error() ==
	       Error(Errc::overlap, Region{Ipa{GiB + page}, page}));
	EXPECT(before.matches(lab.tree()));
	*lab.descriptor(Ipa{GiB + page}) |= Stage2_4K::not_block_bit;
	lab.hardware_was_here();
	ASSERT(lab.good());
}

// The count is exact, and a batch puts what it broke before it in order.
TEST(a_remap_takes_the_tables_it_says)
{
	L lab{test, 40};
	const Region<Ipa> odd{Ipa{GiB + MiB}, 3 * GiB};

	ASSERT(lab.good() && lab.map({Ipa{GiB}, 2 * GiB}, Pa{GiB}, normal | rw));

	const auto tables = lab.mapping().tables_to_remap(odd, elsewhere, normal | r);
	const size_t allocations = lab.memory().allocations();

	ASSERT(tables);
	lab.together([&] {
		EXPECT(lab.unmap({Ipa{2 * GiB}, GiB}));
		EXPECT(lab.remap(odd, elsewhere, normal | r));
		EXPECT(lab.remap({Ipa{GiB}, GiB}, same, normal | rw));
		EXPECT(lab.protect({Ipa{GiB}, GiB}, r));
		EXPECT(lab.remap({Ipa{GiB}, GiB}, elsewhere, normal | rw));
	});
	EXPECT_EQ(lab.memory().allocations() - allocations, tables.value());
	EXPECT(lab.has_leaf(Ipa{GiB}, 1, Pa{9 * GiB}));
	ASSERT(lab.good());
}

SUITE(remap, a_page_is_carved_out_of_a_block,
      another_access_in_a_block_takes_no_break_that_is_not_a_cut,
      what_is_there_already_is_left_alone, what_hardware_noted_stays_where_the_memory_does,
      a_block_takes_the_place_of_tables, a_group_of_which_some_leaves_change_is_invalidated_whole,
      a_group_that_is_torn_loses_its_hint, no_annotation_is_taken_for_a_leaf_of_a_group,
      an_annotation_makes_way_for_who_names_it, where_breaks_are_refused_they_are_named,
      what_map_refuses_is_refused, a_remap_takes_the_tables_it_says);
