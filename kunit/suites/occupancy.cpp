// SPDX-License-Identifier: GPL-2.0-only
//
// What it takes to know that a table is not empty: a few lines, wherever its last entries are.
#include "support/full_geometry.hpp"
#include "support/lab.hpp"
#include "support/scratch_memory.hpp"
#include "vmsa/mapping.hpp"

#if defined(__has_feature) && !defined(__KERNEL__)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define CAN_FORBID
#endif
#endif

using namespace vmsa;
using namespace support;

namespace
{

// As long as it lives, who reads a table elsewhere than in the lines of the entries `spared`, and in those
// beside, as far as a look goes without a scan, ends the test. Natively only.
class Forbidden {
    public:
	Forbidden([[maybe_unused]] const Descriptor *table, [[maybe_unused]] size_t entries,
		  [[maybe_unused]] std::span<const size_t> spared)
	    : table_{table}, entries_{entries}
	{
#ifdef CAN_FORBID
		__asan_poison_memory_region(table, entries * sizeof(Descriptor));
		for (size_t i : spared) {
			for (size_t near : {i - line_entries, i, i + line_entries})
				__asan_unpoison_memory_region(
					table + (near & (entries - line_entries)),
					line_entries * sizeof(Descriptor));
		}
#endif
	}
	~Forbidden()
	{
#ifdef CAN_FORBID
		__asan_unpoison_memory_region(table_, entries_ * sizeof(Descriptor));
#endif
	}
	Forbidden(const Forbidden &) = delete;

    private:
	[[maybe_unused]] const Descriptor *table_;
	[[maybe_unused]] size_t entries_;
};

// Entries of one table, that of `level` which decides address 0, made and taken away one by one.
template <class F, Level level> struct Bench {
	using Granule = typename F::Granule;
	using Input = typename F::Input;

	struct kunit *test;
	Verdict verdict{test};
	ScratchMemory memory{test, verdict, Granule::table_bytes, 64};
	NoTlb tlb;
	Mapping<F, ScratchMemory, NoTlb> mapping{memory, tlb};

	explicit Bench(struct kunit *t) : test{t}
	{
		EXPECT(mapping.create(geometry_of<F>(F::output_bits, Range::lower).value()));
	}
	~Bench()
	{
		mapping.destroy();
		EXPECT_EQ(memory.live(), 0);
	}

	static Region<Input> entry(size_t i)
	{
		return {Input{i << Granule::shift(level)}, Granule::size(level)};
	}
	bool map(size_t i)
	{
		return mapping.map(entry(i), Linear{Input{0}, Pa{0}}, normal | rw, {level}).ok();
	}
	bool unmap(size_t i)
	{
		return mapping.unmap(entry(i)).ok();
	}
	Descriptor *named_by()
	{
		Descriptor *found = nullptr;

		mapping.tree().steps(Input{0}, [&](Level l, size_t i, Pa pa, Descriptor) {
			if (l == level - 1)
				found = memory.pointer(pa) + i;
		});
		return found;
	}
	const Descriptor *table()
	{
		return mapping.tree().child(*named_by());
	}
	size_t known()
	{
		return occupancy.get(*named_by());
	}
};

// Two far from each other, or anywhere: in turn, and so that none of them stays.
template <class F, Level level> void check_turns(struct kunit *test)
{
	constexpr size_t n = F::Granule::entries;
	constexpr size_t places[] = {0, n / 2, 3 * n / 4 - 1, n / 4};
	Bench<F, level> bench{test};

	ASSERT(bench.map(0) && bench.map(n / 2));
	ASSERT(bench.unmap(n / 2)); // which reads all of the table, once
	ASSERT_EQ(bench.known(), 1);

	const Forbidden elsewhere{bench.table(), n, places};

	for (size_t i = 0; i < 100; i++) {
		ASSERT(bench.map(n / 2));
		ASSERT(bench.unmap(n / 2));
	}
	for (size_t i = 0; i < 100; i++) {
		ASSERT(bench.map(places[(i + 1) % 4]));
		ASSERT(bench.unmap(places[i % 4]));
		ASSERT_EQ(bench.known(), 1);
	}
	ASSERT(bench.verdict.good());
}

// As many lines as there are, all alone, go one by one. All of the table is read every 63 times at the most.
template <class F, Level level> void check_scans(struct kunit *test)
{
	constexpr size_t n = F::Granule::entries;
	constexpr size_t apart = 2 * line_entries;
	Bench<F, level> bench{test};
	size_t scans = 0;
	size_t known = 0;

	for (size_t i = 0; i < n; i += apart)
		ASSERT(bench.map(i));
	for (size_t i = 0; i + apart < n; i += apart) {
		ASSERT(bench.unmap(i));
		scans += bench.known() > known;
		known = bench.known();
	}
	EXPECT(scans <= 1 + n / apart / most_known);
	EXPECT_EQ(known, 1);
	ASSERT(bench.unmap(n - apart));
	EXPECT_EQ(bench.memory.live(), bench.mapping.tree().geometry().root_tables);
	ASSERT(bench.verdict.good());
}

template <class G> void check(struct kunit *test)
{
	check_turns<Format<Stage2, G>, 3>(test);
	check_turns<Format<El1And0, G>, 2>(test);
	check_scans<Format<El1And0, G>, 3>(test);
	check_scans<Format<Stage2, G>, 2>(test);
}

} // namespace

TEST(a_few_lines_are_read_4k)
{
	check<Granule4K>(test);
}

