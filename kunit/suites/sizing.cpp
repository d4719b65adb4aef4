// SPDX-License-Identifier: GPL-2.0-only
//
// How much memory tables take: the bound that a pool is sized by, against what a map takes, in spaces of
// every size.
#include "support/full_geometry.hpp"
#include "support/scratch_memory.hpp"
#include "vmsa/mapping.hpp"

using namespace vmsa;
using namespace support;

namespace
{

// Pages that begin and end off every boundary: no map of that size takes more.
template <class F> void check_size(struct kunit *test, unsigned bits, Range range)
{
	using Granule = typename F::Granule;
	using Input = typename F::Input;
	const Geometry g = geometry_of<F>(bits, range).value();
	const uint64_t page = Granule::page_size;
	Verdict verdict{test};
	ScratchMemory memory{test, verdict, Granule::table_bytes, 64};
	NoTlb tlb;
	Mapping<F, ScratchMemory, NoTlb> map{memory, tlb};
	const uint64_t half = uint64_t{1} << (bits - 1);
	const Input middle{g.first_input() + half};
	const struct {
		Input first;
		uint64_t bytes;
		Level leaf;
	} cases[] = {
		{middle - page, 2 * page, 3},
		{middle, page, 3},
		{middle - page, Granule::size(2), 3},
		{Input{g.last_input() - page + 1}, page, 3},
		{middle - Granule::size(2), 2 * Granule::size(2), 2},
	};

	ASSERT(map.create(g));
	for (const auto &c : cases) {
		const Region<Input> region{c.first, c.bytes};

		if (c.bytes > half || (c.leaf < 3 && Granule::size(2) >= half))
			continue;
		ASSERT(map.map(region, Linear{region.first, Pa{0}}, normal | rw, {c.leaf}));
		ASSERT_EQ(memory.live(), (tables_at_most<Granule>(g, region, c.leaf)));
		ASSERT(map.unmap(region));
	}
	map.destroy();
	ASSERT(verdict.good());
}

template <class F> void check_sizes(struct kunit *test, unsigned smallest)
{
	for (unsigned bits = smallest; bits <= F::output_bits; bits++) {
		check_size<F>(test, bits, Range::lower);
		if constexpr (Stage1Regime<typename F::Stage>)
			check_size<F>(test, bits, Range::upper);
	}
}

} // namespace

// What is not there need not be walked to be counted: a terabyte of pages asks its rule a few times, and one
// that answers in pieces comes to the same number.
TEST(what_is_not_there_is_counted_without_a_walk)
{
	using F = Format<El1And0, Granule4K>;
	Verdict verdict{test};
	ScratchMemory memory{test, verdict, Granule4K::table_bytes, 8};
	NoTlb tlb;
	Mapping<F, ScratchMemory, NoTlb> map{memory, tlb};
	const Linear straight{Va{0}, Pa{0}};
	size_t asked = 0;
	const auto counted = [&](Va at) {
		asked++;
		return straight(at);
	};

	ASSERT(map.create(stage1_geometry<Granule4K>(48, 40).value()));
	const Region<Va> large{Va{0}, bit(40)};

	EXPECT_EQ(map.tables_to_map(large, counted, normal | rw, {3}).value(),
		  2 * (1 + 512 + 512 * 512));
	EXPECT_EQ(map.tables_to_map(large, counted, normal | rw, {2}).value(), 2 * (1 + 512));
	EXPECT(map.map(large, counted, normal | rw, {3}).error() == Error(Errc::no_memory, large));
	// The first page that has no output, and not the map's first.
	const auto beyond = map.map({Va{GiB}, bit(40)}, counted, normal | rw, {3});

	EXPECT(beyond.error().code == Errc::beyond_output && beyond.error().first == bit(40));
	EXPECT(asked < 4096);

	const uint64_t ends[] = {0, 4 * KiB, 2 * MiB, GiB, GiB + 6 * MiB, 2 * GiB + 4 * KiB};

	for (uint64_t first : ends) {
		for (uint64_t size : ends) {
			for (uint64_t offset :
			     {uint64_t{0}, uint64_t{4 * KiB}, uint64_t{2 * MiB}}) {
				const Region<Va> region{Va{first}, size + 4 * KiB};
				const Linear whole{Va{0}, Pa{offset}};
				const auto pieces = [&](Va at) {
					return Extent{whole(at).pa, 2 * MiB - at.raw() % (2 * MiB)};
				};

				for (Level largest : {2, 3})
					ASSERT_EQ(map.tables_to_map(region, whole, normal | rw,
								    {largest})
							  .value(),
						  map.tables_to_map(region, pieces, normal | rw,
								    {largest})
							  .value());
			}
		}
	}
	map.destroy();
	ASSERT(verdict.good());
}

TEST(of_4k_granules)
{
	check_sizes<Format<Stage2, Granule4K>>(test, 32);
	check_sizes<Format<El1And0, Granule4K, 52>>(test, 25);
}

TEST(of_16k_granules)
{
	check_sizes<Format<Stage2, Granule16K, 52>>(test, 32);
	check_sizes<Format<El1And0, Granule16K>>(test, 25);
}

TEST(of_64k_granules)
{
	check_sizes<Format<Stage2, Granule64K, 52>>(test, 32);
	check_sizes<Format<El1And0, Granule64K>>(test, 25);
}

SUITE(sizing, what_is_not_there_is_counted_without_a_walk, of_4k_granules, of_16k_granules,
      of_64k_granules);
