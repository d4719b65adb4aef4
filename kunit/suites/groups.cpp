// SPDX-License-Identifier: GPL-2.0-only
//
// Contiguous groups on live tables: a TLB holds one by any leaf in it, so that what is noted in one is noted
// in all, and what FEAT_BBM allows with them.
#include "support/lab.hpp"
#include "vmsa/format_stage2.hpp"

using namespace vmsa;
using namespace support;

namespace
{

using L = Lab<Stage2_4K>;

constexpr uint64_t page = 4 * KiB;
constexpr Region<Ipa> group{Ipa{GiB}, 16 * page};
constexpr MapLimits hinted{.largest = 3, .contiguous = true};

// How many leaves of the group have all of these bits?
size_t count(L &lab, Descriptor bits)
{
	size_t n = 0;

	for (Ipa at = group.first; at <= group.last; at = at + page)
		n += (*lab.descriptor(at) & bits) == bits;
	return n;
}

constexpr auto as_nc = [](auto, Stage2Attributes a) {
	a.memory = nc;
	return a;
};

} // namespace

// A refill from a neighbour would otherwise fault for ever.
TEST(what_is_noted_in_one_leaf_is_noted_in_the_group)
{
	constexpr Descriptor af = bit(10), dirty = bit(7);

	for (uint64_t i : {0, 7, 15}) {
		L lab{test, 40};

		ASSERT(lab.good() &&
		       lab.map(group, Pa{0}, {.access = r, .accessed = false, .dbm = true},
			       hinted));
		// Hardware has noted it in some other leaf already.
		*lab.descriptor(group.first + 3 * page) |= af;
		lab.hardware_was_here();
		ASSERT(lab.note_accessed(group.first + i * page));
		EXPECT_EQ(count(lab, af), 16);
		*lab.descriptor(group.first + i * page) |= dirty;
		lab.hardware_was_here();
		ASSERT(lab.note_dirty(group.first + i * page));
		EXPECT_EQ(count(lab, dirty | bit(52)), 16);
		ASSERT(lab.good());

		// A group is reported once, however many leaves say so.
		unsigned reported = 0;
		const auto visit = [&](Region<Ipa> region, Level) {
			reported++;
			EXPECT(region == group);
		};

		ASSERT(lab.harvest_dirty({group.first, page}, visit));
		EXPECT_EQ(reported, 1);
		EXPECT_EQ(count(lab, dirty), 0);
		ASSERT(lab.harvest_accessed({group.first, page}, visit));
		EXPECT_EQ(reported, 2);
		EXPECT_EQ(count(lab, af), 0);
		ASSERT(lab.good());
	}
}

// A block of a group gets the notes of the others before it is cut: an edit of it may not assume those of before.
TEST(a_block_is_cut_with_what_the_group_has_noted)
{
	constexpr Descriptor af = bit(10), writable = bit(7), was_dirty = bit(58);
	constexpr Region<Ipa> blocks{Ipa{GiB}, 32 * MiB};
	constexpr Region<Ipa> first{Ipa{GiB}, page};
	constexpr MapLimits whole{.contiguous = true};

	for (bool live : {false, true}) {
		L lab{test, 40};

		lab.rules().live = live;
		ASSERT(lab.map(blocks, Pa{0}, {.access = r, .dbm = true}, whole));
		*lab.descriptor(Ipa{GiB + 2 * MiB}) |= writable;
		lab.hardware_was_here();
		ASSERT(lab.protect(first, r));
		EXPECT_EQ(*lab.descriptor(first.first) & (writable | was_dirty), was_dirty);
		EXPECT_EQ(*lab.descriptor(Ipa{GiB + page}) & writable, writable);
		ASSERT(lab.good());
	}
	for (bool live : {false, true}) {
		L lab{test, 40};

		lab.rules().live = live;
		ASSERT(lab.map(blocks, Pa{0}, {.access = r, .accessed = false}, whole));
		*lab.descriptor(Ipa{GiB + 2 * MiB}) |= af;
		lab.hardware_was_here();
		ASSERT(lab.modify(first, [](auto, Stage2Attributes a) {
			a.accessed = true;
			return a;
		}));
		EXPECT_EQ(*lab.descriptor(first.first) & af, af);
		ASSERT(lab.good());
	}
	for (uint64_t software : {0, 4}) {
		L lab{test, 40};

		// The note of a protection is a software bit, too, and the caller's word about it is the last one.
		ASSERT(lab.map(blocks, Pa{0}, {.access = r, .dbm = true}, whole));
		*lab.descriptor(Ipa{GiB + 2 * MiB}) |= writable;
		lab.hardware_was_here();
		ASSERT(lab.protect(blocks, r));
		ASSERT(lab.modify(first, [&](auto, Stage2Attributes a) {
			a.software = software;
			return a;
		}));
		EXPECT_EQ(lab.tree().at(first.first).attributes().software, software);
	}
}

