// SPDX-License-Identifier: GPL-2.0-only
//
#include "judge_dump.hpp"

#include "make_dump.hpp"

#include "render/diff.hpp"

#include <cstdio>
#include <cstdlib>

// <sanitizer/allocator_interface.h>, which not every compiler brings.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*allocated)(const volatile void *,
									   size_t),
							 void (*freed)(const volatile void *));
extern "C" size_t __sanitizer_get_allocated_size(const volatile void *block);

namespace
{

size_t in_use, most;

// AddressSanitizer tells of every allocation.
void allocated(const volatile void *, size_t bytes)
{
	in_use += bytes;
	most = std::max(most, in_use);
}

void freed(const volatile void *block)
{
	in_use -= block ? __sanitizer_get_allocated_size(block) : 0;
}

void require(bool holds, const char *what)
{
	if (holds)
		return;
	std::fprintf(stderr, "%s\n", what);
	std::abort();
}

// A picture may need some room of its own, however small the file is.
constexpr size_t room = 256 * 1024;

void draw(const dump::Dump &dump, size_t size)
{
	const render::Subject subject{"<hostile>", dump};
	size_t page = 0, svg = 0;

	render::write_svg([&](std::string_view text) { svg += text.size(); }, subject);
	render::write_page([&](std::string_view text) { page += text.size(); }, subject, subject);
	require(page <= 20 * size + 2 * room, "a page is much larger than its dump");
	require(svg <= 2 * room, "a picture is large");
	render::for_each_change(dump, dump, [](const render::Change &) {
		require(false, "a dump differs from itself");
	});
}

void look_at(const dump::Dump &dump, std::span<const char> bytes, unit::Pictures pictures)
{
	const vmsa::Census census = dump.census();
	size_t leaves[2] = {}, steps = 0, tables = 1;
	const uint64_t last = dump.geometry().last_input();

	for (const auto detail : {rows::Detail::brief, rows::Detail::full}) {
		uint64_t at = 0;

		dump.for_each_row(detail, [&](const rows::Row &row) {
			require(row.first >= at && row.last >= row.first && row.last <= last,
				"a row is out of order, or of the space");
			require(row.last - row.first + 1 == row.leaves * row.leaf_bytes,
				"a row has not the size of its leaves");
			at = row.last + 1;
			require(!row.annotation || detail == rows::Detail::full,
				"a brief row of an annotation");
			if (!row.annotation)
				leaves[detail == rows::Detail::full] += row.leaves;
		});
	}
	dump.for_each_step([&](const dump::Step &step) {
		steps++;
		if (steps % 64 == 0)
			require(dump.walk(step.first).size() >= 1, "a walk has no step");
	});
	for (const dump::Table &table : dump.tables()) {
		const auto walked = dump.walk(table.first);
		const auto depth = static_cast<size_t>(table.level - dump.geometry().start);

		require(walked.size() > depth && walked[depth].table == table.pa,
			"a walk does not meet a table that is there");
	}
	for (const uint64_t input : {uint64_t{0}, last, last / 3})
		require(!dump.walk(input).empty(), "a walk has no step");
	require(leaves[0] == leaves[1] && leaves[0] == census.leaves[0] + census.leaves[1] +
							       census.leaves[2] + census.leaves[3],
		"rows and census do not have the same leaves");
	tables = dump.tables().size() - 1 + dump.geometry().root_tables;
	require(census.tables == tables, "the census has other tables");
	require(unit::written(dump) == std::string_view{bytes.data(), bytes.size()},
		"written, it differs");
	if (pictures == unit::Pictures::drawn)
		draw(dump, bytes.size());
}

} // namespace

void unit::judge_dump(std::span<const char> bytes, Pictures pictures)
{
	const size_t size = bytes.size();
	static const int hooks = __sanitizer_install_malloc_and_free_hooks(allocated, freed);
	const size_t before = in_use;
	bool taken = false;

	require(hooks, "no hooks");
	most = in_use;
	try {
		const dump::Dump dump = dump::Dump::read(unit::source_of(bytes));

		require(most - before <= 10 * size + 64 * 1024, "more than ten times its size");
		look_at(dump, bytes, pictures);
		taken = true;
	} catch (const dump::Bad &) {
	}
	require(most - before <= 10 * size + room, "more than ten times its size");
	try {
		const dump::Dump dump =
			dump::Dump::read(unit::source_of(bytes), dump::Torn::repair);
		const std::string repaired = unit::written(dump);

		require(!taken || !dump.lost(), "nothing was torn, and something was lost");
		look_at(dump::Dump::read(unit::source_of(repaired)), repaired, pictures);
	} catch (const dump::Bad &) {
		require(!taken, "it was read, and cannot be repaired");
	}
}
