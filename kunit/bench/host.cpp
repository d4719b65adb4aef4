// SPDX-License-Identifier: GPL-2.0-only
//
// What operations cost, in instructions. Runs under callgrind, which counts between begin() and
// end(); the same binary gives the same count on every run. scripts/bench-host.sh makes the table.
//
// Beside each operation stands its bound: a hand-written loop over bare descriptors that does the
// least it could, measured in the same run.
#include "vmsa/vmsa.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <random>
#include <vector>

#include <valgrind/callgrind.h>

using namespace vmsa;

namespace
{

using F = Stage2_4K;
constexpr uint64_t page = F::Granule::page_size;
constexpr uint64_t block = F::Granule::size(2);
constexpr size_t pages = GiB / page;
constexpr Ipa start{4 * GiB};
constexpr Region<Ipa> all{start, GiB};
constexpr Pa ram{2 * GiB};
constexpr Linear rule{start, ram};

// Tables come from an arena that only grows and a free list; physical addresses are pointers.
class Memory {
    public:
	Descriptor *allocate(size_t bytes)
	{
		Descriptor *table = next_;

		if (bytes == F::Granule::table_bytes && free_) {
			table = free_;
			free_ = reinterpret_cast<Descriptor *>(*table);
		} else {
			next_ += bytes / sizeof(Descriptor);
		}
		std::memset(table, 0, bytes);
		return table;
	}
	void free(Descriptor *table, size_t)
	{
		*table = reinterpret_cast<Descriptor>(free_);
		free_ = table;
	}
	Pa physical(const Descriptor *table) const
	{
		return Pa{reinterpret_cast<uintptr_t>(table)};
	}
	Descriptor *pointer(Pa pa) const
	{
		return reinterpret_cast<Descriptor *>(pa.raw());
	}

    private:
	Descriptor *next_ = static_cast<Descriptor *>(std::aligned_alloc(64 * KiB, 4 * MiB));
	Descriptor *free_ = nullptr;
};

struct Guest {
	Memory memory;
	NoTlb tlb;
	Mapping<F, Memory, NoTlb> map{memory, tlb};

