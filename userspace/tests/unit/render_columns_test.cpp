// SPDX-License-Identifier: GPL-2.0-only
//
// Still pictures, column by column: a column looks like a hole only where nothing is mapped, and the smallest
// run is seen. What has to be seen is known from what was mapped. (scripts/render_columns.py does the same
// to the page, where widths vary.)
#include "make_picture.hpp"

#include "render/axis.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>

using namespace render;
using namespace unit;
using dump::Dump;
using vmsa::Ipa;
using vmsa::Pa;

namespace
{

using F = vmsa::Stage2_4K;

constexpr size_t column_count = 1000; // of a picture, from x 10 on
constexpr double near = 1e-6;

// Neighbours that look the same are one.
struct Mapped {
	uint64_t first;
	uint64_t last;
	std::string look; // its class, and what else is to be seen of it
};

struct Guest {
	std::vector<vmsa::Descriptor> buffer = std::vector<vmsa::Descriptor>(256 * 512);
	vmsa::Image<F> image{buffer};
	std::vector<Mapped> runs;

	Guest()
	{
		EXPECT_TRUE(image.create(vmsa::stage2_geometry<vmsa::Granule4K>(40, 40).value(),
					 Pa{0}));
	}
	Guest(const Guest &) = delete;

	// Leaves of one level; their memory is where they are.
	bool map(uint64_t first, uint64_t count, int level, vmsa::Access access, const char *name)
	{
		const uint64_t size = vmsa::bit(12 + 9 * (3 - static_cast<unsigned>(level)));

		if (!image.map({Ipa{first}, count * size}, Pa{first},
			       vmsa::Stage2Attributes{.memory = vmsa::MemoryType::normal,
						      .access = access},
			       {.largest = static_cast<vmsa::Level>(level)}))
			return false;

		const std::string look = name + std::to_string(level);

		if (!runs.empty() && runs.back().last + 1 == first && runs.back().look == look)
			runs.back().last = first + count * size - 1;
		else
			runs.push_back({first, first + count * size - 1, look});
		return true;
	}
	Dump dump() const
	{
		return Dump::read(source_of(dump_of(image)));
	}
};

// Runs of a few leaves or many, side by side or far apart, or without every tenth.
void fill(Guest &guest, unsigned seed, bool thinned = false)
{
	std::mt19937 random{seed}, thin{seed + 1000};
	const auto below = [&](unsigned n) {
		return static_cast<unsigned>(random() % n);
	};
	uint64_t at = 0;

	for (unsigned n = 1 + below(40); n; n--) {
		constexpr uint64_t holes[] = {0, 0, 0, 0x1000, 0x400000, 0x40000000};
		constexpr unsigned counts[] = {1, 1, 1, 2, 3, 8, 100, 511};
		const int level = below(8) ? 2 + static_cast<int>(below(2)) : 1;
		const uint64_t size = vmsa::bit(12 + 9 * (3 - static_cast<unsigned>(level)));
		const uint64_t count = counts[below(8)];
		const unsigned access = below(3);

		at += holes[below(6)] * below(4);
		at = (at + size - 1) / size * size;
		if (at + count * size > vmsa::bit(40))
			return;
		if (!thinned || thin() % 10) {
			const bool mapped =
				access == 0   ? guest.map(at, count, level, vmsa::r, "pr__")
				: access == 1 ? guest.map(at, count, level, vmsa::rw, "prw_")
					      : guest.map(at, count, level, vmsa::rwx, "prwx");

			if (!mapped)
				return;
		}
		at += count * size;
	}
}

// The class of what is seen in each column of a lane; empty for that of a hole.
std::array<std::string, column_count> seen_in(const std::string &svg, unsigned lane)
{
	const double bottom = 84 + 78 * lane;
	std::array<std::string, column_count> seen;

	for (size_t at = 0; (at = svg.find("<rect x=\"", at)) != svg.npos; at++) {
		double x, y, w, h;
		char name[32];

		if (std::sscanf(svg.c_str() + at,
				"<rect x=\"%lf\" y=\"%lf\" width=\"%lf\" height=\"%lf\" "
				"class=\"%31[a-z_]\"",
				&x, &y, &w, &h, name) != 5 ||
		    name[0] != 'p' || std::abs(y + h - bottom) > 0.15)
			continue;
		const auto first = static_cast<size_t>(x - 10),
			   end = first + static_cast<size_t>(w);

		for (size_t i = first; i < end && i < column_count; i++)
			seen[i] = name;
	}
	return seen;
}

void expect_shown(const std::string &svg, unsigned lane, const Axis &axis,
		  const std::vector<Mapped> &runs)
{
	const auto seen = seen_in(svg, lane);
	std::array<std::string, column_count> touched;
	const Mapped *smallest = nullptr;
	bool alone = true;

	const auto places = [&](const Mapped &run) {
		const auto &all = axis.islands();
		const Island &island = *std::ranges::find_if(
			all, [&](const Island &i) { return run.first <= i.last; });
		const double bytes = static_cast<double>(island.last - island.first) + 1;
		const double end = static_cast<double>(run.last - island.first) + 1;

		return std::pair{Axis::place(island, run.first) * column_count,
				 (island.from + (island.to - island.from) * end / bytes) *
					 column_count};
	};

	for (const Mapped &run : runs) {
		const auto [from, to] = places(run);

		for (size_t i = 0; i < column_count; i++) {
			const auto x = static_cast<double>(i);

			if (from < x + 1 + near && to > x - near)
				touched[i] += run.look.substr(0, 4) + ' ';
			if (from < x + 1 - near && to > x + near)
				EXPECT_NE(seen[i], "") << "column " << i << " has " << run.look;
		}
		if (!smallest || run.last - run.first < smallest->last - smallest->first) {
			smallest = &run;
			alone = true;
		} else if (run.last - run.first == smallest->last - smallest->first) {
			alone = false;
		}
	}
	for (size_t i = 0; i < column_count; i++) {
		// What is one column wide is drawn two wide.
		const std::string may = touched[i] + (i ? touched[i - 1] : "");

		EXPECT_NE((seen[i] + may).find(seen[i], seen[i].size()), std::string::npos)
			<< "column " << i << " is " << seen[i] << " and has " << may;
	}
	if (!smallest || !alone)
		return;

	const auto [from, to] = places(*smallest);
	bool shown = false;

	for (auto i = static_cast<size_t>(from);
	     i < static_cast<size_t>(std::ceil(to)) && i < column_count; i++)
		shown = shown || seen[i] == smallest->look.substr(0, 4);
	EXPECT_TRUE(shown) << "the smallest is at " << from << ".." << to << ": " << smallest->look;
}

void expect_shown(const Guest &guest)
{
	const Dump dump = guest.dump();

	expect_shown(collected([&](const Sink &sink) {
			     write_svg(sink, {"guest", dump});
		     }),
		     0, Axis{&dump}, guest.runs);
}

TEST(render_columns, a_page_before_many_blocks)
{
	Guest guest;

	ASSERT_TRUE(guest.map(0x7fff'f000, 1, 3, vmsa::rw, "prw_"));
	ASSERT_TRUE(guest.map(0x8000'0000, 1024, 2, vmsa::rw, "prw_"));
	expect_shown(guest);
}

TEST(render_columns, a_page_among_many)
{
	Guest guest;

	ASSERT_TRUE(guest.map(0x8000'0000, 8000, 3, vmsa::rw, "prw_"));
	ASSERT_TRUE(guest.map(0x8000'0000 + 8000 * 4096, 1, 3, vmsa::r, "pr__"));
	ASSERT_TRUE(guest.map(0x8000'0000 + 8001 * 4096, 16384 - 8001, 3, vmsa::rw, "prw_"));
	expect_shown(guest);
}

TEST(render_columns, random_leaves)
{
	for (unsigned seed = 0; seed < 60; seed++) {
		SCOPED_TRACE(seed);
		Guest guest;

		fill(guest, seed);
		expect_shown(guest);
		if (HasFailure())
			return;
	}
}

TEST(render_columns, random_differences)
{
	for (unsigned seed = 0; seed < 40; seed++) {
		SCOPED_TRACE(seed);
		Guest before, after;

		fill(before, seed);
		fill(after, seed, true);

		const Dump a = before.dump(), b = after.dump();
		const std::string svg = collected([&](const Sink &sink) {
			write_svg(sink, {"before", a}, {"after", b});
		});
		std::vector<Mapped> removed;

		// Nothing is added, and what is there still is as it was.
		a.for_each_row(rows::Detail::brief, [&](const rows::Row &row) {
			for (uint64_t at = row.first; at < row.last; at += row.leaf_bytes) {
				const bool there =
					std::ranges::any_of(after.runs, [&](const Mapped &r) {
						return r.first <= at && at <= r.last;
					});

				if (there)
					continue;
				if (!removed.empty() && removed.back().last + 1 == at)
					removed.back().last += row.leaf_bytes;
				else
					removed.push_back({at, at + row.leaf_bytes - 1, "prem"});
			}
		});

		const Axis axis{&a, &b};

		expect_shown(svg, 0, axis, before.runs);
		std::string changes = svg;

		for (size_t at; (at = changes.find("premoved")) != changes.npos;)
			changes.erase(at + 4, 4);
		expect_shown(changes, 1, axis, removed);
		expect_shown(svg, 2, axis, after.runs);
		if (HasFailure())
			return;
	}
}

} // namespace
