// SPDX-License-Identifier: GPL-2.0-only
//
// Failure: every error names its place, and leaves every table byte for byte what it was.
#include "support/lab.hpp"
#include "support/snapshot.hpp"
#include "vmsa/format_stage2.hpp"

using namespace vmsa;
using namespace support;

namespace
{

using L = Lab<Stage2_4K>;
using Tables = Snapshot<Tree<Stage2_4K, ScratchMemory>>;

// A bit of everything: pages, a block of each size, and device memory.
[[gnu::noinline]] bool furnish(L &lab)
{
	return lab.map({Ipa{0}, 64 * KiB}, Pa{0}, normal | rw) &&
	       lab.map({Ipa{2 * MiB}, 2 * MiB}, Pa{2 * MiB}, normal | rw) &&
	       lab.map({Ipa{4 * MiB}, 64 * KiB}, Pa{4 * MiB}, device | rw) &&
	       lab.map({Ipa{GiB}, GiB}, Pa{GiB}, normal | rw);
}

enum class Call { map, unmap, protect };

[[gnu::noinline]] Error call(L &lab, Call what, Region<Ipa> region)
{
	switch (what) {
	case Call::map:
		return lab.map(region, Pa{region.first.raw()}, normal | rw).error();
	case Call::unmap:
		return lab.unmap(region).error();
	case Call::protect:
		return lab.protect(region, rx).error();
	}
	return {};
}

constexpr Call calls[] = {Call::map, Call::unmap, Call::protect};

// Fails every allocation in turn; then it succeeds, and needed as many as it should.
void check_no_memory(struct kunit *test, Call what, Region<Ipa> region, size_t needed)
{
	L lab{test, 40};
	Tables before{test, lab.memory()};

	ASSERT(lab.good() && furnish(lab));
	const size_t live = lab.memory().live();

	before.take(lab.tree());
	for (size_t k = 0; k < needed; k++) {
		lab.memory().fail_at(k);
		const Error e = call(lab, what, region);

		ASSERT(e == Error(Errc::no_memory, region));
		ASSERT(before.matches(lab.tree()));
		ASSERT_EQ(lab.memory().live(), live);
	}
	const size_t allocations = lab.memory().allocations();

	ASSERT_EQ(call(lab, what, region).code, Errc::none);
	ASSERT_EQ(lab.memory().allocations() - allocations, needed);
	ASSERT(!before.matches(lab.tree()));
	ASSERT(lab.good());
}

} // namespace

TEST(a_snapshot_sees_every_byte)
{
	L lab{test, 40};
	Tables tables{test, lab.memory()};

	ASSERT(lab.good() && furnish(lab));
	tables.take(lab.tree());
	EXPECT_EQ(tables.tables(), lab.memory().live());
	EXPECT(tables.matches(lab.tree()));
	for (Ipa at : {Ipa{0}, Ipa{64 * KiB}, Ipa{4 * MiB}, Ipa{GiB}, Ipa{bit(40) - 1}}) {
		for (unsigned n : {2, 63}) {
			*lab.descriptor(at) ^= bit(n);
			EXPECT(!tables.matches(lab.tree()));
			*lab.descriptor(at) ^= bit(n);
		}
	}
	EXPECT(tables.matches(lab.tree()));
}

