// SPDX-License-Identifier: GPL-2.0-only
//
// Faults that other libraries have had, a test each: what went wrong there goes right here. The judges
// of the lab (TLB model, break-before-make, freed tables) watch as they do everywhere. Faults 14 to 16 are
// in faults_cpu.cpp.
#include "support/lab.hpp"
#include "support/snapshot.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/image.hpp"
#include "vmsa/registers.hpp"

using namespace vmsa;
using namespace support;

namespace
{

using S1 = Format<El1And0, Granule4K>;
using L1 = Lab<S1>;
using Tables = Snapshot<Tree<S1, ScratchMemory>>;

constexpr uint64_t page = 4 * KiB;

} // namespace

// Fault 1: the table page was freed before any invalidation, of which there was one, of one address.
TEST(a_table_is_freed_after_all_its_leaves_are_invalidated)
{
	L1 lab{test, 39};
	ASSERT(lab.good());
	const Region<Va> region{Va{GiB}, 4 * MiB};

	ASSERT(lab.map(region, Pa{0}, normal | rw, {3}));
	ASSERT(lab.unmap(region));
	EXPECT(lab.only_root());
	EXPECT_EQ(lab.tlb().invalidations(), 1);
	ASSERT(lab.good());
}

// Fault 2: compacting a live table freed pages with no invalidation and no check.
TEST(folding_a_live_table_breaks_and_invalidates_it)
{
	L1 lab{test, 39};
	ASSERT(lab.good());
	const Region<Va> region{Va{GiB}, 2 * MiB};

	ASSERT(lab.map(region, Pa{0}, normal | rw, {3}));
	ASSERT(lab.fold(region));
	EXPECT(lab.has_leaf(region.first, 2, Pa{0}));
	EXPECT_EQ(lab.breaks(), 1);
	EXPECT(lab.tlb().invalidations() >= 1);
	ASSERT(lab.good());
}

// Fault 3: a live block was split, and Ok was the answer, when the updater changed nothing or only
// pages; when a permission changed; when the output was off by 4 KiB; when it was made invalid and
// valid again elsewhere in one call.
TEST(no_live_block_is_split_where_breaks_are_refused)
{
	L1 lab{test, 39};
	Tables before{test, lab.memory()};
	ASSERT(lab.good());
	const Region<Va> block{Va{2 * MiB}, 2 * MiB};
	const Region<Va> part{Va{2 * MiB}, page};

	ASSERT(lab.map(block, Pa{2 * MiB}, normal | rw));
	before.take(lab.tree());
	lab.rules().on_break = OnBreak::refuse;
	EXPECT(lab.modify(part, [](auto, auto a) { return a; }).error() ==
	       Error(Errc::needs_break, part));
	EXPECT(lab.modify(part, [](Region<Va> leaf, auto a) {
			  a.access.write = leaf.size() > page;
			  return a;
		  }).error() == Error(Errc::needs_break, part));
	EXPECT(lab.modify(block, [](Region<Va>, auto a) {
			  a.memory = nc;
			  return a;
		  }).error() == Error(Errc::needs_break, block));
	EXPECT(lab.protect(part, {}).error() == Error(Errc::needs_break, part));
	EXPECT(lab.cut(part).error() == Error(Errc::needs_break, part));
	// There is no way to move what is mapped: an output can only be given where none is.
	EXPECT(lab.map(part, Pa{2 * MiB + page}, normal | rw).error() ==
	       Error(Errc::overlap, part));
	EXPECT(lab.map(block, Pa{2 * MiB + page}, normal | r, {3}).error() ==
	       Error(Errc::overlap, block));
	EXPECT(before.matches(lab.tree()));
	ASSERT(lab.good());
}

// Fault 4: at the top of the upper range 8 KiB became a block of 1 GiB, or nothing; the last page could
// not be named.
TEST(the_last_pages_of_the_upper_range_are_pages)
{
	L1 lab{test, 39, L1::usual_tables, Range::upper};
	ASSERT(lab.good());
	const Va last{~uint64_t{0xfff}};

	ASSERT(lab.map({last - page, 2 * page}, Pa{GiB - 2 * page}, normal | rw));
	EXPECT(lab.has_leaf(last, 3, Pa{GiB - page}));
	EXPECT(lab.has_leaf(last - page, 3, Pa{GiB - 2 * page}));
	EXPECT(!lab.tree().translate(last - page - 1));
	ASSERT(lab.unmap({last, page}));
	ASSERT(lab.unmap({last - page, page}));
	EXPECT(lab.only_root());
	ASSERT(lab.good());
}

