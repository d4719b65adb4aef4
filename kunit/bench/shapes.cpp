// SPDX-License-Identifier: GPL-2.0-only
//
// Are there as few tables as there can be? Ten shapes of guests in each format. What must be is computed from the
// requests alone, address by address down from the root. A line for each: FORMAT SHAPE TABLES FEWEST BYTES.
#include "vmsa/vmsa.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

using namespace vmsa;

namespace
{

constexpr Ipa start{64 * GiB};
constexpr Pa ram{4 * GiB};

void check(bool holds)
{
	if (holds)
		return;
	std::fprintf(stderr, "shapes: an error\n");
	std::exit(1);
}

struct Memory {
	size_t bytes_there = 0;

	Descriptor *allocate(size_t bytes)
	{
		bytes_there += bytes;
		return static_cast<Descriptor *>(
			std::memset(std::aligned_alloc(bytes, bytes), 0, bytes));
	}
	void free(Descriptor *table, size_t bytes)
	{
		bytes_there -= bytes;
		std::free(table);
	}
	Pa physical(const Descriptor *table) const
	{
		return Pa{reinterpret_cast<uintptr_t>(table)};
	}
	Descriptor *pointer(Pa pa) const
	{
		return reinterpret_cast<Descriptor *>(pa.raw());
	}
};

// What is mapped in the end: leaves of `largest` or below.
struct Piece {
	Region<Ipa> region;
	Pa pa;
	Level largest = 0;
};

template <class F> class Shape {
    public:
	static constexpr uint64_t page = F::Granule::page_size, block = F::Granule::size(2);

	Shape()
	{
		check(map.create(geometry).ok());
	}
	~Shape()
	{
		map.destroy();
	}

	void add(const Piece &p)
	{
		check(map.map(p.region, Linear{p.region.first, p.pa}, normal | rw,
			      {.largest = p.largest})
			      .ok());
		pieces.push_back(p);
	}

	void report(const char *format, const char *name)
	{
		size_t fewest = geometry.root_tables;

		for (size_t i = 0; i < geometry.template root_entries<typename F::Granule>(); i++)
			fewest +=
				below(geometry.start, Ipa{i << F::Granule::shift(geometry.start)});
		std::printf("%s %s %zu %zu %zu\n", format, name,
			    memory.bytes_there / F::Granule::table_bytes, fewest,
			    memory.bytes_there);
	}

	const Geometry geometry =
		stage2_geometry<typename F::Granule, F::output_bits>(40, 48).value();
	Memory memory;
	NoTlb tlb;
	Mapping<F, Memory, NoTlb> map{memory, tlb};
	std::vector<Piece> pieces;

    private:
	// How many tables must be below the entry of `level` for `first`? None where nothing is, or a leaf will do.
	size_t below(Level level, Ipa first) const
	{
		const Region<Ipa> part{first, F::Granule::size(level)};
		bool touched = false;

		if (level == last_level)
			return 0;
		for (const Piece &p : pieces) {
			if (p.region.last < part.first || part.last < p.region.first)
				continue;
			touched = true;
			if (level >= p.largest && F::allows_leaf(level) &&
			    p.region.first <= part.first && part.last <= p.region.last &&
			    (p.pa + (part.first - p.region.first)).is_aligned(part.size()))
				return 0;
		}
		if (!touched)
			return 0;

		size_t tables = 1;

		for (size_t i = 0; i < F::Granule::entries && level + 1 < last_level; i++)
			tables += below(level + 1, first + (i << F::Granule::shift(level + 1)));
		return tables;
	}
};

template <class F> void of_format(const char *format)
{
	using S = Shape<F>;
	constexpr uint64_t page = S::page, block = S::block;
	const auto shape = [&](const char *name, const auto &make) {
		S s;

		make(s);
		s.report(format, name);
	};

	shape("empty", [](S &) {});
	shape("page", [](S &s) { s.add({{start, page}, ram}); });
	shape("border", [](S &s) { s.add({{start + (block - page), 2 * page}, ram}); });
	shape("block_as_pages", [](S &s) { s.add({{start, block}, ram, last_level}); });
	shape("ragged_gib", [](S &s) { s.add({{start + page, GiB}, ram + page}); });
	shape("gib_out_of_step", [](S &s) { s.add({{start, GiB}, ram + page}); });
	shape("every_other_page", [](S &s) {
		for (uint64_t at = 0; at < 2 * block; at += 2 * page)
			s.add({{start + at, page}, ram + at});
	});
	shape("page_in_each_gib", [](S &s) {
		for (uint64_t at = 0; at < 64 * GiB; at += GiB)
			s.add({{start + at, page}, ram});
	});
	shape("64_gib_as_pages", [](S &s) { s.add({{start, 64 * GiB}, ram, last_level}); });
	shape("cut_and_folded", [](S &s) {
		s.add({{start, 2 * GiB}, ram, 2});
		check(s.map.cut({start, 2 * GiB}).ok());
		check(s.map.fold({start, 2 * GiB}).ok());
		s.pieces.front().largest = 0;
	});
	shape("what_unmap_leaves", [](S &s) {
		s.add({{start, GiB}, ram, last_level});
		check(s.map.unmap({start + page, GiB - 2 * page}).ok());
		s.pieces = {{{start, page}, ram}, {{start + (GiB - page), page}, ram}};
	});
}

} // namespace

int main()
{
	of_format<Format<Stage2, Granule4K>>("4K");
	of_format<Format<Stage2, Granule16K>>("16K");
	of_format<Format<Stage2, Granule64K>>("64K");
	of_format<Format<Stage2, Granule4K, 52>>("LPA2");
}
