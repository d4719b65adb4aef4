// SPDX-License-Identifier: GPL-2.0-only
//
// Modify: an updater changes attributes, leaf by leaf, and can do nothing worse.
#include "support/lab.hpp"
#include "support/snapshot.hpp"
#include "vmsa/format_stage2.hpp"

using namespace vmsa;
using namespace support;

namespace
{

using S1 = Format<El1And0, Granule4K>;

constexpr uint64_t page = 4 * KiB;

// What an updater must never reach: type and output.
template <class F> constexpr Descriptor type_and_output(Descriptor d, Level level)
{
	return (d & 3) | F::output(d, level).raw();
}

// Everything that an updater can say, and more than it may.
template <class F> void check_forgery(struct kunit *test)
{
	using Input = typename F::Input;
	Lab<F> lab{test, 40};
	Snapshot<Tree<F, ScratchMemory>> before{test, lab.memory()};
	ASSERT(lab.good());
	const Region<Input> region{Input{0}, 2 * page};

	ASSERT(lab.map(region, Pa{GiB}, normal | rw));
	before.take(lab.tree());
	for (unsigned memory : {7u, 8u, 255u}) {
		const auto done = lab.modify(region, [&](auto, auto a) {
			a.memory = static_cast<MemoryType>(memory);
			return a;
		});

		ASSERT(memory == 7 || done.error() == Error(Errc::reserved_attributes,
							    Region<Input>{Input{0}, page}));
	}
	for (unsigned software : {16u, 255u}) {
		const auto done = lab.modify(region, [&](auto, auto a) {
			a.software = static_cast<uint8_t>(software);
			return a;
		});

		ASSERT(done.error() ==
		       Error(Errc::reserved_attributes, Region<Input>{Input{0}, page}));
	}
	// Legal, all bits of it, and still a leaf that leads where it led, without the hint.
	ASSERT(lab.modify(region, [](auto, auto a) {
		a.shareability = Shareability::outer;
		a.accessed = a.dbm = a.contiguous = true;
		a.software = 7;
		return a;
	}));
	for (unsigned i = 0; i < 2; i++) {
		const Descriptor d = *lab.descriptor(Input{i * page});

		ASSERT_EQ(type_and_output<F>(d, 3), (GiB + i * page) | 3);
		ASSERT(F::attributes(d).dbm && !F::attributes(d).contiguous);
		ASSERT_EQ(F::attributes(d).software, 7);
	}
	ASSERT(lab.good());
}

} // namespace

TEST(an_updater_cannot_forge_a_table_or_an_output)
{
	check_forgery<Stage2_4K>(test);
	check_forgery<S1>(test);
}

TEST(permissions_and_software_bits_change_in_place)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());

	ASSERT(lab.map({Ipa{GiB}, 4 * MiB}, Pa{0}, normal | rw));
	ASSERT(lab.modify({Ipa{GiB}, 4 * MiB}, [](auto, auto a) {
		a.access = r;
		a.software = 5;
		a.accessed = false;
		a.dbm = true;
		return a;
	}));
	EXPECT(lab.has_leaf(Ipa{GiB}, 2, Pa{0}));
	EXPECT_EQ(lab.breaks(), 0);
	EXPECT_EQ(lab.tlb().invalidations(), 1);
	EXPECT(lab.attributes(Ipa{GiB + 2 * MiB}) ==
	       Stage2Attributes{.access = r, .accessed = false, .dbm = true, .software = 5});
	ASSERT(lab.good());
}

TEST(nothing_changes_and_nothing_is_invalidated)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());

	ASSERT(lab.map({Ipa{0}, MiB}, Pa{0}, normal | rw));
	ASSERT(lab.modify({Ipa{0}, MiB}, [](auto, auto a) { return a; }));
	EXPECT_EQ(lab.tlb().invalidations(), 0);
	EXPECT_EQ(lab.breaks(), 0);
	ASSERT(lab.good());
}

TEST(a_run_that_must_be_broken_is_invalidated_once)
{
	Lab<S1> lab{test, 40};
	ASSERT(lab.good());

	ASSERT(lab.map({Va{GiB}, MiB}, Pa{0}, normal | rw));
	// Memory type: a break. Every fourth page only loses its write permission: in place.
	ASSERT(lab.modify({Va{GiB}, MiB}, [](Region<Va> leaf, auto a) {
		if (leaf.first.raw() / page % 4 == 3)
			a.access.write = false;
		else
			a.memory = nc;
		return a;
	}));
	EXPECT_EQ(lab.breaks(), 1);
	EXPECT(lab.tlb().invalidations() <= 2);
	EXPECT(lab.attributes(Va{GiB}).memory == nc && lab.attributes(Va{GiB}).access.write);
	EXPECT(lab.attributes(Va{GiB + 3 * page}).memory == normal);
	EXPECT(!lab.attributes(Va{GiB + 3 * page}).access.write);
	ASSERT(lab.good());
}

