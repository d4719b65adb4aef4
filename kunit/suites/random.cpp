// SPDX-License-Identifier: GPL-2.0-only
//
// Random maps, unmaps and protects in every geometry, some of them with an allocation that fails,
// against a flat map that says beforehand how each of them ends. All judges watch.
#include "support/random.hpp"
#include "support/flat_map.hpp"
#include "support/lab.hpp"
#include "support/snapshot.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/rows.hpp"

using namespace vmsa;
using namespace support;

namespace
{

using F16 = Format<Stage2, Granule16K>;
using F64 = Format<Stage2, Granule64K>;

// The flat map's window begins at `first`. Every operation is of whole units, and prefers the edges
// of blocks.
struct Scenario {
	unsigned ipa_bits;
	Ipa first;
	uint64_t unit;
	size_t units;
	uint64_t block;
	unsigned operations;
};

// Output in pieces of `bytes`, in no order; one piece only when `bytes` is as large as the window.
struct Pieces {
	Ipa origin;
	uint64_t bytes;
	uint64_t seed;
	uint64_t offset; // of the output, to be out of step with the input

	Extent operator()(Ipa input) const
	{
		const uint64_t piece = (input - origin) / bytes;
		const uint64_t within = (input - origin) % bytes;
		const uint64_t base = (mix(seed + piece) & low_bits(46)) & ~(bytes - 1);

		return {Pa{base + offset + within}, bytes - within};
	}
};

constexpr MemoryType memory_types[] = {MemoryType::normal,	  MemoryType::normal,
				       MemoryType::normal_wt,	  MemoryType::normal_nc,
				       MemoryType::device_nGnRnE, MemoryType::device_GRE};
constexpr Access accesses[] = {r, w, rw, no_access, rx, rwx, {true, true, Execute::el1_only}};

template <class F> class Game {
    public:
	Game(struct kunit *test, const Scenario &s)
	    : s_{s}, verdict_{test}, random_{s.ipa_bits + s.unit}, lab_{test, s.ipa_bits, 48},
	      flat_{test, s.first, s.unit, s.units}, before_{test, lab_.memory()}
	{
	}

	[[gnu::noinline]] void play()
	{
		for (unsigned i = 0; i < s_.operations && good(); i++) {
			move();
			if (i % 64 == 63)
				review();
		}
		sweep(flat_.all());
		verdict_.expect(lab_.only_root(), "nothing is left but the root",
				lab_.memory().live(), 0);
		// A game in which nothing goes wrong, or nothing right, tests little.
		verdict_.expect(!good() || (succeeded_ > s_.operations / 3 &&
					    refused_ > s_.operations / 20 &&
					    starved_ > s_.operations / 100),
				"all kinds of ends", succeeded_, refused_);
	}

    private:
	using Region = vmsa::Region<Ipa>;

	bool good() const
	{
		return lab_.good() && flat_.ready() && verdict_.good();
	}

	void move()
	{
		const Ipa first = start();

		// Left alone, all falls to pieces, and nothing is ever cut, emptied or made a block.
		if (random_.one_in(8))
			sweep({first.align_down(s_.block), s_.block});
		if (random_.one_in(2))
			lab_.memory().fail_at(random_.below(2));
		if (!flat_.is_mapped(first))
			map(extend(first, false));
		else if (random_.one_in(3))
			protect(extend(first, true));
		else
			unmap(extend(first, true));
		lab_.memory().fail_at(ScratchMemory::never);
	}

	[[gnu::noinline]] void sweep(Region region)
	{
		Region mapped;

		while (good() && flat_.find(region, true, mapped))
			unmap(mapped);
	}

	Ipa start()
	{
		const uint64_t offset = random_.below(s_.units) * s_.unit;

		return s_.first + (random_.one_in(2) ? offset & ~(s_.block - 1) : offset);
	}

	// As long as it pleases; usually no longer than what is mapped (or is not).
	[[gnu::noinline]] Region extend(Ipa first, bool mapped)
	{
		const Ipa end = flat_.all().last;
		const uint64_t most[] = {8 * s_.unit, s_.block, 2 * s_.block, end - first + 1};
		const uint64_t limit = most[random_.below(4)];
		uint64_t bytes = (1 + random_.below(limit / s_.unit)) * s_.unit;

		if (random_.one_in(2))
			bytes = (bytes + s_.block - 1) & ~(s_.block - 1);
		if (bytes > end - first + 1)
			bytes = end - first + 1;

		Region region{first, bytes};

		if (!random_.one_in(8))
			flat_.find(region, mapped, region);
		return region;
	}

	[[gnu::noinline]] void map(Region region)
	{
		// Half the time in one piece: then blocks are possible, unless it is out of step.
		const uint64_t piece = random_.one_in(2) ? bit(45) : s_.unit << random_.below(4);
		const uint64_t offset = random_.one_in(3) ? s_.unit : 0;
		const Pieces rule{Ipa{0}, piece, random_.below(bit(32)), offset};
		const MapLimits limits{static_cast<Level>(random_.below(4)) - 1};
		const Stage2Attributes a{.memory = memory_types[random_.below(6)],
					 .access = accesses[random_.below(7)],
					 .shareability = random_.one_in(2) ? Shareability::inner
									   : Shareability::outer,
					 .accessed = random_.one_in(2),
					 .software = static_cast<uint8_t>(random_.below(8))};
		Region taken;
		Error want;

		if (is_forbidden(a.memory, a.access))
			want = {Errc::forbidden_attributes, region};
		else if (flat_.find(region, true, taken))
			want = {Errc::overlap, taken};
		before_.take(lab_.tree());
		if (ended_as(lab_.map_by(region, rule, a, limits).error(), want, region))
			flat_.map(region, rule, a);
		look_at(region);
	}

	[[gnu::noinline]] void unmap(Region region)
	{
		Region hole;
		Error want;

		if (flat_.find(region, false, hole))
			want = {Errc::not_mapped, hole};
		before_.take(lab_.tree());
		if (ended_as(lab_.unmap(region).error(), want, region))
			flat_.unmap(region);
		look_at(region);
	}

	[[gnu::noinline]] void protect(Region region)
	{
		const Access access = accesses[random_.below(7)];
		Region hole;
		Error want;

		if (flat_.find(region, false, hole))
			want = {Errc::not_mapped, hole};

		const Ipa end = want.code == Errc::none ? region.last : hole.first;

		for (Ipa at = region.first; at < end; at = at + s_.unit) {
			if (is_forbidden(flat_.memory_type(at), access)) {
				// The leaf at fault; how long it is the flat map cannot tell.
				want = {Errc::forbidden_attributes, at.raw(), 0};
				break;
			}
		}
		before_.take(lab_.tree());

		Error got = lab_.protect(region, access).error();

		if (got.code == Errc::forbidden_attributes)
			got.last = 0;
		if (ended_as(got, want, region))
			flat_.protect(region, access);
		look_at(region);
	}

	static bool is_forbidden(MemoryType memory, Access access)
	{
		return memory <= MemoryType::normal_nc && access.execute != Execute::none;
	}

	// Does the operation count? Where memory was to fail, it may have.
	[[gnu::noinline]] bool ended_as(const Error &got, const Error &want, Region region)
	{
		const bool starved = got == Error(Errc::no_memory, region);

		verdict_.expect(got == want || (starved && want.code == Errc::none),
				"the end that the flat map foretold", region.first.raw(),
				region.last.raw());
		verdict_.expect(got.code == Errc::none || before_.matches(lab_.tree()),
				"the tables of before, after a failure", region.first.raw(),
				region.last.raw());
		succeeded_ += got.code == Errc::none;
		starved_ += starved;
		refused_ += got.code != Errc::none && !starved;
		return good() && got.code == Errc::none;
	}

	// Where something was to happen, and a unit to either side.
	[[gnu::noinline]] void look_at(Region region)
	{
		const Region all = flat_.all();

		if (region.first > all.first)
			region.first = region.first - s_.unit;
		if (region.last < all.last)
			region.last = region.last + s_.unit;
		verdict_.expect(flat_.agrees(lab_.tree(), region), "what the flat map says",
				region.first.raw(), region.last.raw());
	}

	[[gnu::noinline]] void review()
	{
		const Census c = census(lab_.tree());
		Row<F> row;
		uint64_t leaves = 0;

		for (Ipa from{}; next_row(lab_.tree(), from, row); from = row.region.last + 1)
			leaves += row.leaves;
		verdict_.expect(leaves == c.leaves[0] + c.leaves[1] + c.leaves[2] + c.leaves[3],
				"as many leaves in rows as in the census", leaves, 0);
		verdict_.expect(c.tables == lab_.memory().live(),
				"as many tables in the census as there are", c.tables, 0);
		look_at(flat_.all());
	}

	const Scenario &s_;
	Verdict verdict_;
	Random random_;
	Lab<F> lab_;
	FlatMap flat_;
	Snapshot<Tree<F, ScratchMemory>> before_;
	unsigned succeeded_ = 0;
	unsigned refused_ = 0;
	unsigned starved_ = 0;
};

// `blocks` blocks of level 2, in units of pages, around the first seam between two root tables;
// where the root is one table, up to the end of the space.
template <class F> [[gnu::noinline]] void play(struct kunit *test, unsigned ipa_bits, size_t blocks)
{
	using Granule = typename F::Granule;
	const Geometry g = stage2_geometry<Granule>(ipa_bits, 48).value();
	const uint64_t block = Granule::size(2);
	const uint64_t window = blocks * block;
	const uint64_t seam = Granule::size(g.start) * Granule::entries;
	const Ipa first{g.root_tables > 1 ? seam - window / 2 : bit(ipa_bits) - window};

	Game<F>{test,
		{ipa_bits, first, Granule::page_size, window >> Granule::page_shift, block,
		 Granule::page_shift == 12 ? 200u : 100u}}
		.play();
}

} // namespace

TEST(with_a_4k_granule_from_32_to_48_bits)
{
	for (unsigned ipa_bits = 32; ipa_bits <= 48; ipa_bits++)
		play<Stage2_4K>(test, ipa_bits, 4);
}

// In units of 2 MiB, with blocks of 1 GiB, which level 1 may be the root of.
TEST(with_blocks_of_1g_and_2m)
{
	for (unsigned ipa_bits : {36, 41, 46}) {
		const uint64_t middle = ipa_bits == 36 ? 32 * GiB : 512 * GiB;

		Game<Stage2_4K>{test, {ipa_bits, Ipa{middle - 2 * GiB}, 2 * MiB, 2048, GiB, 200}}
			.play();
	}
}

TEST(with_a_16k_granule)
{
	for (unsigned ipa_bits : {36, 38, 42, 48})
		play<F16>(test, ipa_bits, 2);
}

TEST(with_a_64k_granule)
{
	for (unsigned ipa_bits : {42, 44, 48})
		play<F64>(test, ipa_bits, 2);
}

SUITE(random, with_a_4k_granule_from_32_to_48_bits, with_blocks_of_1g_and_2m, with_a_16k_granule,
      with_a_64k_granule);