TEST(a_modified_group_keeps_its_hint_if_it_stays_alike)
{
	const auto note = [](auto, Stage2Attributes a) {
		a.software = 1;
		return a;
	};
	for (Level level : {2, 3}) {
		L lab{test, 40};
		const uint64_t leaf = Granule4K::size(level);
		const Region<Ipa> whole{group.first, 32 * leaf};
		const auto hints = [&] {
			size_t n = 0;

			for (Ipa at = whole.first; at <= whole.last; at = at + leaf)
				n += (*lab.descriptor(at) & bit(52)) != 0;
			return n;
		};

		ASSERT(lab.good() && lab.map(whole, Pa{0}, normal | rw, {level, true}));
		*lab.descriptor(whole.first + 3 * leaf) &= ~bit(10); // AF may differ
		lab.hardware_was_here();
		lab.rules().on_break = OnBreak::refuse;
		ASSERT(lab.modify(whole, note));
		EXPECT_EQ(hints(), 32);
		EXPECT_EQ(lab.breaks(), 0);
		EXPECT_EQ(lab.tlb().invalidations(), 1);
		lab.rules().on_break = OnBreak::perform;
		// A part of the second group.
		ASSERT(lab.modify({whole.first, 17 * leaf}, [](auto, auto a) { return a; }));
		EXPECT(hints() >= 16);
		ASSERT(lab.modify({whole.first, 16 * leaf}, as_nc));
		for (Ipa at = whole.first; at < whole.first + 16 * leaf; at = at + leaf)
			EXPECT_EQ(lab.attributes(at).memory, nc);
		ASSERT(lab.good());
	}

	// One that differs, the first of a group, another, the last, in each of three groups.
	for (uint64_t i : {0, 5, 15, 16, 26, 47}) {
		L lab{test, 40};
		const Region<Ipa> three{group.first, 48 * page};
		const uint64_t its = i & ~uint64_t{15};

		ASSERT(lab.good() && lab.map(three, Pa{0}, normal | rw, hinted));
		ASSERT(lab.modify(three, [&](Region<Ipa> leaf, Stage2Attributes a) {
			a.software = leaf.first == three.first + i * page;
			return a;
		}));
		for (uint64_t k = 0; k < 48; k++) {
			const Descriptor d = *lab.descriptor(three.first + k * page);

			EXPECT_EQ((d & bit(52)) != 0, (k & ~uint64_t{15}) != its);
			EXPECT_EQ((d & bit(56)) != 0, k == i);
		}
		ASSERT(lab.good());
	}
}

// Hardware may note it in any leaf at any moment: what an update makes of that is no promise about all.
TEST(an_update_that_goes_by_what_hardware_notes_unfolds_a_group)
{
	L lab{test, 40};

	ASSERT(lab.good() && lab.map(group, Pa{0}, normal | rw, hinted));
	ASSERT(lab.modify(group, [](auto, Stage2Attributes a) {
		a.software = a.accessed;
		return a;
	}));
	EXPECT_EQ(count(lab, bit(52)), 0);
	EXPECT_EQ(count(lab, bit(56)), 16);
	ASSERT(lab.good());
}

