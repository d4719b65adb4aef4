// SPDX-License-Identifier: GPL-2.0-only
//
// What a caller can get wrong without noticing: limits and rules that make no leaf, a tree that is not there
// yet or any more, a geometry that is none, a copy. Each is an error, and changes nothing.
#include "support/lab.hpp"
#include "support/live_bench.hpp"
#include "support/snapshot.hpp"
#include "vmsa/image.hpp"
#include "vmsa/rows.hpp"

#include <type_traits>

using namespace vmsa;
using namespace support;

namespace
{

using T = Tree<Stage2_4K, ScratchMemory>;

constexpr uint64_t page = 4 * KiB;

// Owns tables, or refers to who does: two of them would free each table twice.
static_assert(!std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T>);
static_assert(!std::is_copy_constructible_v<Mapping<Stage2_4K, ScratchMemory, NoTlb>>);
static_assert(!std::is_copy_assignable_v<Mapping<Stage2_4K, ScratchMemory, NoTlb>>);
static_assert(!std::is_copy_constructible_v<RecordedIdMap<El1And0>>);
static_assert(!std::is_copy_constructible_v<Image<Stage2_4K>>);
static_assert(!std::is_copy_constructible_v<TablePool<Granule4K>>);
static_assert(!std::is_copy_constructible_v<TableChain>);

} // namespace

TEST(a_limit_below_the_last_level_is_refused)
{
	Lab<Stage2_4K> lab{test, 40};

	for (Level level : {4, 5, 100}) {
		for (uint64_t bytes : {page, 4 * MiB}) {
			const Region<Ipa> region{Ipa{GiB}, bytes};

			EXPECT(lab.map(region, Pa{0}, normal | rw, {level}).error() ==
			       Error(Errc::bad_limit, region));
			EXPECT(lab.mapping()
				       .tables_to_map(region, Linear{region.first, Pa{0}},
						      normal | rw, {level})
				       .error() == Error(Errc::bad_limit, region));
		}
	}
	ASSERT(lab.map({Ipa{GiB}, page}, Pa{0}, normal | rw)); // a table is there now
	EXPECT_EQ(lab.map({Ipa{GiB + page}, page}, Pa{0}, normal | rw, {4}).error().code,
		  Errc::bad_limit);
	EXPECT(lab.fold({Ipa{GiB}, GiB}, {.largest = 4}));
	EXPECT(lab.cut({Ipa{GiB}, page}, 4));
	ASSERT(lab.good());
}

TEST(a_rule_that_answers_less_than_a_page_is_refused)
{
	Lab<Stage2_4K> lab{test, 40};

	ASSERT(lab.map({Ipa{GiB}, page}, Pa{0}, normal | rw));
	for (uint64_t bytes : {uint64_t{0}, uint64_t{1}, page / 2}) {
		const auto rule = [&](Ipa at) {
			return Extent{Pa{at.raw()}, at == Ipa{GiB + 2 * page} ? bytes : page};
		};
		const Error want{Errc::bad_rule, Region<Ipa>{Ipa{GiB + 2 * page}, page}};

		EXPECT(lab.map_by({Ipa{GiB + page}, 4 * MiB}, rule, normal | rw).error() == want);
		EXPECT(lab.map_by({Ipa{GiB + 2 * page}, page}, rule, normal | rw).error() == want);
	}
	ASSERT(lab.good());
}

// Nothing is mapped in a tree without a root, and nothing can be.
TEST(a_tree_without_a_root_is_empty)
{
	Verdict verdict{test};
	ScratchMemory memory{test, verdict, Granule4K::table_bytes, 32};
	NoTlb tlb;
	Mapping<Stage2_4K, ScratchMemory, NoTlb> map{memory, tlb};
	const Linear rule{Ipa{0}, Pa{0}};

	for (bool destroyed : {false, true}) {
		if (destroyed) {
			ASSERT(map.create(stage2_geometry<Granule4K>(40, 48).value()));
			ASSERT(map.map({Ipa{0}, page}, rule, normal | rw));
			map.destroy();
		}
		for (uint64_t at : {uint64_t{0}, uint64_t{1}, page, bit(39), ~uint64_t{0}}) {
			EXPECT_EQ(map.translate(Ipa{at}).error().code, Errc::beyond_input);
			EXPECT_EQ(map.note_dirty(Ipa{at}).error().code, Errc::beyond_input);
			EXPECT_EQ(map.annotation<uint64_t>(Ipa{at}).error().code,
				  Errc::beyond_input);
			map.tree().steps(Ipa{at}, [&](auto...) {
				EXPECT("no step without a table" == nullptr);
			});
		}
		for (const Region<Ipa> region :
		     {Region<Ipa>{Ipa{0}, page}, Region<Ipa>{Ipa{page}, GiB}}) {
			EXPECT_EQ(map.map(region, rule, normal | rw).error().code,
				  Errc::beyond_input);
			EXPECT_EQ(map.unmap(region).error().code, Errc::beyond_input);
			EXPECT_EQ(map.fold(region).error().code, Errc::beyond_input);
			EXPECT_EQ(map.annotate(region, uint64_t{1}).error().code,
				  Errc::beyond_input);
		}

		Row<Stage2_4K> row;
		TableCursor<T> cursor;
		TableStep<T> step;

		EXPECT(!next_row(map.tree(), Ipa{0}, row));
		EXPECT(!next_step(map.tree(), cursor, step));
		EXPECT_EQ(census(map.tree()).tables, 0);
		map.destroy();
	}
	EXPECT_EQ(memory.live(), 0);
	ASSERT(verdict.good());
}

// What an error left: Geometry{}.
TEST(a_geometry_that_is_none_makes_no_root)
{
	Verdict verdict{test};
	ScratchMemory memory{test, verdict, Granule4K::table_bytes, 32};
	T tree{memory};
	const auto none = stage1_geometry<Granule4K>(64, 40);

	EXPECT(none.error() == Error(Errc::input_bits, 64, 48));
	EXPECT(tree.create(none.value()).error().code == Errc::input_bits);
	EXPECT(tree.create({}).error().code == Errc::input_bits);
	// That of another granule: its root would not be what the indices reach.
	EXPECT(tree.create(stage2_geometry<Granule64K>(32, 48).value()).error().code ==
	       Errc::input_bits);
	EXPECT_EQ(memory.live(), 0);
}

SUITE(edges, a_limit_below_the_last_level_is_refused,
      a_rule_that_answers_less_than_a_page_is_refused, a_tree_without_a_root_is_empty,
      a_geometry_that_is_none_makes_no_root);
