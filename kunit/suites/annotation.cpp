// SPDX-License-Identifier: GPL-2.0-only
//
// Annotations: what is said where nothing is mapped, to whom it gives way, and that nothing else takes
// it for anything.
#include "support/lab.hpp"
#include "support/snapshot.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/image.hpp"
#include "vmsa/rows.hpp"

using namespace vmsa;
using namespace support;

namespace
{

using L = Lab<Stage2_4K>;
using Tables = Snapshot<Tree<Stage2_4K, ScratchMemory>>;

constexpr uint64_t page = 4 * KiB;

enum class Owner : uint32_t { nobody, host, guest };

// What a pager might say: an area and a place in it.
struct Swapped {
	unsigned area = 0;
	uint64_t slot = 0;

	constexpr Swapped() = default;
	constexpr Swapped(unsigned a, uint64_t s) : area{a}, slot{s}
	{
	}
	constexpr explicit Swapped(uint64_t bits)
	    : area{static_cast<unsigned>(bits >> 59)}, slot{bits & low_bits(59)}
	{
	}
	constexpr explicit operator uint64_t() const
	{
		return uint64_t{area} << 59 | slot;
	}
	constexpr bool operator==(const Swapped &) const = default;
};

constexpr MapLimits over(Owner owner, Level largest = -1)
{
	return {.largest = largest, .over = annotation(owner)};
}

[[gnu::noinline]] Owner owner_at(const L &lab, Ipa at)
{
	return annotation_at<Owner>(lab.tree(), at).value();
}

// Does every page of the region say so, and is it a hole?
[[gnu::noinline]] bool owned(const L &lab, Region<Ipa> region, Owner owner)
{
	for (Ipa at = region.first;; at = at + page) {
		if (owner_at(lab, at) != owner || lab.tree().translate(at))
			return false;
		if (at + (page - 1) == region.last)
			return true;
	}
}

// What is there is not to be had, whoever asks.
[[gnu::noinline]] void check_hole(struct kunit *test, L &lab, Region<Ipa> region)
{
	const Error hole{Errc::not_mapped, region};

	EXPECT(lab.unmap(region).error() == hole);
	EXPECT(lab.protect(region, r).error() == hole);
	EXPECT(lab.modify(region, [](auto, auto a) { return a; }).error() == hole);
	EXPECT(lab.cut(region).error() == hole);
	EXPECT(lab.unmap(region, Owner::guest).error() == hole);
	EXPECT(lab.harvest_accessed(region, [&](auto, Level) { EXPECT(false); }));
	EXPECT(lab.fold(region, {.contiguous = true}));
	EXPECT(lab.tree().translate(region.first).error().code == Errc::not_mapped);
}

} // namespace

// All of them, among them those that look like a page, a block or a table with bit 0 cleared.
TEST(any_63_bits_are_read_back)
{
	L lab{test, 40};
	ASSERT(lab.good());
	const Region<Ipa> one{Ipa{GiB}, page};
	const auto check = [&](uint64_t bits) {
		const bool done = lab.annotate(one, bits).ok() &&
				  lab.mapping().annotation<uint64_t>(one.first).value() == bits &&
				  !lab.tree().translate(one.first) &&
				  lab.unannotate(one, bits).ok();

		EXPECT(done);
	};

	for (unsigned n = 0; n < 63; n++) {
		check(bit(n));
		check(low_bits(63) ^ bit(n));
	}
	check(low_bits(63));
	check((ScratchMemory::usual_base | 3) >> 1);
	EXPECT(lab.only_root());
	ASSERT(lab.good());
}

