// SPDX-License-Identifier: GPL-2.0-only
//
// Harvest: what hardware noted of the use of memory is read and cleared, each note exactly once.
#include "support/lab.hpp"
#include "vmsa/format_stage2.hpp"

using namespace vmsa;
using namespace support;

namespace
{

using S1 = Format<El1And0, Granule4K>;

constexpr uint64_t page = 4 * KiB;
constexpr Descriptor af = bit(10);

constexpr Stage2Attributes clean2{.access = r, .accessed = false, .dbm = true};
constexpr Stage1Attributes clean1{.access = {}, .accessed = false, .dbm = true};

// What hardware does to a writable-clean leaf that is written: S2AP[1] is set, AP[2] cleared.
template <class F> void write_through(Descriptor *d)
{
	if constexpr (Stage1Regime<typename F::Stage>)
		*d &= ~bit(7);
	else
		*d |= bit(7);
	*d |= af;
}

template <class F, class Attributes> void check_exact(struct kunit *test, const Attributes &clean)
{
	using Input = typename F::Input;
	const size_t used[] = {0, 1, 5, 511};
	Lab<F> lab{test, 40};
	ASSERT(lab.good());
	const Region<Input> region{Input{2 * MiB}, 2 * MiB};

	ASSERT(lab.map(region, Pa{0}, clean, {3}));
	for (size_t i : used)
		write_through<F>(lab.descriptor(region.first + i * page));
	lab.hardware_was_here();

	for (bool dirty : {false, true}) {
		const uint64_t invalidations = lab.tlb().invalidations();
		size_t seen = 0;
		bool right = true;
		const auto visit = [&](Region<Input> leaf, Level level) {
			right = right && seen < 4 && level == 3 &&
				leaf == Region<Input>{region.first + used[seen] * page, page};
			seen++;
		};

		for (unsigned again = 0; again < 2; again++) {
			if (dirty)
				ASSERT(lab.harvest_dirty(region, visit));
			else
				ASSERT(lab.harvest_accessed(region, visit));
			ASSERT(right);
			ASSERT_EQ(seen, 4);
		}
		ASSERT_EQ(lab.tlb().invalidations(), invalidations + 1);
	}
	for (size_t i = 0; i < 512; i++)
		ASSERT(lab.attributes(region.first + i * page) == clean);
	EXPECT_EQ(lab.breaks(), 0);
	ASSERT(lab.good());
}

} // namespace

TEST(just_what_was_noted_is_reported_once)
{
	check_exact<Stage2_4K>(test, clean2);
	check_exact<S1>(test, clean1);
}

// Writable, but not by DBM: that is no dirty state.
TEST(leaves_without_dirty_state_are_left_alone)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	unsigned seen = 0;

	ASSERT(lab.map({Ipa{0}, 4 * MiB}, Pa{0}, normal | rw));
	ASSERT(lab.harvest_dirty({Ipa{0}, 4 * MiB}, [&](auto, Level) { seen++; }));
	EXPECT_EQ(seen, 0);
	EXPECT(lab.attributes(Ipa{0}).access == rw);
	EXPECT_EQ(lab.tlb().invalidations(), 0);
	ASSERT(lab.good());
}

TEST(holes_are_skipped_and_blocks_are_whole)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	const Region<Ipa> want[] = {{Ipa{0}, page}, {Ipa{4 * MiB}, 2 * MiB}, {Ipa{GiB}, GiB}};
	unsigned seen = 0;
	bool right = true;

	for (const Region<Ipa> &region : want)
		ASSERT(lab.map(region, Pa{region.first.raw()}, normal | rw));
	// Sticks into the last block.
	ASSERT(lab.harvest_accessed({Ipa{0}, GiB + page}, [&](Region<Ipa> leaf, Level level) {
		right = right && seen < 3 && leaf == want[seen] && level == 3 - Level(seen);
		seen++;
	}));
	EXPECT(right && seen == 3);
	for (const Region<Ipa> &region : want)
		EXPECT(!lab.attributes(region.first).accessed);
	ASSERT(lab.good());
}