// R_KHRBC: with FEAT_BBM the hint may come and go without a break, also where breaks are refused.
TEST(with_feat_bbm_a_hint_comes_and_goes_without_a_break)
{
	for (unsigned bbm_level : {1, 2}) {
		L lab{test, 40};

		ASSERT(lab.good() && lab.map(group, Pa{GiB}, {.access = r, .dbm = true}, hinted));
		*lab.descriptor(group.first + 9 * page) |= bit(7); // dirty
		lab.hardware_was_here();
		lab.rules() = {true, OnBreak::refuse, bbm_level};
		ASSERT(lab.modify({group.first + page, page}, [](auto, auto a) {
			a.software = 1;
			return a;
		}));
		EXPECT_EQ(count(lab, bit(52)), 0);
		EXPECT_EQ(count(lab, bit(7)), 16); // one of the group: all
		ASSERT(lab.good());
		ASSERT(lab.modify({group.first + page, page}, [](auto, auto a) {
			a.software = 0;
			return a;
		}));
		ASSERT(lab.fold(group, {.largest = 3, .contiguous = true}));
		EXPECT_EQ(count(lab, bit(52)), 16);
		EXPECT_EQ(lab.breaks(), 0);
		// What is no longer all of one type takes a break as ever.
		EXPECT_EQ(lab.modify(group, as_nc).error().code, Errc::needs_break);
		ASSERT(lab.unmap({group.first, page}));
		EXPECT_EQ(lab.breaks(), 0);
		ASSERT(lab.good());
	}
}

// A TLB that still holds the group as one lets hardware note in any leaf what it saw of another, until the
// invalidation is complete: nothing of that is lost, and all leaves say so.
TEST(what_is_noted_while_a_hint_goes_holds_for_all)
{
	struct Hardware {
		L lab;
		bool noted = false;
	};

	for (unsigned bbm_level : {0, 1, 2}) {
		Hardware hw{{test, 40}};

		ASSERT(hw.lab.good() &&
		       hw.lab.map(group, Pa{GiB}, {.access = r, .dbm = true}, hinted));
		hw.lab.rules().bbm_level = bbm_level;
		hw.lab.context = &hw;
		hw.lab.on_invalidate = [](void *context) {
			Hardware &h = *static_cast<Hardware *>(context);
			Descriptor *leaf = h.lab.descriptor(group.first + 9 * page);

			// What is broken already is noted in no more.
			if (!h.noted && (*leaf & 1))
				*leaf |= bit(7);
			h.noted = true;
		};
		ASSERT(hw.lab.modify({group.first + page, page}, [](auto, auto a) {
			a.software = 1;
			return a;
		}));
		hw.lab.on_invalidate = nullptr;
		EXPECT(hw.noted);
		EXPECT_EQ(count(hw.lab, bit(52)), 0);
		EXPECT_EQ(count(hw.lab, bit(7)), bbm_level ? 16 : 0);
		ASSERT(hw.lab.good());
	}
}

// Level 2 cuts a block out of a group without one, too; level 1 by way of nT, on which a CPU may fault.
TEST(a_block_of_a_group_is_cut_as_feat_bbm_allows)
{
	const Region<Ipa> blocks{Ipa{GiB}, 32 * MiB};

	for (unsigned bbm_level : {0, 1, 2}) {
		L lab{test, 40};

		ASSERT(lab.good() && lab.map(blocks, Pa{GiB}, normal | rw, {.contiguous = true}));
		lab.rules() = {true, OnBreak::refuse, bbm_level};
		const auto done = lab.cut({blocks.first + 2 * MiB, page});

		if (bbm_level < 2)
			EXPECT(done.error() ==
			       Error(Errc::needs_break, Region<Ipa>{blocks.first + 2 * MiB, page}));
		else
			EXPECT(done && lab.has_leaf(blocks.first + 2 * MiB, 3, Pa{GiB + 2 * MiB}));
		EXPECT_EQ(lab.breaks(), 0);
		ASSERT(lab.good());
	}
}

// D8.7.1: there are no groups of the largest blocks that 52 bits of output bring.
TEST(no_group_where_bit_52_is_res0)
{
	const auto check = [&](auto format, Level level) {
		using F = decltype(format);
		const uint64_t leaf = F::Granule::size(level);
		Lab<F> lab{test, 52};
		const Region<typename F::Input> region{{}, 32 * leaf};

		ASSERT(lab.good() && lab.map(region, Pa{0}, normal | rw, {level, true}));
		for (typename F::Input at{}; region.contains(at); at = at + leaf)
			EXPECT_EQ(*lab.descriptor(at) & bit(52), 0);
		ASSERT(lab.fold(region, {level, true}));
		EXPECT_EQ(*lab.descriptor(region.first) & bit(52), 0);
		ASSERT(lab.modify({region.first, leaf}, [](auto, auto a) {
			a.contiguous = true;
			a.software = 1;
			return a;
		}));
		EXPECT_EQ(*lab.descriptor(region.first) & bit(52), 0);
		ASSERT(lab.good());
	};

	check(Format<El1And0, Granule64K, 52>{}, 1);
	check(Format<Stage2, Granule16K, 52>{}, 1);
	static_assert(Format<El1And0, Granule4K, 52>::contiguous_run(0) == 1);
	static_assert(Format<El1And0, Granule4K, 52>::contiguous_run(1) == 16);
}