TEST(an_annotation_is_of_the_users_own_type)
{
	L lab{test, 40};
	ASSERT(lab.good());
	const Swapped place{13, 0x123'4567'89ab};

	ASSERT(lab.annotate({Ipa{0}, page}, place));
	ASSERT(lab.annotate({Ipa{page}, page}, Owner::guest));
	EXPECT(annotation_at<Swapped>(lab.tree(), Ipa{0}).value() == place);
	EXPECT(lab.tree().at(Ipa{0}).annotation<Swapped>() == place);
	EXPECT(owner_at(lab, Ipa{page}) == Owner::guest);
	EXPECT(annotation_at<Owner>(lab.tree(), Ipa{2 * page}).error() ==
	       Error(Errc::not_annotated, Region{Ipa{2 * page}, page}));
	ASSERT(lab.map({Ipa{2 * page}, page}, Pa{GiB}, normal | rw));
	EXPECT(annotation_at<Owner>(lab.tree(), Ipa{2 * page}).error() ==
	       Error(Errc::not_annotated, Region{Ipa{2 * page}, page}));
	EXPECT(annotation_at<Owner>(lab.tree(), Ipa{bit(40)}).error() ==
	       Error(Errc::beyond_input, bit(40), bit(40) - 1));
	ASSERT(lab.good());
}

TEST(nothing_and_too_much_are_no_annotations)
{
	L lab{test, 40};
	Tables before{test, lab.memory()};
	const Region<Ipa> one{Ipa{GiB}, page};
	const Error refused{Errc::forbidden_annotation, one};

	ASSERT(lab.good() && lab.map({Ipa{0}, page}, Pa{0}, normal | rw));
	before.take(lab.tree());
	for (uint64_t bits : {uint64_t{0}, bit(63), ~uint64_t{0}}) {
		EXPECT(lab.annotate(one, bits).error() == refused);
		EXPECT(lab.annotate(one, bits, uint64_t{1}).error() == refused);
		EXPECT(lab.annotate(one, uint64_t{1}, bits).error() == refused);
		EXPECT(lab.unannotate(one, bits).error() == refused);
		EXPECT(lab.unmap({Ipa{0}, page}, bits).error() ==
		       Error(Errc::forbidden_annotation, Region{Ipa{0}, page}));
	}
	EXPECT(lab.annotate(one, Owner::nobody).error() == refused);
	EXPECT(before.matches(lab.tree()));
	ASSERT(lab.good());
}

TEST(a_region_is_annotated_as_high_up_as_it_allows)
{
	L lab{test, 40};
	ASSERT(lab.good());
	const size_t root = lab.memory().live();

	ASSERT(lab.annotate({Ipa{GiB}, 4 * GiB}, Owner::host));
	EXPECT_EQ(lab.memory().live(), root);
	EXPECT_EQ(lab.tree().at(Ipa{GiB}).level, 1);
	EXPECT(lab.tree().at(Ipa{2 * GiB - 1}).region == Region(Ipa{GiB}, GiB));
	EXPECT(owner_at(lab, Ipa{5 * GiB - 1}) == Owner::host);
	// A page on either side of a block's end takes two tables of pages, below one of blocks.
	ASSERT(lab.annotate({Ipa{4 * MiB - page}, 2 * page}, Owner::guest));
	EXPECT_EQ(lab.memory().live(), root + 3);
	EXPECT_EQ(lab.tree().at(Ipa{4 * MiB}).level, 3);
	EXPECT(owned(lab, {Ipa{4 * MiB - page}, 2 * page}, Owner::guest));
	EXPECT_EQ(annotation_at<Owner>(lab.tree(), Ipa{4 * MiB + page}).error().code,
		  Errc::not_annotated);
	ASSERT(lab.good());
}

TEST(what_is_annotated_is_a_hole)
{
	L lab{test, 40};
	Tables before{test, lab.memory()};

	ASSERT(lab.good() && lab.map({Ipa{0}, 2 * page}, Pa{0}, normal | rw));
	ASSERT(lab.annotate({Ipa{2 * page}, page}, Owner::guest));
	ASSERT(lab.annotate({Ipa{GiB}, GiB}, Owner::guest));
	before.take(lab.tree());
	check_hole(test, lab, {Ipa{2 * page}, page});
	check_hole(test, lab, {Ipa{GiB}, GiB});
	check_hole(test, lab, {Ipa{GiB + 2 * MiB}, 2 * MiB});
	EXPECT(before.matches(lab.tree()));
	ASSERT(lab.good());
}