TEST(of_a_group_the_whole_is_reported)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	const Region<Ipa> group{Ipa{64 * KiB}, 64 * KiB};
	unsigned seen = 0;
	bool right = true;
	const auto visit = [&](Region<Ipa> leaf, Level level) {
		right = right && leaf == group && level == 3;
		seen++;
	};

	ASSERT(lab.map(group, Pa{0}, clean2, {.largest = 3, .contiguous = true}));
	write_through<Stage2_4K>(lab.descriptor(group.first + 9 * page));
	lab.hardware_was_here();
	ASSERT(lab.harvest_dirty(group, visit));
	EXPECT(right && seen == 1);
	// Hardware may have noted it in another leaf than the one that is asked for.
	write_through<Stage2_4K>(lab.descriptor(group.first + 2 * page));
	lab.hardware_was_here();
	ASSERT(lab.harvest_dirty({group.first + 9 * page, page}, visit));
	EXPECT(right && seen == 2);
	EXPECT(!lab.attributes(group.first + 2 * page).access.write);
	ASSERT(lab.good());
}

namespace
{

void note(void *descriptor)
{
	write_through<Stage2_4K>(static_cast<Descriptor *>(descriptor));
}

} // namespace

// Hardware writes again right after the exchange, or before the invalidation: the next harvest tells.
TEST(what_is_noted_meanwhile_is_there_the_next_time)
{
	for (bool after_exchange : {true, false}) {
		Lab<Stage2_4K> lab{test, 40};
		ASSERT(lab.good());
		unsigned seen = 0;

		ASSERT(lab.map({Ipa{0}, page}, Pa{0}, clean2));
		Descriptor *d = lab.descriptor(Ipa{0});

		note(d);
		lab.hardware_was_here();
		if (!after_exchange) {
			lab.context = d;
			lab.on_invalidate = note;
		}
		ASSERT(lab.harvest_dirty({Ipa{0}, page}, [&](auto, Level) {
			if (after_exchange) {
				note(d);
				lab.hardware_was_here();
			}
			seen++;
		}));
		lab.on_invalidate = nullptr;
		lab.hardware_was_here();
		ASSERT(Stage2_4K::is_dirty(*d) && (*d & af));
		ASSERT(lab.harvest_dirty({Ipa{0}, page}, [&](auto, Level) { seen++; }));
		ASSERT_EQ(seen, 2);
		ASSERT(!Stage2_4K::is_dirty(*d) && (*d & af));
		ASSERT(lab.good());
	}
}

TEST(a_bad_region_is_refused)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	const auto visit = [](auto, Level) {
	};

	EXPECT_EQ(lab.harvest_accessed({Ipa{1}, page}, visit).error().code, Errc::unaligned_input);
	EXPECT_EQ(lab.harvest_dirty({Ipa{bit(40)}, page}, visit).error().code, Errc::beyond_input);
	EXPECT_EQ(lab.harvest_dirty({Ipa{page}, 0}, visit).error().code, Errc::empty);
	ASSERT(lab.good());
}

namespace
{

template <class F, class Attributes> void check_notes(struct kunit *test, const Attributes &clean)
{
	using Input = typename F::Input;
	Lab<F> lab{test, 40};
	ASSERT(lab.good());
	const Region<Input> region{Input{2 * MiB}, 4 * MiB};
	const Input at = region.first + 3 * page + 8;
	unsigned seen = 0;

	// One table of pages, one block.
	ASSERT(lab.map(region, Pa{0}, clean));
	ASSERT(lab.cut({region.first, 2 * MiB}));
	for (const Input input : {at, region.first + 3 * MiB}) {
		const Descriptor before = *lab.descriptor(input);
		Descriptor written = before;

		write_through<F>(&written);
		ASSERT(lab.note_accessed(input));
		ASSERT_EQ(*lab.descriptor(input), before | af);
		ASSERT(lab.note_dirty(input));
		ASSERT_EQ(*lab.descriptor(input), written);

		const uint64_t invalidations = lab.tlb().invalidations();
		// Twice is once.
		ASSERT(lab.note_dirty(input) && lab.note_accessed(input));
		ASSERT_EQ(*lab.descriptor(input), written);
		ASSERT_EQ(lab.tlb().invalidations(), invalidations);
	}
	ASSERT(lab.harvest_dirty(region, [&](auto, Level) { seen++; }));
	ASSERT(lab.harvest_accessed(region, [&](auto, Level) { seen++; }));
	EXPECT_EQ(seen, 4);
	EXPECT(lab.attributes(at) == clean);
	ASSERT(lab.good());
}

} // namespace

