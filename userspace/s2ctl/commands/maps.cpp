// SPDX-License-Identifier: GPL-2.0-only
//
// maps: what is mapped, as merged ranges.
#include "commands.hpp"

#include "s2ctl/source.hpp"

namespace s2ctl
{

void show_maps(const Invocation &in, const std::string &source, bool full)
{
	const dump::Dump dump = read_tables(in.debugfs, source);
	const auto which = full ? rows::Detail::full : rows::Detail::brief;
	rows::Lines lines{dump.geometry().input_bits, which,
			  in.out.coloured() ? rows::in_colour : nullptr};
	json::Writer json{in.out.text};

	if (in.json)
		json.begin_array();
	dump.for_each_row(which, [&](const rows::Row &row) {
		if (in.json)
			rows::write_json(json, row, which);
		else
			lines.append(in.out.text, row);
		in.out.flush_if_large();
	});
	if (in.json)
		json.end();
}

namespace
{

using Kind = Argument::Kind;

void maps(const Invocation &in)
{
	show_maps(in, in.arguments.text("guest"), in.arguments.has("--full"));
}

constexpr Argument arguments[] = {
	{"guest", "GUEST", "a guest, or a dump's path", Kind::guest_or_file, true},
	{"--full", nullptr,
	 "also show output addresses, flags and annotations; a range ends where they change",
	 Kind::flag},
};

} // namespace

constexpr Command maps_command = {
	"maps",
	"show what is mapped, as merged ranges",
	"A line for leaves side by side that have the same size and attributes: first and "
	"last address, access, memory type, number of leaves and their size. Where writes "
	"are logged, it also says dirty (written) or clean (not written). --full also has a line "
	"for each annotation, with the number and size of its entries.",
	arguments,
	"  s2ctl maps demo\n  s2ctl maps demo --full\n  s2ctl maps ./demo.tables --json\n",
	maps};

} // namespace s2ctl