TEST(nothing_is_mapped_over_an_annotation_but_by_who_names_it)
{
	L lab{test, 40};
	Tables before{test, lab.memory()};
	const Region<Ipa> block{Ipa{GiB}, 2 * MiB};
	const Region<Ipa> pages{Ipa{0}, 8 * page};

	ASSERT(lab.good() && lab.annotate(block, Owner::guest));
	ASSERT(lab.annotate({Ipa{2 * page}, 2 * page}, Owner::guest));
	ASSERT(lab.annotate({Ipa{4 * page}, page}, Owner::host));
	before.take(lab.tree());
	const auto map = [&](Region<Ipa> region, MapLimits limits) {
		return lab.map(region, Pa{region.first.raw()}, normal | rw, limits).error();
	};
	const Error guests{Errc::annotated, Region{Ipa{2 * page}, 2 * page}};
	const Error hosts{Errc::annotated, Region{Ipa{4 * page}, page}};

	EXPECT(map(pages, {}) == guests);
	EXPECT(map({Ipa{3 * page}, page}, {}) ==
	       Error(Errc::annotated, Region{Ipa{3 * page}, page}));
	EXPECT(map(pages, over(Owner::host)) == guests);
	EXPECT(map(pages, over(Owner::guest)) == hosts);
	EXPECT(map(block, {}) == Error(Errc::annotated, block));
	EXPECT(map({block.first + page, page}, {}) ==
	       Error(Errc::annotated, Region{block.first + page, page}));
	EXPECT(map({Ipa{0}, 2 * GiB}, {}) == guests);
	EXPECT(before.matches(lab.tree()));

	// Over its own and over holes alike, as blocks or as pages.
	EXPECT(map({Ipa{0}, 4 * page}, over(Owner::guest)) == Error());
	EXPECT(owner_at(lab, Ipa{4 * page}) == Owner::host);
	EXPECT(map({block.first, 4 * MiB}, over(Owner::guest)) == Error());
	EXPECT(lab.has_leaf(block.first, 2, Pa{GiB}) &&
	       lab.has_leaf(block.last + 1, 2, Pa{GiB + 2 * MiB}));
	EXPECT(map(block, over(Owner::guest)) == Error(Errc::overlap, block));
	ASSERT(lab.good());
}

TEST(beside_what_is_mapped_over_it_an_annotation_stays)
{
	L lab{test, 40};
	const Region<Ipa> all{Ipa{GiB}, GiB};
	const Region<Ipa> part{Ipa{GiB + 4 * MiB + page}, 3 * page};

	ASSERT(lab.good() && lab.annotate(all, Owner::guest));
	ASSERT(lab.map(part, Pa{0}, normal | rw, over(Owner::guest)));
	EXPECT(owned(lab, {part.first - page, page}, Owner::guest));
	EXPECT(owned(lab, {part.last + 1, page}, Owner::guest));
	EXPECT(owner_at(lab, all.first) == Owner::guest && owner_at(lab, all.last) == Owner::guest);
	EXPECT_EQ(lab.tree().at(all.last).level, 2);
	// And back, without a trace but the tables it was cut into.
	ASSERT(lab.unmap(part, Owner::guest));
	ASSERT(lab.unannotate(all, Owner::guest));
	EXPECT(lab.only_root());
	ASSERT(lab.good());
}