// Fault 5: nT was taken for an address bit: the pages of such a block led 64 KiB too high.
TEST(a_block_with_nt_set_is_cut_where_it_lies)
{
	for (unsigned bbm_level : {0, 1, 2}) {
		L1 lab{test, 39};
		ASSERT(lab.good());

		ASSERT(lab.map({Va{2 * MiB}, 2 * MiB}, Pa{GiB}, normal | rw));
		*lab.descriptor(Va{2 * MiB}) |= bit(16);
		lab.hardware_was_here();
		EXPECT_EQ(lab.tree().translate(Va{2 * MiB}).value().pa, Pa{GiB});
		lab.rules().bbm_level = bbm_level;
		ASSERT(lab.cut({Va{2 * MiB}, page}));
		for (uint64_t at = 0; at < 2 * MiB; at += page)
			ASSERT(lab.has_leaf(Va{2 * MiB + at}, 3, Pa{GiB + at}));
		ASSERT(lab.good());
	}
}

// Fault 6: an output that is not aligned, or beyond 48 bits, was cut off in silence.
TEST(an_output_that_does_not_fit_is_refused)
{
	L1 lab{test, 39};
	ASSERT(lab.good());
	const Region<Va> one{Va{0}, page};

	EXPECT(lab.map(one, Pa{0x800}, normal | rw).error() ==
	       Error(Errc::unaligned_output, 0x800, 0x800));
	EXPECT(lab.map(one, Pa{bit(48)}, normal | rw).error() ==
	       Error(Errc::beyond_output, bit(48), bit(48) + 0xfff));
	EXPECT(lab.only_root());
	ASSERT(lab.good());
}

// Fault 7: unmapping what is not mapped allocated tables, 511 of them for 48 bits.
TEST(unmapping_nothing_allocates_nothing)
{
	L1 lab{test, 48};
	ASSERT(lab.good());
	const size_t allocations = lab.memory().allocations();

	EXPECT(lab.unmap({Va{page}, bit(48) - 2 * page}).error().code == Errc::not_mapped);
	EXPECT_EQ(lab.memory().allocations(), allocations);
	EXPECT(lab.only_root());
	ASSERT(lab.good());
}

// Fault 8: the safe interface could write a table descriptor, and the next walk crashed.
TEST(no_attribute_makes_a_leaf_a_table)
{
	L1 lab{test, 39};
	ASSERT(lab.good());

	ASSERT(lab.map({Va{2 * MiB}, 2 * MiB}, Pa{2 * MiB}, normal | rw));
	ASSERT(lab.modify({Va{2 * MiB}, 2 * MiB}, [](auto, auto) {
		return Stage1Attributes{.memory = nc,
					.access = {true, true, false, true, true},
					.shareability = Shareability::outer,
					.global = false,
					.non_secure = true,
					.guarded = true,
					.dbm = true,
					.contiguous = true,
					.software = 15};
	}));
	EXPECT(lab.has_leaf(Va{2 * MiB}, 2, Pa{2 * MiB}));
	ASSERT(lab.good());
}

// Fault 9: changing the flags of what is not mapped left stray descriptors, or mapped address 0.
TEST(what_is_not_mapped_cannot_be_changed)
{
	L1 lab{test, 39};
	ASSERT(lab.good());
	const Region<Va> region{Va{0}, 2 * page};

	EXPECT(lab.modify(region, [](auto, auto a) { return a; }).error() ==
	       Error(Errc::not_mapped, region));
	EXPECT(lab.protect(region, {.write = true}).error() == Error(Errc::not_mapped, region));
	EXPECT(!lab.tree().translate(Va{0}));
	EXPECT(lab.only_root());
	ASSERT(lab.good());
}

// Fault 10: an allocation that failed was a panic, with the region half mapped.
TEST(an_allocation_that_fails_leaves_nothing_half_mapped)
{
	L1 lab{test, 48};
	Tables before{test, lab.memory()};
	ASSERT(lab.good());
	const Region<Va> region{Va{512 * GiB - page}, 2 * page};
	size_t k = 0;

	before.take(lab.tree());
	for (;; k++) {
		lab.memory().fail_at(k);
		const Error e = lab.map(region, Pa{0}, normal | rw).error();

		if (e.code == Errc::none)
			break;
		ASSERT(e == Error(Errc::no_memory, region));
		ASSERT(before.matches(lab.tree()));
	}
	lab.memory().fail_at(ScratchMemory::never);
	EXPECT_EQ(k, 6); // three tables on either side
	ASSERT(lab.good());
}

// Fault 11: a live map of 1 GiB where nothing was issued 262144 needless invalidations.
TEST(a_live_map_invalidates_nothing)
{
	L1 lab{test, 39, 600};
	ASSERT(lab.good());

	ASSERT(lab.map({Va{GiB}, GiB}, Pa{0}, normal | rw, {3}));
	EXPECT_EQ(lab.tlb().invalidations(), 0);
	EXPECT_EQ(lab.tlb().syncs(), 1);
	ASSERT(lab.good());
}

