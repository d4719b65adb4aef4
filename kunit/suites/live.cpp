// SPDX-License-Identifier: GPL-2.0-only
//
// Live changes: what needs a break, and what FEAT_BBM does without one. The judges know the level
// and look at every store.
#include "support/lab.hpp"
#include "support/snapshot.hpp"
#include "vmsa/format_stage2.hpp"

using namespace vmsa;
using namespace support;

namespace
{

using S1 = Format<El1And0, Granule4K>;
using S1_LPA2 = Format<El1And0, Granule4K, 52>;
using L = Lab<Stage2_4K>;

constexpr uint64_t page = 4 * KiB;

struct Watch {
	L *lab;
	const Descriptor *d;
	unsigned invalid; // times it was seen broken
	unsigned nt; // times it was seen with nT set
};

void look(void *context)
{
	auto *watch = static_cast<Watch *>(context);

	watch->invalid += !(*watch->d & 1);
	watch->nt += (*watch->d & 3) == 1 && (*watch->d & bit(16));
}

} // namespace

// Rule R_FPXKC, bit by bit, as the Arm ARM numbers them.
TEST(every_bit_of_a_leaf_is_in_place_or_needs_a_break)
{
	const uint64_t in_place2 = bit(6) | bit(7) | bit(10) | bit(51) | bit(53) | bit(54) |
				   bit(56) | bit(57) | bit(58);
	const uint64_t in_place1 = in_place2 | bit(11) | bit(50) | bit(55); // 11: nG is set

	for (unsigned n = 0; n < 64; n++) {
		const Descriptor d = 0x0040'0000'4660'07fd;
		const bool res0 = n > 58;

		EXPECT_EQ(classify<Stage2_4K>(d, d), vmsa::Change::same);
		if (!res0 && n != 55)
			EXPECT_EQ(classify<Stage2_4K>(d, d ^ bit(n)) == vmsa::Change::in_place,
				  (in_place2 >> n) & 1);
		if (!res0)
			EXPECT_EQ(classify<S1>(d, d ^ bit(n)) == vmsa::Change::in_place,
				  (in_place1 >> n) & 1);
		if (!res0)
			EXPECT_EQ(classify<S1_LPA2>(d, d ^ bit(n)) == vmsa::Change::in_place,
				  (in_place1 >> n) & 1);
	}
	// To become global is another matter.
	EXPECT_EQ(classify<S1>(0x7fd | bit(11), 0x7fd), vmsa::Change::needs_break);
}

TEST(a_block_is_cut_the_way_its_machine_allows)
{
	for (unsigned bbm_level : {0, 1, 2}) {
		L lab{test, 40};
		ASSERT(lab.good());

		ASSERT(lab.map({Ipa{GiB}, GiB}, Pa{GiB}, normal | rw));
		Watch watch{&lab, lab.descriptor(Ipa{GiB}), 0, 0};

		lab.rules().bbm_level = bbm_level;
		lab.context = &watch;
		lab.on_invalidate = look;
		ASSERT(lab.cut({Ipa{GiB + 4 * MiB}, page}));
		ASSERT_EQ(watch.invalid, bbm_level == 0);
		ASSERT_EQ(watch.nt, bbm_level == 1);
		ASSERT(lab.has_leaf(Ipa{GiB}, 2, Pa{GiB}));
		ASSERT(lab.has_leaf(Ipa{GiB + 4 * MiB}, 3, Pa{GiB + 4 * MiB}));
		ASSERT(!(*lab.descriptor(Ipa{GiB + 2 * MiB}) & bit(16)));
		ASSERT(lab.tree().translate(Ipa{GiB + 6 * MiB}).value().pa.raw() == GiB + 6 * MiB);
		ASSERT(lab.good());
	}
}

// With nT a CPU may fault as on a break: that is level 1.
TEST(only_a_cut_without_a_fault_is_not_refused)
{
	for (unsigned bbm_level : {1, 2}) {
		L lab{test, 40};
		ASSERT(lab.good());

		ASSERT(lab.map({Ipa{2 * MiB}, 2 * MiB}, Pa{0}, normal | rw));
		lab.rules() = {true, OnBreak::refuse, bbm_level};
		if (bbm_level == 1) {
			ASSERT(lab.protect({Ipa{2 * MiB}, page}, r).error() ==
			       Error(Errc::needs_break, Region<Ipa>{Ipa{2 * MiB}, page}));
			continue;
		}
		ASSERT(lab.protect({Ipa{2 * MiB}, page}, r));
		ASSERT(lab.unmap({Ipa{3 * MiB}, page}));
		// What is inside still may not change its memory type.
		const auto done = lab.modify({Ipa{3 * MiB + page}, page}, [](auto, auto a) {
			a.memory = nc;
			return a;
		});

		ASSERT(done.error() ==
		       Error(Errc::needs_break, Region<Ipa>{Ipa{3 * MiB + page}, page}));
		ASSERT(lab.good());
	}
}