TEST(a_fault_handler_notes_what_hardware_would)
{
	check_notes<Stage2_4K>(test, clean2);
	check_notes<S1>(test, clean1);
}

// Only a write to a leaf that keeps dirty state is allowed after the fact.
TEST(a_note_is_refused_where_hardware_would_not_make_it)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	const Region<Ipa> one{Ipa{2 * MiB}, page};
	const Region<Ipa> hole{Ipa{0}, 2 * MiB};

	ASSERT(lab.map(one, Pa{0}, normal | r));
	EXPECT(lab.note_dirty(one.first + 1).error() == Error(Errc::forbidden_attributes, one));
	EXPECT(lab.note_dirty(Ipa{0}).error() == Error(Errc::not_mapped, hole));
	EXPECT(lab.note_accessed(Ipa{0}).error() == Error(Errc::not_mapped, hole));
	EXPECT(lab.note_accessed(Ipa{bit(40)}).error().code == Errc::beyond_input);
	EXPECT(lab.note_dirty(Ipa{bit(40)}).error().code == Errc::beyond_input);
	EXPECT(lab.attributes(one.first).access == r);
	ASSERT(lab.good());
}

// Permission taken away stays taken away.
TEST(a_protected_leaf_is_not_made_writable_by_a_note)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());

	ASSERT(lab.map({Ipa{0}, page}, Pa{0}, clean2));
	ASSERT(lab.protect({Ipa{0}, page}, r));
	EXPECT_EQ(lab.note_dirty(Ipa{0}).error().code, Errc::forbidden_attributes);
	EXPECT(lab.attributes(Ipa{0}).access == r);
	ASSERT(lab.good());
}

// Whoever ends the dirty state of a leaf leaves a note, and the next harvest has it.
TEST(software_bits_can_stand_for_dirty)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	const Region<Ipa> three{Ipa{0}, 3 * page};
	const Region<Ipa> want[] = {{Ipa{0}, page}, {Ipa{2 * page}, page}};
	unsigned seen = 0;
	bool right = true;
	const auto visit = [&](Region<Ipa> leaf, Level) {
		right = right && seen < 2 && leaf == want[seen];
		seen++;
	};

	ASSERT(lab.map(three, Pa{0}, clean2, {3}));
	write_through<Stage2_4K>(lab.descriptor(Ipa{0}));
	write_through<Stage2_4K>(lab.descriptor(Ipa{2 * page}));
	lab.hardware_was_here();
	ASSERT(lab.modify({Ipa{0}, 2 * page}, [](auto, auto a) {
		a.software = a.dbm && a.access.write ? 4 : 2;
		a.dbm = false;
		a.access = r;
		return a;
	}));
	for (unsigned again = 0; again < 2; again++) {
		ASSERT(lab.harvest_dirty(three, visit, 4));
		ASSERT(right && seen == 2);
	}
	EXPECT(lab.attributes(Ipa{0}).access == r && lab.attributes(Ipa{0}).software == 0);
	EXPECT_EQ(lab.attributes(Ipa{page}).software, 2);
	EXPECT(lab.attributes(Ipa{2 * page}).dbm);
	ASSERT(lab.good());
}

SUITE(harvest, just_what_was_noted_is_reported_once, leaves_without_dirty_state_are_left_alone,
      holes_are_skipped_and_blocks_are_whole, of_a_group_the_whole_is_reported,
      what_is_noted_meanwhile_is_there_the_next_time, a_bad_region_is_refused,
      a_fault_handler_notes_what_hardware_would, a_note_is_refused_where_hardware_would_not_make_it,
      a_protected_leaf_is_not_made_writable_by_a_note, software_bits_can_stand_for_dirty);