TEST(a_break_that_is_refused_names_the_leaf_and_touches_nothing)
{
	Lab<Stage2_4K> lab{test, 40};
	Snapshot<Tree<Stage2_4K, ScratchMemory>> before{test, lab.memory()};
	ASSERT(lab.good());
	const Region<Ipa> all{Ipa{2 * MiB - MiB}, 3 * MiB}; // pages, then a block
	struct {
		Region<Ipa> asked;
		Region<Ipa> changed;
		Region<Ipa> named;
	} const cases[] = {
		{all, {Ipa{MiB + 5 * page}, page}, {Ipa{MiB + 5 * page}, page}},
		{all, {Ipa{2 * MiB}, 2 * MiB}, {Ipa{2 * MiB}, 2 * MiB}},
		// A block of which only a part is asked for: that part is what cannot be done.
		{{Ipa{2 * MiB}, MiB}, {Ipa{GiB}, page}, {Ipa{2 * MiB}, MiB}},
	};

	ASSERT(lab.map({Ipa{MiB}, 3 * MiB}, Pa{MiB}, normal | rw));
	lab.rules().on_break = OnBreak::refuse;
	before.take(lab.tree());
	for (const auto &c : cases) {
		const auto done = lab.modify(c.asked, [&](Region<Ipa> leaf, auto a) {
			a.access = r; // in place, on the way there
			if (c.changed.contains(leaf.first))
				a.memory = nc;
			return a;
		});

		EXPECT(done.error() == Error(Errc::needs_break, c.named));
		EXPECT(before.matches(lab.tree()));
	}
	EXPECT_EQ(lab.tlb().invalidations(), 0);
	// Nobody walks these tables: then there is nothing to break.
	lab.rules().live = false;
	EXPECT(lab.modify(all, [](auto, auto a) {
		a.memory = nc;
		return a;
	}));
	EXPECT_EQ(lab.tlb().invalidations(), 0);
	EXPECT_EQ(lab.breaks(), 0);
	ASSERT(lab.good());
}

TEST(only_what_is_inside_the_region_is_shown_and_changed)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	const Region<Ipa> region{Ipa{2 * GiB - 2 * MiB - page}, 2 * MiB + 2 * page + 4 * MiB};
	uint64_t calls = 0;

	ASSERT(lab.map({Ipa{GiB}, 2 * GiB}, Pa{GiB}, normal | rw));
	ASSERT(lab.modify(region, [&](Region<Ipa> leaf, auto a) {
		calls += !region.contains(leaf);
		a.access = rx;
		a.memory = MemoryType::normal_wt;
		return a;
	}));
	EXPECT_EQ(calls, 0);
	for (Ipa at{GiB}; at < Ipa{3 * GiB}; at = lab.tree().at(at).region.last + 1) {
		ASSERT(lab.tree().translate(at).value().pa.raw() == at.raw());
		ASSERT((lab.attributes(at).memory == MemoryType::normal_wt) == region.contains(at));
		ASSERT((lab.attributes(at).access == rx) == region.contains(at));
	}
	EXPECT(lab.has_leaf(Ipa{2 * GiB - 2 * MiB}, 2, Pa{2 * GiB - 2 * MiB}));
	ASSERT(lab.good());
}

// The check sees the leaves as they will be, not only the part of the block they come from.
TEST(a_leaf_inside_a_block_is_checked_like_any_other)
{
	Lab<Stage2_4K> lab{test, 40};
	Snapshot<Tree<Stage2_4K, ScratchMemory>> before{test, lab.memory()};
	ASSERT(lab.good());
	const Region<Ipa> bad{Ipa{3 * MiB + 7 * page}, page};

	ASSERT(lab.map({Ipa{2 * MiB}, 2 * MiB}, Pa{0}, device | rw));
	before.take(lab.tree());
	const auto done = lab.modify({Ipa{3 * MiB}, 16 * page}, [&](Region<Ipa> leaf, auto a) {
		a.access = leaf == bad ? rwx : r;
		return a;
	});

	EXPECT(done.error() == Error(Errc::forbidden_attributes, bad));
	EXPECT(before.matches(lab.tree()));
	ASSERT(lab.good());
}

TEST(a_hole_is_named_and_nothing_is_touched)
{
	Lab<Stage2_4K> lab{test, 40};
	Snapshot<Tree<Stage2_4K, ScratchMemory>> before{test, lab.memory()};
	ASSERT(lab.good());

	ASSERT(lab.map({Ipa{0}, 4 * page}, Pa{0}, normal | rw));
	ASSERT(lab.map({Ipa{6 * page}, page}, Pa{0}, normal | rw));
	before.take(lab.tree());
	EXPECT(lab.modify({Ipa{0}, 8 * page}, [](auto, auto a) {
			  a.access = r;
			  return a;
		  }).error() == Error(Errc::not_mapped, Region<Ipa>{Ipa{4 * page}, 2 * page}));
	EXPECT(before.matches(lab.tree()));
	ASSERT(lab.good());
}

