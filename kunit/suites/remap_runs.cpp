// SPDX-License-Identifier: GPL-2.0-only
//
// Remap, of whole runs at once: what stays where it is keeps what was noted in it, wherever the others have been, and
// a table between blocks goes with all that it has.
#include "support/lab.hpp"
#include "vmsa/format_stage2.hpp"

using namespace vmsa;
using namespace support;

namespace
{

constexpr uint64_t page = 4 * KiB;
constexpr Stage2Attributes clean{.access = r, .dbm = true};
constexpr Region<Ipa> table{Ipa{2 * MiB}, 2 * MiB};
constexpr Descriptor s2ap_write = bit(7);

// Every page of a table has another's place, or its own, or both by turns.
template <class F> [[gnu::noinline]] bool scatter(Lab<F> &lab, Pa ram, uint64_t pages_apart)
{
	for (uint64_t i = 0; i < 512; i++) {
		if (!lab.map({table.first + i * page, page}, ram + (i * pages_apart % 512) * page,
			     clean))
			return false;
	}
	return true;
}

template <class F> [[gnu::noinline]] bool is_linear(const Lab<F> &lab, Pa ram)
{
	for (uint64_t i = 0; i < 512; i++) {
		if (!lab.has_leaf(table.first + i * page, 3, ram + i * page))
			return false;
	}
	return true;
}

template <class F> void remap_scattered(struct kunit *test, Pa ram)
{
	for (uint64_t apart : {1, 3, 257, 511}) {
		Lab<F> lab{test, 40};

		ASSERT(lab.good() && scatter(lab, ram, apart));
		// Page 0 stays, and was written.
		*lab.descriptor(table.first) |= s2ap_write;
		lab.hardware_was_here();
		ASSERT(lab.remap(table, Linear{table.first, ram}, clean, MapLimits{3}));
		EXPECT(is_linear(lab, ram));
		EXPECT_EQ(*lab.descriptor(table.first) & s2ap_write, s2ap_write);
		EXPECT_EQ(*lab.descriptor(table.first + page) & s2ap_write, 0);
		const auto breaks = lab.breaks();

		// All go, and none.
		ASSERT(lab.remap(table, Linear{table.first, ram + page}, clean, MapLimits{3}));
		EXPECT(is_linear(lab, ram + page));
		EXPECT_EQ(*lab.descriptor(table.first) & s2ap_write, 0);
		EXPECT_EQ(lab.breaks(), breaks + 1);
		ASSERT(lab.remap(table, Linear{table.first, ram + page}, clean, MapLimits{3}));
		EXPECT_EQ(lab.breaks(), breaks + 1);
		ASSERT(lab.good());
	}
}

// Eight pages of RAM, and the eight after them from elsewhere, as a guest's memory comes in pieces.
struct Pieces {
	constexpr Extent operator()(Ipa at) const
	{
		const uint64_t offset = at - table.first;
		const uint64_t piece = offset / (8 * page);

		return {Pa{2 * GiB + piece * MiB + offset % (8 * page)},
			8 * page - offset % (8 * page)};
	}
};

} // namespace

TEST(a_page_that_stays_keeps_its_notes)
{
	remap_scattered<Stage2_4K>(test, Pa{GiB});
}

// The top bits of an output stand elsewhere there, in the middle of a run.
TEST(outputs_of_52_bits_are_compared_in_two_parts)
{
	remap_scattered<Format<Stage2, Granule4K, 52>>(test, Pa{bit(50) - MiB});
}

TEST(a_table_between_blocks_goes_with_them)
{
	Lab<Stage2_4K> lab{test, 40};
	const Region<Ipa> three{Ipa{GiB}, 6 * MiB};

	ASSERT(lab.good() && lab.map(three, Pa{GiB}, normal | rw));
	ASSERT(lab.cut({Ipa{GiB + 2 * MiB}, 2 * MiB}));
	ASSERT(lab.remap(three, Linear{three.first, Pa{2 * GiB}}, normal | rw));
	for (uint64_t i = 0; i < 3; i++)
		EXPECT(lab.has_leaf(Ipa{GiB + i * 2 * MiB}, 2, Pa{2 * GiB + i * 2 * MiB}));
	ASSERT(lab.good());
}