	Guest()
	{
		// 44 bits: four levels, as a 48-bit space has.
		check(map.create(stage2_geometry<Granule4K>(44, 48).value()));
		map.rules().live = false;
	}
	static void check(const Result<void> &result)
	{
		if (!result) {
			std::fprintf(stderr, "bench: error %d\n", int(result.error().code));
			std::exit(1);
		}
	}
	void fill(Level largest)
	{
		check(map.map(all, rule, normal | rw, {.largest = largest}));
	}
};

void begin()
{
	CALLGRIND_TOGGLE_COLLECT;
}

// `count` is what the instructions are divided by.
void end(const char *name, size_t count)
{
	CALLGRIND_TOGGLE_COLLECT;
	char label[64];

	std::snprintf(label, sizeof(label), "%s %zu", name, count);
	CALLGRIND_DUMP_STATS_AT(label);
}

std::vector<size_t> shuffled(size_t n)
{
	std::vector<size_t> order(n);

	std::iota(order.begin(), order.end(), 0);
	std::shuffle(order.begin(), order.end(), std::mt19937{1});
	return order;
}

// The result of a measured loop must be used, and be what it should.
volatile uint64_t sink;

void use(uint64_t result, uint64_t expected)
{
	sink = result;
	if (sink == expected)
		return;
	std::fprintf(stderr, "bench: a wrong result\n");
	std::exit(1);
}

// Of the output addresses of all pages.
constexpr uint64_t sum_of_outputs = pages * ram.raw() + pages * (pages - 1) / 2 * page;

void measure_map()
{
	Guest guest;

	begin();
	guest.fill(last_level);
	end("map_4k", pages);

	Guest blocks;

	begin();
	blocks.fill(2);
	end("map_2m", GiB / block);
}

void measure_protect()
{
	Guest guest;

	guest.fill(last_level);
	begin();
	Guest::check(guest.map.protect(all, r));
	end("protect_4k", pages);
}

// What hardware may be walking, by which kind of leaf. NoTlb is told, and does nothing.
void measure_live()
{
	constexpr auto nothing = [](Region<Ipa>, Level) {
	};
	const auto live = [](auto attributes, const char *name, size_t count, const auto &change) {
		Guest guest;

		Guest::check(guest.map.map(all, rule, attributes, {.largest = last_level}));
		guest.map.rules().live = true;
		begin();
		change(guest.map);
		end(name, count);
	};
	Stage2Attributes logged = normal | rw, clean = normal | r, aged = normal | rw;

	logged.dbm = clean.dbm = true;
	aged.accessed = false;
	live(normal | rw, "protect_live", pages,
	     [](auto &map) { Guest::check(map.protect(all, r)); });
	live(aged, "protect_aged", pages, [](auto &map) { Guest::check(map.protect(all, r)); });
	live(normal | r, "protect_same", pages,
	     [](auto &map) { Guest::check(map.protect(all, r)); });
	live(normal | rw, "age_4k", pages,
	     [&](auto &map) { Guest::check(map.harvest_accessed(all, nothing)); });
	live(clean, "age_clean", pages,
	     [&](auto &map) { Guest::check(map.harvest_accessed(all, nothing)); });
	live(logged, "dirty_4k", pages,
	     [&](auto &map) { Guest::check(map.harvest_dirty(all, nothing)); });
	live(normal | rw, "unmap_4k", pages, [](auto &map) { Guest::check(map.unmap(all)); });
	live(normal | rw, "remap_4k", pages, [](auto &map) {
		Guest::check(map.remap(all, Linear{start, ram + page}, normal | rw,
				       {.largest = last_level}));
	});
	live(normal | rw, "fold_2m", pages, [](auto &map) { Guest::check(map.fold(all)); });
	live(normal | rw, "destroy_4k", pages, [](auto &map) { map.destroy(); });
}

void measure_walk()
{
	Guest guest;

	guest.fill(last_level);
	begin();
	const size_t leaves = census(guest.map.tree()).leaves[last_level];

	end("walk_4k", pages);
	use(leaves, pages);
}

void measure_translate()
{
	Guest guest;
	const auto order = shuffled(pages);
	uint64_t sum = 0;

	guest.fill(last_level);
	begin();
	for (const size_t i : order)
		sum += guest.map.translate(start + i * page).value().pa.raw();
	end("translate", pages);
	use(sum, sum_of_outputs);
}

void measure_random()
{
	Guest guest;
	const auto order = shuffled(pages);

	begin();
	for (const size_t i : order)
		Guest::check(guest.map.map({start + i * page, page}, rule, normal | rw));
	end("map_random", pages);
	use(census(guest.map.tree()).leaves[last_level], pages);
	begin();
	for (const size_t i : order)
		Guest::check(guest.map.unmap({start + i * page, page}));
	end("unmap_single", pages);
	use(census(guest.map.tree()).leaves[last_level], 0);
}

void measure_unmap()
{
	Guest guest;

	guest.fill(last_level);
	begin();
	Guest::check(guest.map.unmap({start + 5 * page, GiB - 12 * page}));
	end("unmap_ragged", pages - 12);
}

void measure_cut()
{
	constexpr size_t n = 64;
	Guest guest;

	guest.fill(2);
	begin();
	for (size_t i = 0; i < n; i++)
		Guest::check(guest.map.cut({start + i * block, block}));
	end("cut_2m", n);
}

// A page every 2 MiB: a table each. That it costs as much in a large image is why the bound is what it
// costs in a small one.
void measure_image(const char *name, size_t tables)
{
	std::vector<Descriptor> buffer((tables + tables / 512 + 4) * F::Granule::entries);
	Image<F> image{buffer};

	Guest::check(image.create(stage2_geometry<Granule4K>(40, 48).value(), ram));
	Guest::check(image.map({Ipa{0}, page}, ram, normal | r));
	begin();
	for (size_t i = 1; i <= tables; i++)
		Guest::check(image.map({Ipa{i * block}, page}, ram, normal | r));
	end(name, tables);
}

// ---- The bounds ----

[[gnu::noinline]] void bare_fill(Descriptor *d, size_t n, Descriptor first, uint64_t step)
{
	fill(d, n, first, step);
}

[[gnu::noinline]] void bare_protect(Descriptor *d, size_t n, Descriptor mask, Descriptor bits)
{
	VMSA_UNROLL
	for (size_t i = 0; i < n; i++)
		d[i] = (d[i] & ~mask) | bits;
}

[[gnu::noinline]] uint64_t bare_count(const Descriptor *d, size_t n)
{
	uint64_t count = 0;

	VMSA_UNROLL
	for (size_t i = 0; i < n; i++)
		count += d[i] & 1;
	return count;
}

// Four loads, each the index of the next.
[[gnu::noinline]] uint64_t bare_translate(const Descriptor *root, uint64_t input)
{
	for (unsigned shift = 39; shift > 12; shift -= 9)
		root = reinterpret_cast<const Descriptor *>(root[input >> shift & 511] &
							    0xffff'ffff'f000);
	return (root[input >> 12 & 511] & 0xffff'ffff'f000) | (input & 4095);
}

[[gnu::noinline]] void bare_set(Descriptor *root, uint64_t input, Descriptor d)
{
	for (unsigned shift = 39; shift > 12; shift -= 9)
		root = reinterpret_cast<Descriptor *>(root[input >> shift & 511] &
						      0xffff'ffff'f000);
	root[input >> 12 & 511] = d;
}

void measure_bounds()
{
	Guest guest;
	std::vector<Descriptor> flat(pages);
	const auto order = shuffled(pages);
	uint64_t sum = 0;

	begin();
	bare_fill(flat.data(), pages, ram.raw() | 0x7ff, page);
	end("bound map_4k", pages);
	begin();
	bare_fill(flat.data(), GiB / block, ram.raw() | 0x7fd, block);
	end("bound map_2m", GiB / block);
	begin();
	bare_protect(flat.data(), pages, F::access_bits, F::encode(r));
	end("bound protect_4k", pages);
	begin();
	sink = bare_count(flat.data(), pages);
	end("bound walk_4k", pages);
	begin();
	sink = bare_count(flat.data(), pages - 12); // look at each; most go with their table
	end("bound unmap_ragged", pages - 12);

	guest.fill(last_level);
	Descriptor *root = guest.map.tree().root();

	begin();
	for (const size_t i : order)
		sum += bare_translate(root, (start + i * page).raw());
	end("bound translate", pages);
	use(sum, sum_of_outputs);
	begin();
	for (const size_t i : order)
		bare_set(root, (start + i * page).raw(), 0);
	end("bound unmap_single", pages);
	begin();
	for (const size_t i : order)
		bare_set(root, (start + i * page).raw(), (ram.raw() + i * page) | 0x7ff);
	end("bound map_random", pages);

	begin();
	for (size_t i = 0; i < 64; i++)
		bare_fill(flat.data() + i * 512, 512, ram.raw() | 0x7ff, page);
	end("bound cut_2m", 64);
}

} // namespace

#ifdef WITH_CRATE
// crate.rs.
extern "C" void bench_crate(const size_t *order, void (*begin)(),
			    void (*end)(const char *, size_t));
#endif

int main()
{
	measure_map();
	measure_protect();
	measure_live();
	measure_walk();
	measure_translate();
	measure_random();
	measure_unmap();
	measure_cut();
	measure_image("image_table", 32768);
	measure_bounds();
	measure_image("bound image_table", 256);
#ifdef WITH_CRATE
	bench_crate(shuffled(pages).data(), begin, end);
#endif
}
