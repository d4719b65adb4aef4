// SPDX-License-Identifier: GPL-2.0-only
//
// That memory was written is never forgotten without a word: not by who takes the permission away, nor by
// who takes the memory, nor between the look and the invalidation.
#include "support/lab.hpp"
#include "vmsa/format_stage2.hpp"

using namespace vmsa;
using namespace support;

namespace
{

using S1 = Format<El1And0, Granule4K>;

constexpr uint64_t page = 4 * KiB;
constexpr Descriptor s2ap_write = bit(7), note = bit(58);

constexpr Stage2Attributes clean{.access = r, .dbm = true};

// Three pages of a table, a block, and a group; one leaf of each is dirty.
constexpr Region<Ipa> all{Ipa{2 * MiB}, 6 * MiB};
constexpr Ipa dirty[] = {Ipa{2 * MiB + page}, Ipa{4 * MiB}, Ipa{6 * MiB + 5 * page}};

[[gnu::noinline]] bool populate(Lab<Stage2_4K> &lab)
{
	const bool mapped = lab.good() && lab.map({Ipa{2 * MiB}, 2 * MiB}, Pa{0}, clean, {3}) &&
			    lab.map({Ipa{4 * MiB}, 2 * MiB}, Pa{2 * MiB}, clean) &&
			    lab.map({Ipa{6 * MiB}, 2 * MiB}, Pa{4 * MiB}, clean, {3, true});

	if (mapped) {
		for (Ipa at : dirty)
			*lab.descriptor(at) |= s2ap_write;
		lab.hardware_was_here();
	}
	return mapped;
}

} // namespace

TEST(protection_leaves_a_note_for_the_next_harvest)
{
	for (bool live : {false, true}) {
		Lab<Stage2_4K> lab{test, 40};
		unsigned seen = 0;
		const auto count = [&](auto, Level) {
			seen++;
		};

		ASSERT(populate(lab));
		lab.rules().live = live;
		ASSERT(lab.protect(all, r));
		for (Ipa at : dirty)
			EXPECT_EQ(*lab.descriptor(at) & (note | bit(51) | s2ap_write), note);
		EXPECT_EQ(*lab.descriptor(Ipa{2 * MiB}) & note, 0);
		ASSERT(lab.harvest_dirty(all, count));
		EXPECT_EQ(seen, 3);
		ASSERT(lab.harvest_dirty(all, count));
		EXPECT_EQ(seen, 3);
		ASSERT(lab.good());
	}
}

TEST(stage_1_keeps_it_in_the_same_bit)
{
	Lab<S1> lab{test, 40};
	const Region<Va> two{Va{0}, 2 * page};
	unsigned seen = 0;

	ASSERT(lab.good() && lab.map(two, Pa{0}, {.access = {.write = true}, .dbm = true}));
	ASSERT(lab.protect(two, r));
	EXPECT_EQ(*lab.descriptor(Va{page}) & (note | bit(51)), note);
	ASSERT(lab.harvest_dirty(two, [&](auto, Level) { seen++; }));
	EXPECT_EQ(seen, 2);
	EXPECT_EQ(*lab.descriptor(Va{page}) & note, 0);
	ASSERT(lab.good());
}

// Who has another use for the bit says so, and harvests before.
TEST(whoever_wants_no_note_gets_none)
{
	Lab<Stage2_4K> lab{test, 40};

	ASSERT(populate(lab));
	lab.rules().dirty_note = 0;
	ASSERT(lab.protect(all, r));
	for (Ipa at : dirty)
		EXPECT_EQ(*lab.descriptor(at) & note, 0);
	ASSERT(lab.good());
}

// What is reported can be copied there and then: no TLB lets anybody write unseen.
TEST(a_harvest_of_dirty_leaves_visits_when_they_are_invalidated)
{
	Lab<Stage2_4K> lab{test, 40};
	unsigned seen = 0;

	ASSERT(populate(lab));
	const uint64_t before = lab.tlb().invalidations();

	ASSERT(lab.harvest_dirty(all, [&](Region<Ipa> region, Level) {
		EXPECT(!lab.tlb().may_hold(region));
		EXPECT(lab.tlb().invalidations() > before);
		seen++;
	}));
	EXPECT_EQ(seen, 3);
	for (Ipa at : dirty)
		EXPECT_EQ(*lab.descriptor(at) & (note | bit(51) | s2ap_write), bit(51));
	ASSERT(lab.good());
}

// It is reported all the same, before: the caller syncs, and copies then.
TEST(without_a_note_a_dirty_leaf_is_reported_at_once)
{
	Lab<Stage2_4K> lab{test, 40};
	unsigned seen = 0;

	ASSERT(populate(lab));
	lab.rules().dirty_note = 0;
	const uint64_t before = lab.tlb().invalidations();

	ASSERT(lab.harvest_dirty(all, [&](Region<Ipa>, Level) {
		EXPECT_EQ(lab.tlb().invalidations(), before);
		seen++;
	}));
	EXPECT_EQ(seen, 3);
	for (Ipa at : dirty)
		EXPECT_EQ(*lab.descriptor(at) & (note | bit(51) | s2ap_write), bit(51));
	ASSERT(lab.good());
}