// Several runs in one table are one break: each of them is gone from every TLB before anything is new.
TEST(runs_in_one_table_are_invalidated_all)
{
	Lab<Stage2_4K> lab{test, 40};
	const Region<Ipa> pages{table.first, 64 * page};

	ASSERT(lab.good() && lab.map(pages, Pa{GiB}, clean, MapLimits{3}));
	ASSERT(lab.remap(pages, Pieces{}, clean, MapLimits{3}));
	for (uint64_t i = 0; i < 64; i++)
		EXPECT(lab.has_leaf(pages.first + i * page, 3,
				    Pa{2 * GiB + i / 8 * MiB + i % 8 * page}));
	EXPECT_EQ(lab.breaks(), 1);
	ASSERT(lab.good());
}

// Nobody can have what was not there: what is new takes no invalidation.
TEST(a_run_of_holes_takes_no_break)
{
	Lab<Stage2_4K> lab{test, 40};

	ASSERT(lab.good() && lab.map({table.first, page}, Pa{GiB}, clean));
	ASSERT(lab.remap({table.first + page, 511 * page}, Linear{table.first, Pa{GiB}}, clean,
			 MapLimits{3}));
	EXPECT_EQ(lab.breaks(), 0);
	EXPECT(is_linear(lab, Pa{GiB}));
	ASSERT(lab.good());
}

// Of blocks, any group between others may be torn.
TEST(a_group_in_the_middle_is_torn)
{
	constexpr uint64_t size = 32 * MiB;
	constexpr Region<Ipa> all{Ipa{GiB}, 4 * size};
	constexpr Region<Ipa> odd{Ipa{GiB + size + 4 * MiB}, 2 * MiB}; // its output is no block's
	const auto rule = [&](Ipa at) {
		const bool before = at < odd.first;
		const Ipa end = before ? odd.first : odd.contains(at) ? odd.last + 1 : all.last + 1;

		return Extent{Pa{at.raw() + (odd.contains(at) ? 8 * GiB + page : 0)}, end - at};
	};

	for (unsigned bbm : {0, 2}) {
		Lab<Stage2_4K> lab{test, 40};

		lab.rules().bbm_level = bbm;
		ASSERT(lab.good() && lab.map(all, Pa{GiB}, normal | rw, {.contiguous = true}));
		ASSERT(lab.remap(all, rule, normal | rw, MapLimits{.contiguous = true}));
		for (uint64_t at = 0; at < all.size(); at += size)
			EXPECT_EQ(lab.attributes(all.first + at).contiguous, at != size);
		EXPECT(lab.has_leaf(odd.first, 3, Pa{odd.first.raw() + 8 * GiB + page}));
		ASSERT(lab.good());
	}
}

// No annotation is taken for a leaf with notes where it makes way, between blocks that are broken, and a visitor looks.
TEST(no_annotation_shares_its_bits)
{
	Lab<Stage2_4K> lab{test, 40};
	constexpr uint64_t like_a_note = bit(51) | bit(57);
	const Region<Ipa> noted{Ipa{32 * MiB}, 2 * MiB};
	const auto rule = [&](Ipa at) {
		const uint64_t off = noted.contains(at) ? page : 0;

		return Extent{Pa{GiB + at.raw() + off}, 2 * MiB - at.raw() % (2 * MiB)};
	};
	const auto ignore = [](const auto &) {
	};

	ASSERT(lab.good() && lab.map({Ipa{30 * MiB}, 2 * MiB}, Pa{0}, normal | rw));
	ASSERT(lab.map({Ipa{34 * MiB}, 4 * MiB}, Pa{4 * MiB}, normal | rw));
	ASSERT(lab.annotate(noted, like_a_note));
	ASSERT(lab.remap({Ipa{30 * MiB}, 6 * MiB}, rule, normal | rw,
			 MapLimits{.over = annotation(like_a_note)}, ignore));
	EXPECT_EQ(lab.attributes(Ipa{36 * MiB}).software, 0);
	ASSERT(lab.good());
}

SUITE(remap_runs, no_annotation_shares_its_bits, a_group_in_the_middle_is_torn,
      a_page_that_stays_keeps_its_notes, outputs_of_52_bits_are_compared_in_two_parts,
      runs_in_one_table_are_invalidated_all, a_table_between_blocks_goes_with_them,
      a_run_of_holes_takes_no_break);