TEST(a_modify_that_cuts_survives_every_allocation_that_fails)
{
	const Region<Ipa> region{Ipa{2 * GiB - page}, 2 * page};
	Lab<Stage2_4K> lab{test, 40};
	Snapshot<Tree<Stage2_4K, ScratchMemory>> before{test, lab.memory()};
	const auto read_only = [](auto, auto a) {
		a.access = r;
		return a;
	};
	ASSERT(lab.good());

	ASSERT(lab.map({Ipa{GiB}, 2 * GiB}, Pa{GiB}, normal | rw));
	before.take(lab.tree());
	for (size_t k = 0; k < 4; k++) {
		lab.memory().fail_at(k);
		ASSERT(lab.modify(region, read_only).error() == Error(Errc::no_memory, region));
		ASSERT(before.matches(lab.tree()));
	}
	const size_t allocations = lab.memory().allocations();

	lab.memory().fail_at(4);
	ASSERT(lab.modify(region, read_only));
	lab.memory().fail_at(ScratchMemory::never);
	EXPECT_EQ(lab.memory().allocations() - allocations, 4);
	ASSERT(lab.good());
}

// A walk that goes into the new table finds what the edit made of its leaves, and nothing else.
TEST(the_table_of_a_cut_is_linked_when_its_leaves_are_edited)
{
	Lab<Stage2_4K> lab{test, 40};
	unsigned too_early = 0;

	ASSERT(lab.good() && lab.map({Ipa{2 * MiB}, 2 * MiB}, Pa{0}, normal | rw));
	ASSERT(lab.modify({Ipa{3 * MiB}, 4 * page}, [&](Region<Ipa> leaf, auto a) {
		too_early += lab.tree().slot(leaf.first).level == last_level;
		a.access = r;
		return a;
	}));
	EXPECT_EQ(too_early, 0);
	EXPECT_EQ(lab.tree().slot(Ipa{3 * MiB}).level, last_level);
	ASSERT(lab.good());
}

// The updater plays the hardware: between the look at a leaf and its exchange, which the last call is
// between, AF is set.
TEST(what_hardware_notes_meanwhile_is_not_lost)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	unsigned calls = 0;
	unsigned last_call = 0;

	ASSERT(lab.map({Ipa{0}, page}, Pa{0}, {.access = rw, .accessed = false, .dbm = true}));
	Descriptor *d = lab.descriptor(Ipa{0});

	for (uint8_t software : {1, 2}) {
		last_call = calls;
		calls = 0;
		ASSERT(lab.modify({Ipa{0}, page}, [&](auto, auto a) {
			if (++calls == last_call)
				*d |= bit(10);
			a.software = software;
			return a;
		}));
	}
	EXPECT_EQ(calls, last_call + 1);
	EXPECT(lab.attributes(Ipa{0}).accessed && lab.attributes(Ipa{0}).software == 2);
	ASSERT(lab.good());
}

// The cut might be made, what stands two levels below it may not.
TEST(what_is_refused_two_levels_below_a_block_leaves_it_alone)
{
	const Region<Ipa> page{Ipa{GiB + 20 * KiB}, 4 * KiB};
	const auto as_nc = [](Region<Ipa>, Stage2Attributes a) {
		a.memory = nc;
		return a;
	};

	for (uint8_t level : {0, 2}) {
		Lab<Stage2_4K> lab{test, 40};

		ASSERT(lab.good() && lab.map({Ipa{GiB}, GiB}, Pa{GiB}, normal | rw));
		lab.rules().on_break = OnBreak::refuse;
		lab.rules().bbm_level = level;
		EXPECT(lab.modify(page, as_nc).error().code == Errc::needs_break);
		EXPECT(lab.remap(page, Linear{page.first, Pa{0}}, normal | rw).error().code ==
		       Errc::needs_break);
		EXPECT(lab.has_leaf(Ipa{GiB}, 1, Pa{GiB}));
		ASSERT(lab.good());
	}
}

SUITE(modify, what_is_refused_two_levels_below_a_block_leaves_it_alone,
      an_updater_cannot_forge_a_table_or_an_output, permissions_and_software_bits_change_in_place,
      nothing_changes_and_nothing_is_invalidated, a_run_that_must_be_broken_is_invalidated_once,
      a_break_that_is_refused_names_the_leaf_and_touches_nothing,
      only_what_is_inside_the_region_is_shown_and_changed,
      a_leaf_inside_a_block_is_checked_like_any_other, a_hole_is_named_and_nothing_is_touched,
      a_modify_that_cuts_survives_every_allocation_that_fails,
      the_table_of_a_cut_is_linked_when_its_leaves_are_edited,
      what_hardware_notes_meanwhile_is_not_lost);