// And so is a fold, if hardware has nothing to note meanwhile.
TEST(only_a_fold_without_a_break_is_not_refused)
{
	for (unsigned bbm_level : {0, 1, 2}) {
		for (bool dbm : {false, true}) {
			L lab{test, 40};
			ASSERT(lab.good());

			ASSERT(lab.map({Ipa{2 * MiB}, 2 * MiB}, Pa{0}, {.access = r, .dbm = dbm},
				       {3}));
			lab.rules() = {true, OnBreak::refuse, bbm_level};
			ASSERT(lab.fold({Ipa{2 * MiB}, 2 * MiB}));
			ASSERT_EQ(lab.tree().at(Ipa{2 * MiB}).level,
				  bbm_level == 2 && !dbm ? 2 : 3);
			ASSERT_EQ(lab.breaks(), 0);
			ASSERT(lab.good());
		}
	}
}

// The block it was cut from may still be in a TLB when a page of it is made anew: it must go too.
TEST(a_part_of_a_block_gets_another_memory_type)
{
	for (unsigned bbm_level : {0, 1, 2}) {
		for (uint64_t bytes : {page, 2 * MiB + page}) {
			L lab{test, 40};
			ASSERT(lab.good());

			ASSERT(lab.map({Ipa{GiB}, GiB}, Pa{GiB}, normal | rw));
			lab.rules().bbm_level = bbm_level;
			ASSERT(lab.modify({Ipa{GiB + 2 * MiB}, bytes}, [](auto, auto a) {
				a.memory = nc;
				return a;
			}));
			ASSERT(lab.attributes(Ipa{GiB + 2 * MiB}).memory == nc);
			ASSERT(lab.attributes(Ipa{GiB + 2 * MiB + bytes}).memory == normal);
			ASSERT(lab.attributes(Ipa{GiB}).memory == normal);
			ASSERT(lab.good());
		}
	}
}

TEST(a_part_of_a_block_goes_whatever_the_machine)
{
	for (unsigned bbm_level : {0, 1, 2}) {
		L lab{test, 40};
		ASSERT(lab.good());

		ASSERT(lab.map({Ipa{GiB}, GiB}, Pa{GiB}, normal | rw));
		lab.rules().bbm_level = bbm_level;
		ASSERT(lab.unmap({Ipa{GiB + page}, GiB - 2 * page}));
		ASSERT(lab.unmap({Ipa{GiB}, page}) && lab.unmap({Ipa{2 * GiB - page}, page}));
		ASSERT(lab.only_root());
		ASSERT(lab.good());
	}
}

TEST(pages_become_a_block_without_a_break_at_level_2_only)
{
	for (unsigned bbm_level : {0, 1, 2}) {
		L lab{test, 40};
		ASSERT(lab.good());

		ASSERT(lab.map({Ipa{2 * MiB}, 2 * MiB}, Pa{0}, normal | rw, {3}));
		lab.rules().bbm_level = bbm_level;
		ASSERT(lab.fold({Ipa{2 * MiB}, 2 * MiB}));
		ASSERT(lab.has_leaf(Ipa{2 * MiB}, 2, Pa{0}));
		ASSERT_EQ(lab.breaks(), bbm_level < 2);
		ASSERT(lab.good());
	}
}

// Hardware sets AF or the dirty state while the block, with nT set, is invalidated.
TEST(what_hardware_notes_in_a_block_reaches_its_pages)
{
	for (unsigned bbm_level : {0, 1, 2}) {
		for (Descriptor noted : {bit(10), bit(7)}) {
			L lab{test, 40};
			ASSERT(lab.good());

			ASSERT(lab.map({Ipa{2 * MiB}, 2 * MiB}, Pa{0},
				       {.access = r, .accessed = false, .dbm = true}));
			struct Hardware {
				Descriptor *d;
				Descriptor noted;
			} hardware{lab.descriptor(Ipa{2 * MiB}), noted};

			// At the first invalidation the block is broken (too late), has nT, or is gone.
			lab.context = &hardware;
			lab.on_invalidate = [](void *context) {
				auto *h = static_cast<Hardware *>(context);

				if ((*h->d & 3) == 1)
					*h->d |= h->noted;
			};
			lab.rules().bbm_level = bbm_level;
			ASSERT(lab.cut({Ipa{2 * MiB}, page}));
			for (uint64_t at = 0; at < 2 * MiB; at += page)
				ASSERT(!(*lab.descriptor(Ipa{2 * MiB + at}) & noted) ==
				       (bbm_level != 1));
			ASSERT(lab.good());
		}
	}
}

SUITE(live, every_bit_of_a_leaf_is_in_place_or_needs_a_break,
      a_block_is_cut_the_way_its_machine_allows, only_a_cut_without_a_fault_is_not_refused,
      only_a_fold_without_a_break_is_not_refused, a_part_of_a_block_gets_another_memory_type,
      a_part_of_a_block_goes_whatever_the_machine,
      pages_become_a_block_without_a_break_at_level_2_only,
      what_hardware_notes_in_a_block_reaches_its_pages);
