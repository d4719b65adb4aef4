// SPDX-License-Identifier: GPL-2.0-only
//
// Does a page of a large guest cost as much as one of a small guest, in every format? Runs under callgrind, as
// host.cpp does; scripts/bench-scale.sh makes the table. Sizes go from 2 MiB to 64 GiB, or to as many pages as the
// argument says. Each dump names itself: FORMAT OPERATION BYTES COUNT.
//
// The RAM is 1 GiB, which is mapped again and again. What the owner does for a table, zeroing it, is not counted.
#include "vmsa/vmsa.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include <valgrind/callgrind.h>

using namespace vmsa;

namespace
{

constexpr Ipa start{64 * GiB};
constexpr uint64_t ram_bytes = GiB;

void require(bool holds, const char *what)
{
	if (holds)
		return;
	std::fprintf(stderr, "scale: %s\n", what);
	std::exit(1);
}

void check(const Result<void> &result)
{
	require(result.ok(), "an error");
}

bool counting;

void begin()
{
	counting = true;
	CALLGRIND_TOGGLE_COLLECT;
}

void stop()
{
	CALLGRIND_TOGGLE_COLLECT;
	counting = false;
}

// Tables of any granule, from memory that every guest takes from the beginning.
class Memory {
    public:
	Memory()
	{
		next_ = first_;
	}
	[[gnu::noinline]] Descriptor *allocate(size_t bytes)
	{
		const bool counted = counting;

		if (counted)
			CALLGRIND_TOGGLE_COLLECT;
		Descriptor *table = free_;

		if (table && bytes == free_bytes_) {
			free_ = reinterpret_cast<Descriptor *>(*table);
		} else {
			const uintptr_t at =
				(reinterpret_cast<uintptr_t>(next_) + bytes - 1) & -bytes;

			table = reinterpret_cast<Descriptor *>(at);
			next_ = table + bytes / sizeof(Descriptor);
			require(next_ <= first_ + room / sizeof(Descriptor),
				"the arena is too small");
		}
		std::memset(table, 0, bytes);
		bytes_ += bytes;
		if (counted)
			CALLGRIND_TOGGLE_COLLECT;
		return table;
	}
	void free(Descriptor *table, size_t bytes)
	{
		bytes_ -= bytes;
		*table = reinterpret_cast<Descriptor>(free_);
		free_ = table;
		free_bytes_ = bytes; // none but the root has another size, and it goes last
	}
	Pa physical(const Descriptor *table) const
	{
		return Pa{reinterpret_cast<uintptr_t>(table)};
	}
	Descriptor *pointer(Pa pa) const
	{
		return reinterpret_cast<Descriptor *>(pa.raw());
	}
	// Of all tables there are.
	size_t bytes() const
	{
		return bytes_;
	}

    private:
	static constexpr size_t room = 200 * MiB;

	static inline Descriptor *const first_ =
		static_cast<Descriptor *>(std::aligned_alloc(MiB, room));
	Descriptor *next_;
	Descriptor *free_ = nullptr;
	size_t free_bytes_ = 0;
	size_t bytes_ = 0;
};

// The RAM, again and again.
struct Again {
	uint64_t further = 0; // in the RAM

