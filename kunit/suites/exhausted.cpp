// SPDX-License-Identifier: GPL-2.0-only
//
// Exhausted: memory ends at every single allocation of every operation that takes tables, at either stage
// and with every granule, and in an image. Each time the tables are what they were, byte for byte, until
// there is enough.
#include "support/lab.hpp"
#include "support/snapshot.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/image.hpp"

using namespace vmsa;
using namespace support;

namespace
{

enum class Owner : uint32_t { nobody, host };

// At the end of a space: blocks of level 2, and what becomes of them.
template <class F> class Shortage {
	using Region = vmsa::Region<typename F::Input>;
	using Attributes = typename F::Attributes;

	static constexpr Access r_only = vmsa::r;
	static constexpr uint64_t page = F::Granule::page_size;
	static constexpr uint64_t block = F::Granule::size(2);

    public:
	Shortage(struct kunit *test, Range range)
	    : test{test}, lab_{test, F::output_bits, 24, range}, before_{test, lab_.memory()},
	      first_{lab_.tree().space().last - (8 * block - 1)}
	{
	}

	[[gnu::noinline]] void suffer()
	{
		// Two blocks and a page: a table of each level below the root.
		const auto start = static_cast<size_t>(last_level - lab_.tree().geometry().start);

		map(at(0, 2 * block + page), start);
		map(at(3 * block, 3 * block), 0);
		// A page of a table that is there, and one of a block.
		run(at(3 * block - page, 2 * page), 1, [&](Region r) {
			return lab_.remap(r, Linear{r.first, Pa{0}}, normal | r_only);
		});
		run(at(page, page), 1,
		    [&](Region r) { return lab_.protect(r, typename F::Access{.read = true}); });
		run(at(2 * block - page, page), 1, [&](Region r) {
			return lab_.modify(r, [](Region, Attributes a) {
				a.software = 1;
				return a;
			});
		});
		run(at(4 * block, block), 1, [&](Region r) { return lab_.cut(r); });
		run(at(5 * block + page, page), 1, [&](Region r) { return lab_.unmap(r); });
		run(at(6 * block + page, block), 2,
		    [&](Region r) { return lab_.annotate(r, Owner::host); });
		run(at(6 * block + 2 * page, page), 0,
		    [&](Region r) { return lab_.unannotate(r, Owner::host); });
		// Never takes a table.
		run(at(0, 8 * block), 0, [&](Region r) { return lab_.fold(r); });
	}

	struct kunit *test;

    private:
	Region at(uint64_t offset, uint64_t bytes) const
	{
		return {first_ + offset, bytes};
	}

	void map(Region region, size_t tables)
	{
		run(region, tables, [&](Region r) { return lab_.map(r, Pa{0}, normal | rw); });
	}

	template <class Call>
	[[gnu::noinline]] void run(Region region, size_t tables, const Call &call)
	{
		const size_t live = lab_.memory().live();
		size_t enough = 0;

		before_.take(lab_.tree());
		for (;; enough++) {
			lab_.memory().fail_at(enough);

			const Result<void> done = call(region);

			lab_.memory().fail_at(ScratchMemory::never);
			if (done)
				break;
			ASSERT(done.error() == Error(Errc::no_memory, region));
			ASSERT(before_.matches(lab_.tree()));
			ASSERT_EQ(lab_.memory().live(), live);
		}
		EXPECT_EQ(enough, tables);
		ASSERT(lab_.good());
	}

	Lab<F> lab_;
	Snapshot<Tree<F, ScratchMemory>> before_;
	typename F::Input first_;
};

template <class F> [[gnu::noinline]] void starve(struct kunit *test, Range range = Range::lower)
{
	Shortage<F>{test, range}.suffer();
}

// One buffer is a table larger than the one before, until all the changes find room.
template <class F> [[gnu::noinline]] void starve_image(struct kunit *test, unsigned bits, Pa base)
{
	using Granule = typename F::Granule;
	using Input = typename F::Input;
	constexpr size_t most = 24;
	constexpr uint64_t page = Granule::page_size;
	constexpr uint64_t block = Granule::size(2);
	auto buffer = scratch<Descriptor>(test, most * Granule::entries);
	auto before = scratch<Descriptor>(test, most * Granule::entries);
	const Geometry shape = geometry_of<F>(bits).value();
	const Region<Input> blocks{Input{0}, 2 * block};
	unsigned refused = 0;
	bool done = false;

	ASSERT(!buffer.empty() && !before.empty());
	for (size_t tables = 0; tables <= most && !done; tables++) {
		Image<F> image{buffer.first(tables * Granule::entries)};
		const auto attempt = [&](const auto &change) {
			const size_t bytes = image.bytes();

			__builtin_memcpy(before.data(), buffer.data(), bytes);

			const Result<void> result = change();

			if (result)
				return true;
			refused++;
			EXPECT_EQ(result.error().code, Errc::no_memory);
			EXPECT_EQ(image.bytes(), bytes);
			EXPECT(!__builtin_memcmp(before.data(), buffer.data(), bytes));
			return false;
		};

		if (!attempt([&] { return image.create(shape, base); }))
			continue;
		done = attempt([&] { return image.map(blocks, Pa{0}, normal | rw); }) &&
		       attempt([&] {
			       return image.map({Input{4 * block}, page}, Pa{0}, normal | r);
		       }) &&
		       attempt([&] {
			       return image.edit([&](auto &tree, auto &batch) {
				       return unmap(tree, batch, {Input{page}, page});
			       });
		       }) &&
		       attempt([&] {
			       return image.edit([&](auto &tree, auto &batch) {
				       return cut(tree, batch, {Input{block}, block});
			       });
		       });
	}
	EXPECT(done);
	// Root, then one table a change, and those between the root and level 2.
	EXPECT(refused >= 4);
}

} // namespace

TEST(every_allocation_fails_at_stage_2)
{
	starve<Stage2_4K>(test);
	starve<Format<Stage2, Granule16K>>(test);
	starve<Format<Stage2Fwb, Granule64K, 52>>(test);
}

TEST(every_allocation_fails_at_stage_1)
{
	starve<Format<El1And0, Granule4K>>(test, Range::upper);
	starve<Format<El2And0, Granule16K, 52>>(test, Range::upper);
	starve<Format<El2, Granule64K>>(test);
	starve<Format<El3, Granule4K, 52>>(test);
}

TEST(every_table_of_an_image_fails)
{
	starve_image<Format<El1And0, Granule4K>>(test, 39, Pa{0x4000'0000});
	starve_image<Format<Stage2, Granule16K>>(test, 40, Pa{0x4000'0000});
	starve_image<Format<El3, Granule64K, 52>>(test, 48, Pa{0x4000'0000});
}

SUITE(exhausted, every_allocation_fails_at_stage_2, every_allocation_fails_at_stage_1,
      every_table_of_an_image_fails);
