// SPDX-License-Identifier: GPL-2.0-only
//
// Threads of the host's that map pages of one tree at once, through Mapping::shared: how much faster are two than one?
// scripts/bench-parallel.sh runs it.
//
//   parallel          times, the shortest of many runs: whoever else uses the machine only makes one longer
//   parallel count    under callgrind, one thread: instructions a page
#include "vmsa/vmsa.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include <valgrind/callgrind.h>

using namespace vmsa;

namespace
{

using F = Stage2_4K;
constexpr uint64_t page = F::Granule::page_size;
constexpr uint64_t pages = 32768; // of each thread: about a millisecond
constexpr unsigned most_threads = 2;
constexpr Ipa start{4 * GiB};
constexpr Pa ram{2 * GiB};
constexpr auto long_enough = std::chrono::seconds{5}; // for each row

// Tables of an arena, handed out by one atomic addition and never given back.
class Memory {
    public:
	Descriptor *allocate(size_t bytes)
	{
		const size_t at = used_.fetch_add(bytes, std::memory_order_relaxed);

		if (at + bytes > arena_bytes)
			return nullptr;

		auto *table = reinterpret_cast<Descriptor *>(arena_.get() + at);

		std::memset(table, 0, bytes);
		return table;
	}
	void free(Descriptor *, size_t)
	{
	}
	Pa physical(const Descriptor *table) const
	{
		return Pa{reinterpret_cast<uintptr_t>(table)};
	}
	Descriptor *pointer(Pa pa) const
	{
		return reinterpret_cast<Descriptor *>(pa.raw());
	}
	void reset()
	{
		used_ = 0;
	}

    private:
	static constexpr size_t arena_bytes = 4 * MiB;

	struct Free {
		void operator()(unsigned char *p) const
		{
			std::free(p);
		}
	};

	std::unique_ptr<unsigned char, Free> arena_{
		static_cast<unsigned char *>(std::aligned_alloc(64 * KiB, arena_bytes))};
	alignas(64) std::atomic<size_t> used_{0};
};

// ---- The reader's lock of whoever owns the tree ----

struct NoLock {
	static constexpr char name[] = "none";

	void share(unsigned)
	{
	}
	void unshare(unsigned)
	{
	}
};

// As the kernel's rw_semaphore: readers count in one word.
struct OneWord {
	static constexpr char name[] = "a word";

	void share(unsigned)
	{
		readers.fetch_add(1, std::memory_order_acquire);
	}
	void unshare(unsigned)
	{
		readers.fetch_sub(1, std::memory_order_release);
	}

	alignas(64) std::atomic<unsigned> readers{0};
};

// What could be: a word for each thread. A writer would have to look at all of them.
struct OwnWords {
	static constexpr char name[] = "own words";

	struct alignas(64) Word {
		std::atomic<unsigned> inside{0};
	};

	void share(unsigned thread)
	{
		words[thread].inside.store(1, std::memory_order_seq_cst);
	}
	void unshare(unsigned thread)
	{
		words[thread].inside.store(0, std::memory_order_release);
	}

	Word words[most_threads];
};

// ---- What is measured ----

void check(const Result<void> &result)
{
	if (result)
		return;
	std::fprintf(stderr, "parallel: error %d\n", int(result.error().code));
	std::exit(1);
}

// Which pages are whose: the threads take `run` pages each by turns. Eight descriptors are a line of a cache.
struct Pattern {
	const char *name;
	uint64_t run;

	uint64_t page_of(uint64_t n, unsigned thread, unsigned threads) const
	{
		return (n / run * threads + thread) * run + n % run;
	}
};

constexpr Pattern disjoint{"disjoint", pages};
constexpr Pattern lines{"interleaved by 8", 8};
constexpr Pattern interleaved{"interleaved", 1};

// Seconds from when all threads are there to when the last one is done.
template <class Lock, class Around>
double run(Memory &memory, Lock &lock, const Pattern &pattern, unsigned threads,
	   const Around &around)
{
	using Clock = std::chrono::steady_clock;

	NoTlb tlb;

	memory.reset();

	Mapping<F, Memory, NoTlb> mapping{memory, tlb};
	std::atomic<unsigned> arrived{0};
	Clock::time_point begin[most_threads], end[most_threads];
	const auto body = [&](unsigned thread) {
		NoTlb mine;

		arrived++;
		while (arrived < threads)
			;
		begin[thread] = Clock::now();
		around();
		for (uint64_t n = 0; n < pages; n++) {
			const uint64_t offset = pattern.page_of(n, thread, threads) * page;

			lock.share(thread);

			const auto result = mapping.shared(mine).map(start + offset, last_level,
								     ram + offset, normal | rw);

			lock.unshare(thread);
			check(result);
		}
		around();
		end[thread] = Clock::now();
	};

	check(mapping.create(stage2_geometry<Granule4K>(44, 48).value()));

	std::vector<std::thread> others;

	for (unsigned i = 1; i < threads; i++)
		others.emplace_back(body, i);
	body(0);
	for (std::thread &t : others)
		t.join();
	if (census(mapping.tree()).leaves[last_level] != threads * pages) {
		std::fprintf(stderr, "parallel: a page is missing\n");
		std::exit(1);
	}
	return std::chrono::duration<double>(*std::max_element(end, end + threads) -
					     *std::min_element(begin, begin + threads))
		.count();
}

// One thread and two by turns, so that both find the machine as quiet.
template <class Lock> void measure(const Pattern &pattern)
{
	const auto until = std::chrono::steady_clock::now() + long_enough;
	Memory memory;
	Lock lock;
	double least[most_threads + 1] = {0, 1e9, 1e9};

	while (std::chrono::steady_clock::now() < until) {
		for (unsigned threads = 1; threads <= most_threads; threads++)
			least[threads] = std::min(least[threads],
						  run(memory, lock, pattern, threads, [] {}));
	}
	std::printf("%-28s %-14s %8.1f %8.1f %7.2f\n", pattern.name, Lock::name,
		    pages / least[1] / 1e6, 2 * pages / least[2] / 1e6, 2 * least[1] / least[2]);
}

// callgrind counts what is between.
void count()
{
	Memory memory;
	NoLock lock;

	run(memory, lock, disjoint, 1, [] { CALLGRIND_TOGGLE_COLLECT; });
}

} // namespace

int main(int argc, char **argv)
{
	if (argc > 1 && std::string_view{argv[1]} == "count") {
		count();
		std::printf("%lu\n", static_cast<unsigned long>(pages));
		return 0;
	}
	std::printf("%-28s %-14s %8s %8s %7s\n", "million pages a second", "reader's lock",
		    "1 thread", "2", "ratio");
	for (const Pattern &pattern : {disjoint, lines, interleaved})
		measure<NoLock>(pattern);
	for (const Pattern &pattern : {disjoint, interleaved}) {
		measure<OneWord>(pattern);
		measure<OwnWords>(pattern);
	}
}