TEST(a_few_lines_are_read_16k)
{
	check<Granule16K>(test);
}

TEST(a_few_lines_are_read_64k)
{
	check<Granule64K>(test);
}

// The next entry is close, also in the next line: nothing is noted, and no entry but those is read.
TEST(who_goes_page_by_page_finds_the_next)
{
	constexpr size_t n = Granule4K::entries;

	for (bool up : {true, false}) {
		Bench<Format<Stage2, Granule4K>, 3> bench{test};

		for (size_t i = 0; i < n; i++)
			ASSERT(bench.map(i));
		for (size_t i = 0; i < n - 1; i++) {
			ASSERT(bench.unmap(up ? i : n - 1 - i));
			ASSERT_EQ(bench.known(), 0);
		}
		ASSERT(bench.unmap(up ? n - 1 : 0));
		EXPECT_EQ(bench.memory.live(), bench.mapping.tree().geometry().root_tables);
		ASSERT(bench.verdict.good());
	}
}

// What is known of a table holds whatever made its entries, or took them: never more than there is.
TEST(what_is_known_is_never_more_than_there_is)
{
	using F = Format<Stage2, Granule4K>;
	Bench<F, 3> bench{test};
	const auto lines = [&] {
		return occupied_lines(bench.table(), 512);
	};
	const auto pages = [](size_t first, size_t n) {
		return Region<Ipa>{Ipa{first * 4 * KiB}, n * 4 * KiB};
	};
	const Linear rule{Ipa{0}, Pa{0}};
	auto &m = bench.mapping;

	ASSERT(bench.map(0) && bench.map(256) && bench.unmap(256));
	ASSERT_EQ(bench.known(), 1);
	ASSERT(m.map(pages(100, 100), rule, normal | rw));
	ASSERT_EQ(bench.known(), lines());
	ASSERT(m.annotate(pages(300, 9), uint64_t{5}));
	ASSERT_EQ(bench.known(), lines());
	ASSERT(m.map(pages(300, 8), rule, normal | rw, {.over = annotation(uint64_t{5})}));
	ASSERT(m.unmap(pages(300, 8), uint64_t{5}));
	ASSERT_EQ(bench.known(), lines());
	ASSERT(m.unmap(pages(100, 100), [](const auto &) {}));
	ASSERT_EQ(bench.known(), lines());
	ASSERT(m.unannotate(pages(300, 9), uint64_t{5}));
	ASSERT_EQ(bench.known(), 1);
	// From here on more than can be said, and then all.
	ASSERT(m.map(pages(1, 511), rule, normal | rw));
	ASSERT_EQ(bench.known(), most_known);
	ASSERT(m.unmap(pages(1, 511)));
	ASSERT(bench.known() <= lines());
	ASSERT(m.unmap(pages(0, 1)));
	EXPECT_EQ(bench.memory.live(), m.tree().geometry().root_tables);
	ASSERT(bench.verdict.good());
}

// Lines side by side, of which one goes: that something is near says that the table stays, not what is in it.
TEST(a_line_that_goes_beside_another_counts)
{
	Bench<Format<Stage2, Granule4K>, 3> bench{test};

	ASSERT(bench.map(0) && bench.map(line_entries) && bench.map(256) && bench.unmap(256));
	ASSERT_EQ(bench.known(), 2);
	ASSERT(bench.unmap(0));
	ASSERT_EQ(bench.known(), 1);
	ASSERT(bench.unmap(line_entries));
	EXPECT_EQ(bench.memory.live(), bench.mapping.tree().geometry().root_tables);
	ASSERT(bench.verdict.good());
}

// Tables that others made may say anything there: one that is empty may stay, none goes that is not.
TEST(what_others_left_there_frees_nothing)
{
	for (size_t known : {1, 2, 63}) {
		Bench<Format<Stage2, Granule4K>, 3> bench{test};

		ASSERT(bench.map(0) && bench.map(256));
		know(bench.named_by(), known);
		ASSERT(bench.unmap(256));
		EXPECT(bench.mapping.translate(Ipa{0}));
		ASSERT(bench.unmap(0));
		EXPECT(!bench.mapping.translate(Ipa{0}));
		ASSERT(bench.verdict.good());
	}
}

// The table is known to have two lines when a map fills the rest of one of them, and goes on in the next table.
TEST(a_map_across_two_tables_counts_the_lines_that_it_fills)
{
	constexpr uint64_t page = 4 * KiB;
	constexpr Ipa table{2 * MiB};
	Lab<Stage2_4K> lab{test, 40};

	for (uint64_t entry : {100, 256, 504})
		ASSERT(lab.map({table + entry * page, page}, Pa{0}, normal | rw));
	ASSERT(lab.unmap({table + 100 * page, page}));
	ASSERT_EQ(vmsa::occupancy.get(*(lab.tree().slot(table).named_by)), 2);
	EXPECT(lab.map({table + 505 * page, 8 * page}, Pa{0}, normal | rw));
	EXPECT_EQ(vmsa::occupancy.get(*(lab.tree().slot(table).named_by)), 2);
	EXPECT(lab.good());
}

SUITE(occupancy, a_map_across_two_tables_counts_the_lines_that_it_fills, a_few_lines_are_read_4k,
      a_few_lines_are_read_16k, a_few_lines_are_read_64k, what_is_known_is_never_more_than_there_is,
      a_line_that_goes_beside_another_counts, what_others_left_there_frees_nothing,
      who_goes_page_by_page_finds_the_next);