	Extent operator()(Ipa at) const
	{
		const uint64_t offset = (at.raw() + further) % ram_bytes;

		return {Pa{ram_bytes + offset}, ram_bytes - offset};
	}
};

template <class F> struct Guest {
	Memory memory;
	NoTlb tlb;
	Mapping<F, Memory, NoTlb> map{memory, tlb};

	Guest()
	{
		check(map.create(
			stage2_geometry<typename F::Granule, F::output_bits>(40, 48).value()));
	}
	~Guest()
	{
		map.destroy();
		require(!memory.bytes(), "a table is left");
	}
};

constexpr auto nothing = [](Region<Ipa>, Level) {
};

template <class F> class Scale {
    public:
	Scale(const char *format, uint64_t bytes)
	    : format_{format}, bytes_{bytes}, all_{start, bytes}, pages_{bytes / page}
	{
	}

	void measure()
	{
		Stage2Attributes logged = normal | rw;

		logged.dbm = true;
		{
			Guest<F> guest;

			begin();
			check(guest.map.map(all_, Again{}, normal | rw, pages_only));
			end("map", pages_);
			require(guest.map.translate(start).ok(), "nothing is mapped");
		}
		on_pages(normal | rw, "walk", [&](auto &map) {
			require(census(map.tree()).leaves[last_level] == pages_,
				"a leaf is missing");
		});
		on_pages(normal | rw, "protect", [&](auto &map) { check(map.protect(all_, r)); });
		on_pages(normal | rw, "age",
			 [&](auto &map) { check(map.harvest_accessed(all_, nothing)); });
		on_pages(logged, "dirty",
			 [&](auto &map) { check(map.harvest_dirty(all_, nothing)); });
		on_pages(normal | rw, "unmap", [&](auto &map) { check(map.unmap(all_)); });
		on_pages(normal | rw, "remap", [&](auto &map) {
			check(map.remap(all_, Again{page}, normal | rw, pages_only));
		});
		if (bytes_ >= F::Granule::size(2)) {
			on_blocks("cut", [&](auto &map) { check(map.cut(all_)); });
			on_pages(normal | rw, "fold", [&](auto &map) { check(map.fold(all_)); });
		}
		on_pages(normal | rw, "destroy", [&](auto &map) { map.destroy(); });
		each("translate", [](auto &map, Region<Ipa> at) {
			require(map.translate(at.first).ok(), "a page is missing");
		});
		each("unmap_single", [](auto &map, Region<Ipa> at) { check(map.unmap(at)); });
		each(
			"map_single",
			[](auto &map, Region<Ipa> at) { check(map.map(at, Again{}, normal | rw)); },
			true);
	}

    private:
	static constexpr uint64_t page = F::Granule::page_size;
	static constexpr MapLimits pages_only{.largest = last_level};
	static constexpr size_t calls = 1000;

	void end(const char *what, size_t count)
	{
		char label[96];

		stop();
		std::snprintf(label, sizeof(label), "%s %s %zu %zu", format_, what, size_t(bytes_),
			      count);
		CALLGRIND_DUMP_STATS_AT(label);
	}

	template <class Act>
	void on_pages(Stage2Attributes attributes, const char *what, const Act &act,
		      MapLimits limits = pages_only)
	{
		Guest<F> guest;

		check(guest.map.map(all_, Again{}, attributes, limits));
		begin();
		act(guest.map);
		end(what, pages_);
	}
	template <class Act> void on_blocks(const char *what, const Act &act)
	{
		on_pages(normal | rw, what, act, {.largest = 2});
	}

	// Some pages, each by a call, in leaps that end in every part of the guest.
	template <class Act> void each(const char *what, const Act &act, bool holes = false)
	{
		Guest<F> guest;
		const uint64_t n = calls < pages_ / 2 ? calls : pages_ / 2;
		const uint64_t leap = pages_ / n * page;

		check(guest.map.map(all_, Again{}, normal | rw, pages_only));
		for (uint64_t i = 0; holes && i < n; i++)
			check(guest.map.unmap({start + i * leap, page}));
		begin();
		for (uint64_t i = 0; i < n; i++)
			act(guest.map, {start + i * leap, page});
		end(what, n);
	}

	const char *format_;
	uint64_t bytes_;
	Region<Ipa> all_;
	uint64_t pages_;
};

template <class F> void measure_scale(const char *format, uint64_t most_pages)
{
	constexpr uint64_t page = F::Granule::page_size;

	for (uint64_t bytes = 2 * MiB; bytes <= 64 * GiB; bytes *= 2) {
		// Tables that are not full have empty entries, too, which the number of pages says nothing about.
		if (bytes > 2 * MiB && bytes < F::Granule::size(2))
			continue;
		if (bytes / page <= most_pages)
			Scale<F>{format, bytes}.measure();
	}
}

} // namespace

int main(int count, char **words)
{
	const uint64_t most = count > 1 ? std::strtoull(words[1], nullptr, 10) : ~uint64_t{0};

	measure_scale<Format<Stage2, Granule4K>>("4K", most);
	measure_scale<Format<Stage2, Granule16K>>("16K", most);
	measure_scale<Format<Stage2, Granule64K>>("64K", most);
	measure_scale<Format<Stage2, Granule4K, 52>>("LPA2", most);
}