TEST(a_bad_region_is_named_and_changes_nothing)
{
	L lab{test, 40};
	Tables before{test, lab.memory()};
	const uint64_t end = bit(40);
	struct {
		Region<Ipa> region;
		Errc code;
	} const cases[] = {
		{{Ipa{0}, 0}, Errc::empty},
		{{Ipa{4 * KiB}, 0}, Errc::empty},
		{{Ipa{~uint64_t{0xfff}}, 0}, Errc::empty},
		{Region<Ipa>::inclusive(Ipa{2 * MiB}, Ipa{4 * KiB - 1}), Errc::backwards},
		{Region<Ipa>::inclusive(Ipa{2 * MiB + 4 * KiB}, Ipa{2 * MiB - 1}), Errc::backwards},
		{{Ipa{bit(63)}, bit(63) + 4 * KiB}, Errc::backwards},
		{{Ipa{bit(63) + 4 * KiB}, bit(63)}, Errc::backwards},
		{{Ipa{bit(63) + 4 * KiB}, bit(63) - 2 * KiB}, Errc::wrapping},
		{{Ipa{~uint64_t{0xfff}}, 8 * KiB}, Errc::wrapping},
		{{Ipa{1}, 4 * KiB}, Errc::unaligned_input},
		{{Ipa{0x800}, 4 * KiB}, Errc::unaligned_input},
		{{Ipa{0}, 4 * KiB + 1}, Errc::unaligned_input},
		{{Ipa{0}, 2 * KiB}, Errc::unaligned_input},
		{{Ipa{0}, 1}, Errc::unaligned_input},
		// Trap 49.
		{{Ipa{end}, 4 * KiB}, Errc::beyond_input},
		{{Ipa{end - 4 * KiB}, 8 * KiB}, Errc::beyond_input},
		{{Ipa{0}, end + 4 * KiB}, Errc::beyond_input},
		{{Ipa{GiB}, end}, Errc::beyond_input},
		{{Ipa{~uint64_t{0xfff}}, 4 * KiB}, Errc::beyond_input},
	};

	ASSERT(lab.good() && furnish(lab));
	before.take(lab.tree());
	const size_t allocations = lab.memory().allocations();

	for (const auto &c : cases) {
		for (Call what : calls)
			EXPECT(call(lab, what, c.region) == Error(c.code, c.region));
	}
	EXPECT_EQ(lab.memory().allocations(), allocations);
	EXPECT(before.matches(lab.tree()));
	ASSERT(lab.good());
}

TEST(a_bad_output_is_named_and_changes_nothing)
{
	L lab{test, 40};
	Tables before{test, lab.memory()};
	const uint64_t end = bit(48);
	const Region<Ipa> region{Ipa{4 * GiB - 4 * KiB}, 8 * KiB};

	ASSERT(lab.good() && furnish(lab));
	before.take(lab.tree());
	for (uint64_t pa : {uint64_t{1}, uint64_t{0x800}, end - 1, ~uint64_t{0}}) {
		const Error e = lab.map(region, Pa{pa}, normal | rw).error();

		EXPECT(e == Error(Errc::unaligned_output, pa, pa));
	}
	for (uint64_t pa : {end, end + GiB, bit(63), ~uint64_t{0xfff}}) {
		const Error e = lab.map({region.first, 4 * KiB}, Pa{pa}, normal | rw).error();

		EXPECT(e == Error(Errc::beyond_output, pa, pa + 0xfff));
	}
	// The first page is fine, the second is not; and a block of which the end is not.
	EXPECT(lab.map(region, Pa{end - 4 * KiB}, normal | rw).error() ==
	       Error(Errc::beyond_output, end, end + 0xfff));
	EXPECT_EQ(lab.map({Ipa{4 * GiB}, 2 * GiB}, Pa{end - GiB}, normal | rw).error().code,
		  Errc::beyond_output);
	EXPECT(before.matches(lab.tree()));
	ASSERT(lab.good());
}

TEST(forbidden_attributes_are_refused_and_change_nothing)
{
	L lab{test, 40};
	Tables before{test, lab.memory()};
	const Region<Ipa> region{Ipa{4 * GiB}, 8 * KiB};

	ASSERT(lab.good() && furnish(lab));
	before.take(lab.tree());
	for (MemoryType memory : {device, nc, MemoryType::device_GRE}) {
		for (Access access : {rx, rwx, Access{false, false, Execute::el0_only}}) {
			EXPECT(lab.map(region, Pa{0}, memory | access).error() ==
			       Error(Errc::forbidden_attributes, region));
		}
	}
	// Normal memory before it could change.
	EXPECT(lab.protect({Ipa{2 * MiB}, 2 * MiB + 8 * KiB}, rx).error() ==
	       Error(Errc::forbidden_attributes, Region{Ipa{4 * MiB}, 4 * KiB}));
	EXPECT(before.matches(lab.tree()));
	ASSERT(lab.good());
}