// R_WHZWS names the creation of a global entry, not its end.
TEST(only_what_becomes_global_is_broken)
{
	using S1 = Format<El1And0, Granule4K>;
	const auto make = [](bool global) {
		return [global](auto, Stage1Attributes a) {
			a.global = global;
			return a;
		};
	};
	const Region<Va> two{Va{0}, 2 * page};
	Lab<S1> lab{test, 40};

	ASSERT(lab.good() && lab.map(two, Pa{0}, normal | rw));
	lab.rules().on_break = OnBreak::refuse;
	ASSERT(lab.modify(two, make(false)));
	EXPECT_EQ(lab.breaks(), 0);
	EXPECT_EQ(lab.tlb().invalidations(), 1);
	EXPECT_EQ(lab.modify(two, make(true)).error().code, Errc::needs_break);
	lab.rules().on_break = OnBreak::perform;
	ASSERT(lab.modify(two, make(true)));
	EXPECT_EQ(lab.breaks(), 1);
	ASSERT(lab.good());
}

// What is cut, or gets the hint, without a break: every TLB says by then what the tables say, global or not.
TEST(without_a_break_no_global_leaf_is_left_beside_one_that_is_not)
{
	using F = Format<El1And0, Granule4K>;
	const auto local = [](auto, Stage1Attributes a) {
		a.global = false;
		return a;
	};

	for (bool remaps : {false, true}) {
		Lab<F> lab{test, 39};
		const Region<Va> half{Va{0}, MiB};

		lab.rules().bbm_level = 2;
		ASSERT(lab.good() && lab.map({Va{0}, 2 * MiB}, Pa{0}, normal | rw));
		if (remaps)
			ASSERT(lab.remap(half, Linear{Va{0}, Pa{0}},
					 local(0, Stage1Attributes(normal | rw))));
		else
			ASSERT(lab.modify(half, local));
		ASSERT(lab.good());
		lab.together([&] {
			EXPECT(lab.modify({Va{MiB}, MiB}, local));
			EXPECT(lab.fold({Va{MiB}, MiB}, {.contiguous = true}));
		});
		EXPECT_EQ(lab.breaks(), 0);
		ASSERT(lab.good());
	}
}

// A TLB may still have a block as global that the batch has made non-global: the leaves of a cut are none beside that.
TEST(a_block_that_was_global_is_gone_before_it_is_cut_without_a_break)
{
	Lab<Format<El1And0, Granule4K>> lab{test, 39};

	lab.rules().bbm_level = 2;
	ASSERT(lab.good() && lab.map({Va{0}, 2 * MiB}, Pa{0}, normal | rw));
	lab.together([&] {
		EXPECT(lab.modify({Va{0}, 2 * MiB}, [](auto, Stage1Attributes a) {
			a.global = false;
			return a;
		}));
		EXPECT(lab.cut({Va{0}, page}));
	});
	EXPECT_EQ(lab.breaks(), 0);
	ASSERT(lab.good());
}

SUITE(groups, a_block_is_cut_with_what_the_group_has_noted,
      an_update_that_goes_by_what_hardware_notes_unfolds_a_group,
      what_is_noted_in_one_leaf_is_noted_in_the_group,
      a_modified_group_keeps_its_hint_if_it_stays_alike,
      with_feat_bbm_a_hint_comes_and_goes_without_a_break,
      what_is_noted_while_a_hint_goes_holds_for_all, a_block_of_a_group_is_cut_as_feat_bbm_allows,
      no_group_where_bit_52_is_res0, only_what_becomes_global_is_broken,
      without_a_break_no_global_leaf_is_left_beside_one_that_is_not,
      a_block_that_was_global_is_gone_before_it_is_cut_without_a_break);