TEST(an_annotation_is_exchanged_or_removed_by_who_names_it)
{
	L lab{test, 40};
	Tables before{test, lab.memory()};
	const Region<Ipa> all{Ipa{GiB}, 2 * GiB};
	const Region<Ipa> middle{Ipa{2 * GiB - 2 * page}, 4 * page};

	ASSERT(lab.good() && lab.annotate(all, Owner::host));
	ASSERT(lab.map({Ipa{4 * GiB}, page}, Pa{0}, normal | rw));
	before.take(lab.tree());
	EXPECT(lab.annotate(middle, Owner::guest).error() == Error(Errc::annotated, middle));
	EXPECT(lab.annotate(middle, Owner::host).error() == Error(Errc::annotated, middle));
	EXPECT(lab.unannotate(middle, Owner::guest).error() == Error(Errc::annotated, middle));
	EXPECT(lab.annotate({middle.first, 4 * GiB}, Owner::host, Owner::guest).error() ==
	       Error(Errc::not_annotated, Region{Ipa{3 * GiB}, GiB}));
	EXPECT(lab.unannotate({Ipa{3 * GiB}, 2 * GiB}, Owner::host).error() ==
	       Error(Errc::not_annotated, Region{Ipa{3 * GiB}, GiB}));
	EXPECT(lab.annotate({Ipa{3 * GiB}, 2 * GiB}, Owner::guest).error() ==
	       Error(Errc::overlap, Region{Ipa{4 * GiB}, page}));
	EXPECT(lab.unannotate({Ipa{4 * GiB}, page}, Owner::host).error() ==
	       Error(Errc::overlap, Region{Ipa{4 * GiB}, page}));
	EXPECT(before.matches(lab.tree()));

	ASSERT(lab.annotate(middle, Owner::host, Owner::guest));
	EXPECT(owned(lab, middle, Owner::guest));
	EXPECT(owned(lab, {middle.first - page, page}, Owner::host) &&
	       owned(lab, {middle.last + 1, page}, Owner::host));
	ASSERT(lab.unannotate(middle, Owner::guest));
	EXPECT(lab.tree().at(middle.first).descriptor == 0);
	ASSERT(lab.unannotate({all.first, GiB - 2 * page}, Owner::host));
	ASSERT(lab.unannotate({middle.last + 1, GiB - 2 * page}, Owner::host));
	ASSERT(lab.unmap({Ipa{4 * GiB}, page}));
	EXPECT(lab.only_root());
	ASSERT(lab.good());
}

// A table that says the same all over is none: it goes when all of it is exchanged at once.
TEST(what_was_cut_is_whole_again_when_it_is_exchanged_whole)
{
	for (uint64_t size : {GiB, 2 * GiB}) {
		L lab{test, 40};
		const Region<Ipa> all{Ipa{GiB}, size};
		const Region<Ipa> part{Ipa{GiB + page}, page};

		ASSERT(lab.good() && lab.annotate(all, Owner::host));
		ASSERT(lab.unannotate(part, Owner::host) && lab.annotate(part, Owner::host));
		EXPECT(!lab.only_root());
		ASSERT(lab.annotate(all, Owner::host, Owner::guest));
		EXPECT(lab.only_root());
		EXPECT(lab.tree().at(part.first).region == Region(Ipa{GiB}, GiB));
		EXPECT(owner_at(lab, part.first) == Owner::guest &&
		       owner_at(lab, all.last) == Owner::guest);
		ASSERT(lab.good());
	}
}

TEST(an_unmap_may_leave_an_annotation)
{
	L lab{test, 40, 600};
	const Region<Ipa> pages{Ipa{GiB}, GiB};
	const Region<Ipa> block{Ipa{2 * GiB}, GiB};

	ASSERT(lab.good() && lab.map(pages, Pa{0}, normal | rw, {.largest = 3}));
	ASSERT(lab.map(block, Pa{GiB}, normal | rw));
	const size_t invalidations = lab.tlb().invalidations();

	// A subtree becomes one entry; its tables go when the invalidation is complete.
	ASSERT(lab.unmap(pages, Owner::guest));
	EXPECT_EQ(lab.tlb().invalidations(), invalidations + 1);
	EXPECT(lab.only_root());
	EXPECT_EQ(lab.tree().at(pages.first).level, 1);
	EXPECT(owner_at(lab, pages.last) == Owner::guest);
	// A part of a block, and then what is left of it.
	ASSERT(lab.unmap({block.first + page, page}, Owner::host));
	EXPECT(owned(lab, {block.first + page, page}, Owner::host));
	EXPECT(lab.has_leaf(block.first, 3, Pa{GiB}));
	EXPECT(lab.unmap(block, Owner::host).error() ==
	       Error(Errc::not_mapped, Region{block.first + page, page}));
	ASSERT(lab.unmap({block.first, page}, Owner::host));
	ASSERT(lab.unmap({block.first + 2 * page, GiB - 2 * page}, Owner::host));
	ASSERT(lab.unannotate(block, Owner::host));
	ASSERT(lab.unannotate(pages, Owner::guest));
	EXPECT(lab.only_root());
	ASSERT(lab.good());
}

