// SPDX-License-Identifier: GPL-2.0-only
//
// adopt: any words for tables are refused, and nothing has changed; or they are a tree that walks as hardware would
// walk it, that can be changed, and that is freed table by table.
#include "tables.hpp"

#include "vmsa/adopt.hpp"
#include "vmsa/mapping.hpp"

#include <algorithm>

using namespace vmsa;

namespace
{

constexpr Pa base{0x4000'0000};

// All tables are out to begin with. They lie in memory of their own, so what is behind them is AddressSanitizer's.
template <class F> struct Tables {
	static constexpr size_t words = F::Granule::entries;

	explicit Tables(size_t tables) : all(tables * words), out(tables, true)
	{
	}

	Descriptor *allocate(size_t bytes)
	{
		const auto free = std::ranges::find(out, false);

		if (free == out.end() || bytes != F::Granule::table_bytes)
			return nullptr;
		*free = true;

		Descriptor *table = all.data() + (free - out.begin()) * words;

		std::fill_n(table, words, 0);
		return table;
	}
	void free(Descriptor *table, size_t bytes)
	{
		for (size_t i = 0; i < bytes / F::Granule::table_bytes; i++) {
			fuzz::require(out[number(table) + i], "a table is freed once");
			out[number(table) + i] = false;
		}
	}
	Pa physical(const Descriptor *table) const
	{
		return base + static_cast<size_t>(table - all.data()) * sizeof(Descriptor);
	}
	Descriptor *pointer(Pa pa) const
	{
		return const_cast<Descriptor *>(all.data()) + (pa - base) / sizeof(Descriptor);
	}
	bool has(Pa pa) const
	{
		return pa >= base && pa < base + all.size() * sizeof(Descriptor);
	}
	size_t number(const Descriptor *table) const
	{
		return static_cast<size_t>(table - all.data()) / words;
	}

	std::vector<Descriptor> all;
	std::vector<bool> out;
};

// What adopt may write: bits [58:53] of what names a table, which hardware ignores.
bool is_as_before(std::span<const Descriptor> now, std::span<const Descriptor> before)
{
	return std::ranges::equal(now, before, [](Descriptor a, Descriptor b) {
		return a == b || ((a & 3) == 3 && ((a ^ b) & ~Field{58, 53}.mask()) == 0);
	});
}

template <class F, class Map> void go_on(Map &map, const Tables<F> &tables)
{
	Row<F> row;

	if (next_row(map.tree(), map.tree().space().first, row)) {
		const Region<typename F::Input> page{row.region.first, F::Granule::page_size};
		const auto behind = map.translate(row.region.last);
		const bool done = map.unmap(page).ok();

		fuzz::require(map.translate(page.first).ok() != done, "what is unmapped is gone");
		fuzz::require(row.region.size() == F::Granule::page_size ||
				      map.translate(row.region.last).value().pa ==
					      behind.value().pa,
			      "what was not unmapped is there");
		fuzz::look_at<F>(map.tree(), tables.all, base);
	}
}

template <class F> int play(fuzz::Input input)
{
	constexpr unsigned smallest = Stage2Tag<typename F::Stage> ? 32 : 25;
	const auto bits =
		static_cast<unsigned>(smallest + input.below(F::output_bits - smallest + 1));
	const Geometry shape = support::geometry_of<F>(bits).value();
	Tables<F> tables{shape.root_tables + (F::Granule::page_shift == 12 ? 8u : 3u)};
	NoTlb nobody;
	Mapping<F, Tables<F>, NoTlb> map{tables, nobody};

	fuzz::scribble<F>(input, tables.all, base);

	const auto before = tables.all;
	const auto adopted = map.adopt(base, shape, [&](Pa pa) { return tables.has(pa); });

	if (!adopted) {
		fuzz::require(tables.all == before, "refused, and something has changed");
		fuzz::require(!map.tree().root(), "refused, and there is a root");
		return 0;
	}
	fuzz::require(is_as_before(tables.all, before), "adopting has changed what hardware sees");
	fuzz::look_at<F>(map.tree(), tables.all, base);
	go_on<F>(map, tables);

	const size_t out = std::ranges::count(tables.out, true);
	const size_t tree = census(map.tree()).tables;

	map.destroy();
	fuzz::require(static_cast<size_t>(std::ranges::count(tables.out, true)) == out - tree,
		      "every table was freed");
	return 0;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz::Input input{data, size};

	return fuzz::with_a_format(input, [&]<class F>(F) { return play<F>(input); });
}
