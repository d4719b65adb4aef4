// SPDX-License-Identifier: GPL-2.0-only
//
// stats: counts.
#include "commands.hpp"

#include "s2ctl/module_json.hpp"
#include "s2ctl/source.hpp"

#include "formats/shape.hpp"
#include "text/text.hpp"

namespace s2ctl
{

namespace
{

// What a dump tells, under the names that the module has for it.
KeyValues stats_of(const dump::Dump &dump)
{
	const vmsa::Census census = dump.census();
	const int largest = formats::with_stage2_format(
		dump.format(), []<class F>() { return F::largest_leaf_level; });
	KeyValues leaves, values;
	uint64_t mapped = 0;

	for (int level = std::max(largest, dump.geometry().start); level <= vmsa::last_level;
	     level++) {
		const uint64_t size = vmsa::bit(formats::shift_of(dump.format(), level));

		mapped += census.leaves[level] * size;
		leaves.emplace_back("leaves_" + text::size(size),
				    std::to_string(census.leaves[level]));
	}
	values = {{"tables", std::to_string(census.tables)},
		  {"table_bytes", std::to_string(dump.table_bytes())},
		  {"mapped_bytes", std::to_string(mapped)}};
	values.insert(values.end(), leaves.begin(), leaves.end());
	return values;
}

} // namespace

void show_stats(const Invocation &in, const std::string &source)
{
	const KeyValues values =
		is_file(source)
			? stats_of(read_tables(in.debugfs, source))
			: parse_key_values(in.debugfs.read(Debugfs::guest_file(source, "stats")));
	std::string &out = in.out.text;

	if (in.json) {
		json::Writer json{out};

		json.begin_object();
		write_members(json, values);
		json.end();
		return;
	}
	for (const auto &[key, value] : values) {
		out += key;
		out.append(key.size() < 15 ? 15 - key.size() : 1, ' ');
		out += value + '\n';
	}
}

namespace
{

void stats(const Invocation &in)
{
	show_stats(in, in.arguments.text("guest"));
}

constexpr Argument arguments[] = {
	{"guest", "GUEST", "a guest, or a dump's path", Argument::Kind::guest_or_file, true},
};

} // namespace

constexpr Command stats_command = {"stats",
				   "count a guest's tables, bytes and leaves",
				   "For a dump, only what its tables show.",
				   arguments,
				   "  s2ctl stats demo\n  s2ctl stats demo --json | jq .tables\n",
				   stats};

} // namespace s2ctl
