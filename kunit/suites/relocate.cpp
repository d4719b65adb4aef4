// SPDX-License-Identifier: GPL-2.0-only
//
// Relocate: tables, and what knows of them, made at one address, used at another, as when the MMU is on. The old place
// is full of poison then, and its own to nobody.
#include "support/live_bench.hpp"
#include "vmsa/mapping.hpp"
#include "vmsa/stocked_memory.hpp"

#include <cstring>
#include <new>

#if defined(__has_feature) && !defined(__KERNEL__)
#if __has_feature(address_sanitizer)
#define HAS_ASAN
extern "C" void __asan_poison_memory_region(void const volatile *at, size_t bytes);
extern "C" void __asan_unpoison_memory_region(void const volatile *at, size_t bytes);
#endif
#endif

using namespace vmsa;
using namespace support;

namespace
{

constexpr uint64_t page = 4 * KiB;
constexpr size_t tables = 8;
constexpr Pa ram{0x8000'0000};

using Pool = TablePool<Granule4K>;

// Objects, and the tables of their pool, in one piece of memory, which moves once.
template <class Objects> class Board {
    public:
	template <class... Args>
	explicit Board(struct kunit *test, Args... args)
	    : here_{scratch<Descriptor>(test, words, page)}, there_{scratch<Descriptor>(
								     test, words + 512, page)}
	{
		if (!is_there())
			return;
		new (here_.data()) Objects{here_.data() + words - tables * 512, args...};
	}
	~Board()
	{
#if defined(HAS_ASAN)
		__asan_unpoison_memory_region(here_.data(), here_.size_bytes());
#endif
	}

	bool is_there() const
	{
		return !here_.empty() && !there_.empty();
	}

	Objects &before() const
	{
		return *reinterpret_cast<Objects *>(here_.data());
	}

	// The objects where they are now, and how much further on that is.
	Objects &after() const
	{
		return *reinterpret_cast<Objects *>(new_place());
	}
	int64_t by() const
	{
		return static_cast<int64_t>(reinterpret_cast<uintptr_t>(new_place()) -
					    reinterpret_cast<uintptr_t>(here_.data()));
	}

	void move()
	{
		std::memcpy(new_place(), here_.data(), here_.size_bytes());
		for (Descriptor &word : here_)
			word = ScratchMemory::poison;
#if defined(HAS_ASAN)
		__asan_poison_memory_region(here_.data(), here_.size_bytes());
#endif
	}

	// Has nobody written to the old place?
	bool is_left_alone() const
	{
#if defined(HAS_ASAN)
		__asan_unpoison_memory_region(here_.data(), here_.size_bytes());
#endif
		for (const Descriptor word : here_) {
			if (word != ScratchMemory::poison)
				return false;
		}
		return true;
	}

    private:
	static constexpr size_t object_words = 512;
	static constexpr size_t words = object_words + tables * 512;
	static_assert(sizeof(Objects) <= object_words * sizeof(Descriptor));

	Descriptor *new_place() const
	{
		return there_.data() + 512;
	}

	std::span<Descriptor> here_;
	std::span<Descriptor> there_;
};

struct LiveObjects {
	Pool pool;
	IdMap<El1And0, Granule4K, 48, Pool, CpuRecorder> map;

	LiveObjects(Descriptor *block, CpuLog *log)
	    : pool{block, tables * page, ram}, map{pool, {.va_bits = 39, .asid = 5}, {}, {log}}
	{
	}
};

// What stands in the descriptors is the same before and after: hardware may be walking.
TEST(a_live_map_goes_on_elsewhere)
{
	CpuLog log{test};
	Board<LiveObjects> board{test, &log};
	ASSERT(board.is_there());
	LiveObjects &first = board.before();

	ASSERT(first.map.created());
	ASSERT(first.map.map({Va{GiB}, 2 * MiB}, normal | rw));
	ASSERT(first.map.map({Va{2 * GiB}, page}, normal | rw));
	ASSERT(first.map.unmap({Va{2 * GiB}, page})); // two tables in the list, and two in use
	static_cast<void>(first.map.activate());
	const uint64_t root = first.map.root_register();
	const uint64_t ttbr = log[Register::ttbr0_el1];

	board.move();
	auto &[pool, map] = board.after();
	log.forget();
	pool.relocate(board.by());
	map.relocate(board.by(), pool);
	EXPECT(log.empty());
	EXPECT_EQ(map.root_register(), root);
	EXPECT_EQ(log[Register::ttbr0_el1], ttbr);
	EXPECT_EQ(pool.tables(), tables);
	EXPECT_EQ(map.translate(Va{GiB + 0x1234}).value().pa, Pa{GiB + 0x1234});
	EXPECT_EQ(map.translate(Va{2 * GiB}).error().code, Errc::not_mapped);

	// A cut takes a table from the list, and its invalidation comes from the TLB that moved, too.
	EXPECT(map.protect({Va{GiB}, page}, r));
	EXPECT(!log.empty());
	EXPECT_EQ(map.translate(Va{GiB}).value().attributes().access, Stage1Access(r));
	EXPECT_EQ(map.translate(Va{GiB + page}).value().attributes().access, Stage1Access(rw));
	EXPECT(map.map({Va{3 * GiB}, 2 * page},
		       normal | rw)); // one of the list, one never handed out
	EXPECT(map.map({Va{4 * GiB}, page}, normal | rw));
	EXPECT_EQ(map.map({Va{6 * GiB}, 3 * GiB}, normal | rw, {.largest = 2}).error().code,
		  Errc::no_memory);
	EXPECT(map.unmap({Va{GiB}, 2 * MiB}));

	map.mark_inactive();
	EXPECT(map.destroy());
	for (size_t i = 0; i < tables; i++)
		EXPECT(pool.allocate(page) != nullptr);
	EXPECT(pool.allocate(page) == nullptr);
	map.~IdMap<El1And0, Granule4K, 48, Pool, CpuRecorder>();
	EXPECT(board.is_left_alone());
}

struct CountingTlb {
	unsigned invalidations = 0;

	void invalidate(Region<Ipa>, Level, bool)
	{
		invalidations++;
	}
	void sync()
	{
	}
};

struct GuestObjects {
	using Stock = StockedMemory<Pool, Granule4K>;

	Pool pool;
	Stock stock;
	CountingTlb tlb;
	Mapping<Stage2_4K, Stock, CountingTlb> map;

	explicit GuestObjects(Descriptor *block)
	    : pool{block, tables * page, ram}, stock{pool}, map{stock, tlb}
	{
	}
};

TEST(a_mapping_and_its_stock_go_on_elsewhere)
{
	Board<GuestObjects> board{test};
	ASSERT(board.is_there());
	GuestObjects &first = board.before();

	ASSERT(first.map.create(stage2_geometry<Granule4K>(39, 40).value()));
	ASSERT(first.map.map({Ipa{GiB}, 2 * MiB}, Linear{Ipa{GiB}, Pa{GiB}}, normal | rw));
	ASSERT(first.stock.stock(3));
	board.move();
	auto &[pool, stock, tlb, map] = board.after();
	pool.relocate(board.by());
	stock.relocate(board.by(), pool);
	map.relocate(board.by(), stock, tlb);

	EXPECT_EQ(map.translate(Ipa{GiB}).value().pa, Pa{GiB});
	EXPECT(map.protect({Ipa{GiB}, page}, r));
	EXPECT_EQ(tlb.invalidations, 1); // of the break
	EXPECT_EQ(stock.stocked(), 2);
	EXPECT(map.map({Ipa{2 * GiB}, page}, Linear{Ipa{2 * GiB}, Pa{0}}, normal | rw));
	EXPECT_EQ(stock.stocked(), 0);
	EXPECT(stock.stock(3)); // all that are left
	EXPECT(map.unmap({Ipa{GiB}, page}));
	EXPECT_EQ(tlb.invalidations, 2);
	stock.release();
	map.destroy();
	for (size_t i = 0; i < tables; i++)
		EXPECT(pool.allocate(page) != nullptr);
	EXPECT(pool.allocate(page) == nullptr);
	EXPECT(board.is_left_alone());
}

// What has nothing moves, too, and still has nothing.
TEST(nothing_moves_without_harm)
{
	Pool none{nullptr, 0};
	Pool other{nullptr, 0};
	NoTlb tlb;
	Mapping<Stage2_4K, Pool, NoTlb> map{none, tlb};

	none.relocate(-64 * static_cast<int64_t>(KiB));
	map.relocate(-64 * static_cast<int64_t>(KiB), other, tlb);
	EXPECT(none.allocate(page) == nullptr);
	EXPECT(map.tree().root() == nullptr);
	EXPECT_EQ(map.create(stage2_geometry<Granule4K>(39, 40).value()).error().code,
		  Errc::no_memory);
	EXPECT_EQ(map.translate(Ipa{0}).error().code, Errc::beyond_input);
}

} // namespace

SUITE(relocate, a_live_map_goes_on_elsewhere, a_mapping_and_its_stock_go_on_elsewhere,
      nothing_moves_without_harm);