TEST(an_overlap_and_a_hole_change_nothing)
{
	L lab{test, 40};
	Tables before{test, lab.memory()};
	struct {
		Region<Ipa> region;
		Region<Ipa> mapped;
		Region<Ipa> hole;
	} const cases[] = {
		{{Ipa{60 * KiB}, 8 * KiB}, {Ipa{60 * KiB}, 4 * KiB}, {Ipa{64 * KiB}, 4 * KiB}},
		{{Ipa{MiB}, 2 * MiB}, {Ipa{2 * MiB}, MiB}, {Ipa{MiB}, MiB}},
		{{Ipa{4 * MiB}, 2 * GiB},
		 {Ipa{4 * MiB}, 64 * KiB},
		 {Ipa{4 * MiB + 64 * KiB}, GiB - 4 * MiB - 64 * KiB}},
		{{Ipa{GiB - 4 * KiB}, 3 * GiB}, {Ipa{GiB}, GiB}, {Ipa{GiB - 4 * KiB}, 4 * KiB}},
		{{Ipa{0}, bit(40)}, {Ipa{0}, 64 * KiB}, {Ipa{64 * KiB}, 2 * MiB - 64 * KiB}},
	};

	ASSERT(lab.good() && furnish(lab));
	before.take(lab.tree());
	for (const auto &c : cases) {
		EXPECT(call(lab, Call::map, c.region) == Error(Errc::overlap, c.mapped));
		EXPECT(call(lab, Call::unmap, c.region) == Error(Errc::not_mapped, c.hole));
		EXPECT(lab.protect(c.region, r).error() == Error(Errc::not_mapped, c.hole));
	}
	EXPECT(before.matches(lab.tree()));
	ASSERT(lab.good());
}

TEST(a_map_survives_every_allocation_that_fails)
{
	// Into a table that is there; a new table of pages; pages on either side of a root table's end.
	check_no_memory(test, Call::map, {Ipa{64 * KiB}, 4 * KiB}, 0);
	check_no_memory(test, Call::map, {Ipa{6 * MiB}, 4 * KiB}, 1);
	check_no_memory(test, Call::map, {Ipa{512 * GiB - 4 * KiB}, 8 * KiB}, 4);
	check_no_memory(test, Call::map,
			{Ipa{3 * GiB - 2 * MiB - 4 * KiB}, GiB + 4 * MiB + 8 * KiB}, 4);
}

TEST(an_unmap_that_cuts_survives_every_allocation_that_fails)
{
	check_no_memory(test, Call::unmap, {Ipa{2 * MiB}, 2 * MiB}, 0);
	check_no_memory(test, Call::unmap, {Ipa{2 * MiB}, 4 * KiB}, 1);
	check_no_memory(test, Call::unmap, {Ipa{GiB + 2 * MiB}, 2 * MiB}, 1);
	check_no_memory(test, Call::unmap, {Ipa{2 * GiB - 4 * KiB}, 4 * KiB}, 2);
	check_no_memory(test, Call::unmap, {Ipa{GiB + 4 * KiB}, 8 * KiB}, 2);
	check_no_memory(test, Call::unmap, {Ipa{GiB + 4 * KiB}, GiB - 8 * KiB}, 3);
}

TEST(a_protect_that_cuts_survives_every_allocation_that_fails)
{
	check_no_memory(test, Call::protect, {Ipa{2 * MiB}, 2 * MiB}, 0);
	check_no_memory(test, Call::protect, {Ipa{3 * MiB}, MiB}, 1);
	check_no_memory(test, Call::protect, {Ipa{GiB}, 512 * MiB}, 1);
	check_no_memory(test, Call::protect, {Ipa{GiB + MiB}, 2 * MiB}, 3);
}

TEST(a_root_that_cannot_be_had_is_no_memory)
{
	Verdict verdict{test};
	ScratchMemory memory{test, verdict, Granule4K::table_bytes, 16};
	Tree<Stage2_4K, ScratchMemory> tree{memory};
	const Geometry g = stage2_geometry<Granule4K>(43, 48).value();

	memory.fail_at(0);
	EXPECT(tree.create(g).error() == Error(Errc::no_memory, 0, bit(43) - 1));
	tree.destroy(); // of what was never made
	EXPECT(tree.create(g).ok());
	tree.destroy();
	tree.destroy();
	EXPECT_EQ(memory.live(), 0);
	ASSERT(verdict.good());
}

SUITE(failure, a_snapshot_sees_every_byte, a_bad_region_is_named_and_changes_nothing,
      a_bad_output_is_named_and_changes_nothing,
      forbidden_attributes_are_refused_and_change_nothing, an_overlap_and_a_hole_change_nothing,
      a_map_survives_every_allocation_that_fails,
      an_unmap_that_cuts_survives_every_allocation_that_fails,
      a_protect_that_cuts_survives_every_allocation_that_fails,
      a_root_that_cannot_be_had_is_no_memory);
