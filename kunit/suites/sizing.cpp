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

SUITE(sizing, of_4k_granules, of_16k_granules, of_64k_granules);
