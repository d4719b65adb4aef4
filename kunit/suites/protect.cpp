// SPDX-License-Identifier: GPL-2.0-only
//
// Protect: permissions change, in place, and nothing else does.
#include "support/lab.hpp"
#include "vmsa/format_stage2.hpp"

using namespace vmsa;
using namespace support;

namespace
{

using F16 = Format<Stage2, Granule16K>;
using F64 = Format<Stage2, Granule64K>;

constexpr Stage2Attributes unusual{.memory = MemoryType::normal_wt,
				   .access = {true, true, Execute::el1_only},
				   .shareability = Shareability::outer,
				   .accessed = false,
				   .software = 6};

constexpr Stage2Attributes with(Stage2Attributes attributes, Access access)
{
	attributes.access = access;
	return attributes;
}

// `part` of a block of `level` becomes read-only; the rest of it, and all else, stays.
template <class F> void check_part(struct kunit *test, Level level, uint64_t offset, uint64_t bytes)
{
	Lab<F> lab{test, 44};
	ASSERT(lab.good());
	const uint64_t block = F::Granule::size(level);
	const Region<Ipa> whole{Ipa{2 * block}, block};
	const Region<Ipa> part{whole.first + offset, bytes};

	ASSERT(lab.map(whole, Pa{block}, unusual));
	ASSERT(lab.protect(part, r));
	for (Ipa at = whole.first; at < whole.last; at = lab.tree().at(at).region.last + 1) {
		const auto found = lab.tree().translate(at);

		ASSERT(found);
		ASSERT_EQ(found.value().pa, Pa{block} + (at - whole.first));
		ASSERT(found.value().attributes() ==
		       (part.contains(at) ? with(unusual, r) : unusual));
	}
	ASSERT_EQ(lab.tlb().invalidations(), 1);
	ASSERT_EQ(lab.breaks(), 1);
	ASSERT(lab.good());
}

} // namespace

TEST(permissions_change_in_place)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	const Region<Ipa> region{Ipa{GiB - 4 * KiB}, GiB + 2 * MiB + 8 * KiB};
	const Access all[] = {r,
			      w,
			      rw,
			      rx,
			      rwx,
			      no_access,
			      {true, false, Execute::el0_only},
			      {false, true, Execute::el1_only}};

	EXPECT(lab.map(region, Pa{8 * GiB - 4 * KiB}, unusual));
	const size_t live = lab.memory().live();

	for (Access access : all) {
		EXPECT(lab.protect(region, access));
		for (Ipa at : {region.first, Ipa{GiB}, Ipa{2 * GiB}, Ipa{2 * GiB + 2 * MiB}})
			EXPECT(lab.attributes(at) == with(unusual, access));
		EXPECT_EQ(lab.tree().translate(Ipa{GiB + 5}).value().pa, Pa{8 * GiB + 5});
	}
	EXPECT_EQ(lab.memory().live(), live);
	EXPECT_EQ(lab.tlb().invalidations(), std::size(all));
	EXPECT_EQ(lab.breaks(), 0);
	ASSERT(lab.good());
}

TEST(neighbours_keep_their_permissions)
{
	Lab<Stage2_4K> lab{test, 32};
	ASSERT(lab.good());

	// Across the end of a concatenated root table.
	EXPECT(lab.map({Ipa{GiB - 16 * KiB}, 32 * KiB}, Pa{0}, normal | rw));
	EXPECT(lab.protect({Ipa{GiB - 8 * KiB}, 16 * KiB}, r));
	for (uint64_t page = 0; page < 8; page++)
		EXPECT(lab.attributes(Ipa{GiB - 16 * KiB + page * 4 * KiB}).access ==
		       (2 <= page && page < 6 ? r : rw));
	ASSERT(lab.good());
}

TEST(a_block_is_cut_where_a_part_of_it_is_protected)
{
	check_part<Stage2_4K>(test, 2, 0, 4 * KiB);
	check_part<Stage2_4K>(test, 2, 2 * MiB - 4 * KiB, 4 * KiB);
	check_part<Stage2_4K>(test, 1, 512 * MiB, 2 * MiB);
	check_part<Stage2_4K>(test, 1, 512 * MiB - 4 * KiB, 4 * MiB);
	check_part<Stage2_4K>(test, 1, GiB - 4 * KiB, 4 * KiB);
	check_part<F16>(test, 2, MiB, 16 * KiB);
	check_part<F64>(test, 2, MiB, 64 * KiB);
}