// One says what a leaf of the same table would, were it broken: whatever is broken and made around it,
// it is not made.
TEST(an_annotation_is_no_broken_leaf)
{
	L lab{test, 40};
	const Region<Ipa> group{Ipa{GiB}, 16 * page};
	const Region<Ipa> rest{Ipa{GiB + 17 * page}, 47 * page};
	const Ipa at = group.last + 1;

	ASSERT(lab.good());
	ASSERT(lab.map(group, Pa{GiB}, normal | rw, {.contiguous = true}));
	ASSERT(lab.map(rest, Pa{GiB + 17 * page}, normal | rw, {.contiguous = true}));
	const uint64_t broken = *lab.descriptor(group.last) >> 1;

	ASSERT(lab.annotate({at, page}, broken));
	const auto to_nc = [](auto, Stage2Attributes a) {
		a.memory = nc;
		return a;
	};

	ASSERT(lab.modify({group.first, 8 * page}, to_nc));
	ASSERT(lab.modify(group, to_nc));
	ASSERT(lab.modify(rest, to_nc));
	ASSERT(lab.fold({Ipa{GiB}, 64 * page}, {.contiguous = true}));
	ASSERT(lab.protect(group, r));
	EXPECT_EQ(lab.tree().at(at).annotation<uint64_t>(), broken);
	ASSERT(lab.unmap({group.first, page}));
	ASSERT(lab.unmap({group.first + page, 15 * page}));
	ASSERT(lab.unmap(rest));
	EXPECT_EQ(lab.tree().at(at).annotation<uint64_t>(), broken);
	ASSERT(lab.unannotate({at, page}, broken));
	EXPECT(lab.only_root());
	ASSERT(lab.good());
}

TEST(a_table_with_an_annotation_is_neither_folded_nor_freed)
{
	L lab{test, 40};
	const Region<Ipa> block{Ipa{GiB}, 2 * MiB};
	const Ipa last = block.last - (page - 1);

	ASSERT(lab.good() && lab.map({block.first, 2 * MiB - page}, Pa{GiB}, normal | rw));
	ASSERT(lab.annotate({last, page}, Owner::guest));
	ASSERT(lab.fold(block, {.contiguous = true}));
	EXPECT_EQ(lab.tree().at(block.first).level, 3);
	// Its group has no whole run of leaves.
	EXPECT(!lab.attributes(last - page).contiguous && lab.attributes(block.first).contiguous);
	ASSERT(lab.unmap({block.first, 2 * MiB - page}));
	EXPECT(owned(lab, {last, page}, Owner::guest));
	ASSERT(lab.unannotate({last, page}, Owner::guest));
	EXPECT(lab.only_root());
	ASSERT(lab.good());
}

SUITE(annotation, any_63_bits_are_read_back, an_annotation_is_of_the_users_own_type,
      nothing_and_too_much_are_no_annotations, a_region_is_annotated_as_high_up_as_it_allows,
      what_is_annotated_is_a_hole, nothing_is_mapped_over_an_annotation_but_by_who_names_it,
      beside_what_is_mapped_over_it_an_annotation_stays,
      an_annotation_is_exchanged_or_removed_by_who_names_it,
      what_was_cut_is_whole_again_when_it_is_exchanged_whole, an_unmap_may_leave_an_annotation,
      an_annotation_is_no_broken_leaf, a_table_with_an_annotation_is_neither_folded_nor_freed);