// Hardware notes in one leaf of a group that another was written: where that one goes, the others know.
TEST(a_note_of_a_group_outlives_the_leaf_that_has_it)
{
	Lab<Stage2_4K> lab{test, 40};
	const Region<Ipa> group{Ipa{2 * MiB}, 16 * page};
	unsigned seen = 0;

	ASSERT(lab.good() && lab.map(group, Pa{0}, clean, {3, true}));
	*lab.descriptor(group.first) |= s2ap_write;
	lab.hardware_was_here();
	ASSERT(lab.protect(group, r));
	ASSERT(lab.unmap({group.first, page}));
	ASSERT(lab.harvest_dirty(group, [&](auto, Level) { seen++; }));
	EXPECT_EQ(seen, 15);
	ASSERT(lab.good());
}

TEST(unmap_shows_what_it_took)
{
	for (unsigned bbm_level = 0; bbm_level < 3; bbm_level++) {
		// Whole, and with a part of the block and of a group.
		for (uint64_t less : {uint64_t{0}, 7 * page}) {
			Lab<Stage2_4K> lab{test, 40};
			const Region<Ipa> region{all.first,
						 2 * MiB + page + (less ? 0 : 4 * MiB - page)};
			Ipa next = region.first;
			uint64_t written = 0;

			ASSERT(populate(lab));
			lab.rules().bbm_level = bbm_level;
			const size_t needed = lab.mapping().tables_to_unmap(region).value();
			const size_t before = lab.memory().allocations();

			ASSERT(lab.unmap(region, [&](const Entry<Stage2_4K> &e) {
				EXPECT(e.region.first == next);
				EXPECT_EQ(Stage2_4K::output(e.descriptor, e.level).raw(),
					  next.raw() - 2 * MiB);
				EXPECT(!lab.tlb().may_hold(e.region));
				EXPECT(e.is_leaf());
				written += Stage2_4K::is_dirty(e.descriptor) ? e.region.size() : 0;
				next = e.region.last + 1;
			}));
			EXPECT(next == region.last + 1);
			EXPECT_EQ(lab.memory().allocations() - before, needed);
			// One of the two pages is of a group, which is said to be written as a whole.
			EXPECT_EQ(written, less ? 2 * page : 17 * page + 2 * MiB);
			EXPECT(!lab.tree().at(region.last).is_leaf());
			EXPECT_EQ(lab.only_root(), !less);
			ASSERT(lab.good());
		}
	}
}

TEST(a_hole_is_told_before_anything_is_shown)
{
	Lab<Stage2_4K> lab{test, 40};
	unsigned seen = 0;

	ASSERT(populate(lab));
	const auto done = lab.unmap({all.first, 8 * MiB}, [&](const auto &) { seen++; });

	EXPECT(done.error() == Error(Errc::not_mapped, Region<Ipa>{Ipa{8 * MiB}, 2 * MiB}));
	EXPECT_EQ(seen, 0);
	ASSERT(lab.good());
}

// Where all of a run is dirty, none of it needs a note of its own. What lies before and behind has one; so has a run
// that was noted before.
TEST(runs_of_dirty_leaves_are_reported_once_and_in_order)
{
	Lab<Stage2_4K> lab{test, 40};
	const Region<Ipa> six{Ipa{2 * MiB}, 12 * MiB};
	const auto is_dirty = [](uint64_t i) {
		return i == 3 || i / 512 == 1 || i / 512 == 2 || i / 512 == 4 ||
		       (i / 512 == 5 && i % 512 < 8);
	};
	uint64_t next = 0, seen = 0;

	ASSERT(lab.good() && lab.map(six, Pa{page}, clean, {3}));
	for (uint64_t i = 0; i < 6 * 512; i++) {
		if (is_dirty(i))
			*lab.descriptor(six.first + i * page) |=
				s2ap_write | (i / 512 == 2 ? note : 0);
	}
	lab.hardware_was_here();
	ASSERT(lab.harvest_dirty(six, [&](Region<Ipa> region, Level) {
		const uint64_t i = (region.first - six.first) / page;

		while (next < i && !is_dirty(next))
			next++;
		EXPECT_EQ(next, i);
		EXPECT(!lab.tlb().may_hold(region));
		next = i + 1;
		seen++;
	}));
	EXPECT_EQ(seen, 1 + 3 * 512 + 8);
	for (uint64_t i = 0; i < 6 * 512; i++)
		ASSERT((*lab.descriptor(six.first + i * page) & (note | s2ap_write)) == 0);
	ASSERT(lab.good());
}

SUITE(dirty, protection_leaves_a_note_for_the_next_harvest, stage_1_keeps_it_in_the_same_bit,
      whoever_wants_no_note_gets_none, without_a_note_a_dirty_leaf_is_reported_at_once,
      a_harvest_of_dirty_leaves_visits_when_they_are_invalidated, unmap_shows_what_it_took,
      a_hole_is_told_before_anything_is_shown, a_note_of_a_group_outlives_the_leaf_that_has_it,
      runs_of_dirty_leaves_are_reported_once_and_in_order);