// Trap 35: the access flag and the dirty state are the hardware's.
TEST(what_the_hardware_wrote_is_kept)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	const Descriptor hardware = bit(51) | bit(10);
	const Region<Ipa> region{Ipa{2 * MiB}, 2 * MiB + 4 * KiB};

	EXPECT(lab.map(region, Pa{0}, with(unusual, rw)));
	*lab.descriptor(Ipa{2 * MiB}) |= hardware;
	*lab.descriptor(Ipa{4 * MiB}) |= hardware;
	lab.hardware_was_here();
	EXPECT(lab.protect(region, rwx));
	EXPECT_EQ(*lab.descriptor(Ipa{2 * MiB}) & hardware, hardware);
	EXPECT_EQ(*lab.descriptor(Ipa{4 * MiB}) & hardware, hardware);
	EXPECT(lab.protect({Ipa{3 * MiB}, 4 * KiB}, rw));
	EXPECT_EQ(*lab.descriptor(Ipa{2 * MiB}) & hardware, hardware);
	EXPECT_EQ(*lab.descriptor(Ipa{3 * MiB}) & hardware, hardware);
	// Read-only is not "clean": with DBM left, hardware would allow the next write.
	EXPECT(lab.protect({Ipa{4 * MiB}, 4 * KiB}, r));
	EXPECT_EQ(*lab.descriptor(Ipa{4 * MiB}) & hardware, bit(10));
	ASSERT(lab.good());
}

TEST(what_does_not_change_needs_no_invalidation)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());
	const Region<Ipa> region{Ipa{2 * MiB}, 2 * MiB + 4 * KiB};

	EXPECT(lab.map(region, Pa{0}, normal | rw));
	EXPECT(lab.protect(region, rw));
	EXPECT_EQ(lab.tlb().invalidations(), 0);
	EXPECT(lab.protect(region, r));
	EXPECT_EQ(lab.tlb().invalidations(), 1);
	ASSERT(lab.good());
}

// Trap 32. The leaf at fault is named, or the part of it that was asked for.
TEST(device_memory_does_not_become_executable)
{
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());

	EXPECT(lab.map({Ipa{0}, 2 * MiB}, Pa{0}, normal | rw));
	EXPECT(lab.map({Ipa{2 * MiB}, 2 * MiB}, Pa{2 * MiB}, device | rw));
	EXPECT(lab.map({Ipa{4 * MiB}, 4 * KiB}, Pa{4 * MiB}, nc | rw));
	EXPECT(lab.protect({Ipa{0}, 4 * MiB}, rx).error() ==
	       Error(Errc::forbidden_attributes, Region{Ipa{2 * MiB}, 2 * MiB}));
	EXPECT(lab.protect({Ipa{MiB}, MiB + 4 * KiB}, rx).error() ==
	       Error(Errc::forbidden_attributes, Region{Ipa{2 * MiB}, 4 * KiB}));
	EXPECT(lab.protect({Ipa{4 * MiB}, 4 * KiB}, rwx).error() ==
	       Error(Errc::forbidden_attributes, Region{Ipa{4 * MiB}, 4 * KiB}));
	EXPECT(lab.protect({Ipa{0}, 4 * MiB + 4 * KiB}, r));
	ASSERT(lab.good());
}

// Whole tables of pages that are alike, each in its own way.
TEST(one_kind_of_page_does_not_answer_for_another)
{
	constexpr MapLimits pages{.largest = 3};
	Lab<Stage2_4K> lab{test, 40};
	ASSERT(lab.good());

	EXPECT(lab.map({Ipa{0}, 4 * MiB}, Pa{0}, normal | rw, pages));
	EXPECT(lab.map({Ipa{4 * MiB}, 2 * MiB}, Pa{4 * MiB}, device | rw, pages));
	EXPECT(lab.protect({Ipa{0}, 6 * MiB}, rx).error() ==
	       Error(Errc::forbidden_attributes, Region{Ipa{4 * MiB}, 4 * KiB}));
	EXPECT(lab.protect({Ipa{0}, 6 * MiB}, r));
	ASSERT(lab.good());
}

SUITE(protect, permissions_change_in_place, neighbours_keep_their_permissions,
      a_block_is_cut_where_a_part_of_it_is_protected, what_the_hardware_wrote_is_kept,
      what_does_not_change_needs_no_invalidation, device_memory_does_not_become_executable,
      one_kind_of_page_does_not_answer_for_another);