// Fault 12: the contiguous limit was never read and the bit never checked; MAIR was decoded wrong.
TEST(the_contiguous_bit_and_mair_are_what_they_should_be)
{
	L1 lab{test, 39};
	ASSERT(lab.good());

	ASSERT(lab.map({Va{64 * KiB}, 64 * KiB}, Pa{64 * KiB}, normal | rw, {.contiguous = true}));
	EXPECT(lab.attributes(Va{64 * KiB}).contiguous);
	ASSERT(lab.map({Va{MiB}, 64 * KiB}, Pa{64 * KiB}, normal | rw));
	EXPECT(!lab.attributes(Va{MiB}).contiguous);
	// A lone page cannot have it.
	ASSERT(lab.map({Va{2 * MiB}, page}, Pa{0}, {.contiguous = true}));
	EXPECT(!lab.attributes(Va{2 * MiB}).contiguous);

	const auto attr = [](MemoryType type) {
		return (mair_value >> (8 * S1::attr_index.get(S1::encode(type | rw)))) & 0xff;
	};

	EXPECT_EQ(attr(MemoryType::device_nGnRnE), 0x00);
	EXPECT_EQ(attr(MemoryType::device_nGnRE), 0x04);
	EXPECT_EQ(attr(MemoryType::device_nGRE), 0x08);
	EXPECT_EQ(attr(MemoryType::device_GRE), 0x0c);
	EXPECT_EQ(attr(MemoryType::normal_nc), 0x44);
	EXPECT_EQ(attr(MemoryType::normal_wt), 0xbb);
	EXPECT_EQ(attr(MemoryType::normal), 0xff);
	ASSERT(lab.good());
}

// Fault 13: a table of another machine was found by looking through all of them, and a base that was not
// aligned corrupted pointers. That its cost does not grow is for `make bench-host` to see (image_table).
TEST(a_table_of_an_image_is_found_by_its_address)
{
	constexpr size_t tables = 200;
	const auto buffer = scratch<Descriptor>(test, tables * Granule4K::entries);
	ImageMemory<Granule4K> memory{buffer};
	Image<S1> image{buffer};
	const Geometry shape = stage1_geometry<Granule4K>(39, 48).value();
	const Pa base{0x4000'0000};
	ASSERT(!buffer.empty());

	memory.start(base);
	for (size_t i = 0; i < tables; i++) {
		Descriptor *table = memory.allocate(4096);

		ASSERT_EQ(table, &buffer[i * 512]);
		ASSERT_EQ(memory.physical(table), base + i * 4096);
		ASSERT_EQ(memory.pointer(base + i * 4096), table);
	}
	EXPECT(memory.allocate(4096) == nullptr);

	for (unsigned n = 0; n < 12; n++) {
		const uint64_t unaligned = base.raw() + bit(n);

		EXPECT(image.create(shape, Pa{unaligned}).error() ==
		       Error(Errc::unaligned_base, unaligned, unaligned));
	}
	ASSERT(image.create(shape, base));
	EXPECT(image.relocate(base + 8).error() ==
	       Error(Errc::unaligned_base, base.raw() + 8, base.raw() + 8));
	EXPECT_EQ(image.root_address(), base);
}

// Fault 17: a read, a change and a write lost what hardware had set in between: AF, or dirty.
TEST(what_hardware_sets_meanwhile_survives)
{
	L1 lab{test, 39};
	ASSERT(lab.good());

	ASSERT(lab.map({Va{0}, page}, Pa{0}, {.accessed = false, .dbm = true}));
	Descriptor *d = lab.descriptor(Va{0});

	// The updater plays the CPU that writes, at the last moment before the exchange: AF is set,
	// AP[2] cleared.
	unsigned calls = 0;
	unsigned last_call = 0;

	for (uint8_t software : {1, 3}) {
		last_call = calls;
		calls = 0;
		ASSERT(lab.modify({Va{0}, page}, [&](auto, auto a) {
			if (++calls == last_call)
				*d = (*d | bit(10)) & ~bit(7);
			a.software = software;
			return a;
		}));
	}
	EXPECT(S1::is_dirty(*d) && lab.attributes(Va{0}).accessed);
	EXPECT_EQ(lab.attributes(Va{0}).software, 3);
	ASSERT(lab.good());
}

SUITE(faults, a_table_is_freed_after_all_its_leaves_are_invalidated,
      folding_a_live_table_breaks_and_invalidates_it,
      no_live_block_is_split_where_breaks_are_refused, the_last_pages_of_the_upper_range_are_pages,
      a_block_with_nt_set_is_cut_where_it_lies, an_output_that_does_not_fit_is_refused,
      unmapping_nothing_allocates_nothing, no_attribute_makes_a_leaf_a_table,
      what_is_not_mapped_cannot_be_changed, an_allocation_that_fails_leaves_nothing_half_mapped,
      a_live_map_invalidates_nothing, the_contiguous_bit_and_mair_are_what_they_should_be,
      a_table_of_an_image_is_found_by_its_address, what_hardware_sets_meanwhile_survives);
