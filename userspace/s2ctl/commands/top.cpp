// SPDX-License-Identifier: GPL-2.0-only
//
// top: guests, and what happens to them, again and again.
#include "commands.hpp"

#include "s2ctl/exit.hpp"
#include "s2ctl/keys.hpp"
#include "s2ctl/tracing.hpp"

#include "text/text.hpp"
#include "trace/table.hpp"

#include <algorithm>
#include <optional>

namespace s2ctl
{

namespace
{

uint64_t number_of(const KeyValues &values, const char *key)
{
	const text::Number n = text::parse_number(value_of(values, key));

	return n.trouble == text::Number::Trouble::none ? n.value : 0;
}

// What the guests' files and the counters say at one time.
struct State {
	uint64_t time_ns;
	std::vector<std::pair<std::string, KeyValues>> stats;
	std::map<std::string, trace::Counts> counts;
};

State look(const Debugfs &debugfs, const Tracer &tracer, const std::vector<std::string> &only)
{
	State state{now_ns(), {}, tracer.counts()};

	for (const std::string &guest : debugfs.guests()) {
		if (!only.empty() && !std::ranges::count(only, guest))
			continue;
		try {
			state.stats.emplace_back(
				guest, parse_key_values(
					       debugfs.read(Debugfs::guest_file(guest, "stats"))));
		} catch (const Failure &failure) {
			// It went while it was looked at. So may the module; then the folder is gone, too.
			if (debugfs.has("guests/" + guest))
				throw;
		}
	}
	return state;
}

trace::Snapshot snapshot_of(const State &now, const State &before, uint64_t lost)
{
	trace::Snapshot snapshot{
		now.time_ns, std::max<uint64_t>(now.time_ns - before.time_ns, 1), lost, {}};

	for (const auto &[guest, stats] : now.stats) {
		const auto counted = now.counts.find(guest);
		const auto earlier = before.counts.find(guest);
		trace::Counts counts;

		if (counted != now.counts.end())
			counts = earlier == before.counts.end() ? counted->second
								: counted->second - earlier->second;
		snapshot.rows.push_back({guest, number_of(stats, "mapped_bytes"),
					 number_of(stats, "tables"),
					 number_of(stats, "table_bytes"), counts});
	}
	return snapshot;
}

void show(const Invocation &in, const trace::Snapshot &snapshot, bool first)
{
	const std::optional<Size> terminal = terminal_size();
	std::string &out = in.out.text;

	if (in.json) {
		json::Writer json{out, json::Writer::Layout::line};

		trace::write_object(json, snapshot);
	} else if (terminal) {
		// To the top; each line, and then the rest of the screen, takes the place of what was there.
		out += "\033[H";
		for (const char c : trace::table(snapshot, terminal->columns, terminal->lines - 1))
			out += c == '\n' ? std::string{"\033[K\n"} : std::string{c};
		out += "\033[J";
	} else {
		out += first ? "" : "\n";
		out += trace::table(snapshot, ~size_t{0}, ~size_t{0});
	}
	in.out.flush_last_words();
}

void top(const Invocation &in)
{
	const Arguments &arguments = in.arguments;
	const uint64_t interval_ns =
		parse_seconds("--interval", arguments.text("--interval", "1")) * 1000000;
	const uint64_t count =
		arguments.has("--count") ? arguments.number("--count") : ~uint64_t{0};
	TracerOptions options = tracer_options(arguments);
	std::optional<trace::Snapshot> shown;

	options.counting = true;
	options.events = {EVENT_fault, EVENT_exit, EVENT_tlbi};
	// What is wrong with debugfs is told before anything is attached.
	(void)in.debugfs.guests();
	catch_resizes();
	in.out.keep_lines(); // the table fits

	Tracer tracer{options};
	const Keys keys;
	bool quit = false;
	State before = look(in.debugfs, tracer, options.guests);
	uint64_t snapshots = 0;

	while (snapshots < count && !quit) {
		const uint64_t end = before.time_ns + interval_ns;

		for (uint64_t now = now_ns(); now < end && !interrupted() && !quit;
		     now = now_ns()) {
			// A key is not to wait for the next look.
			tracer.wait(static_cast<int>(
				std::min((end - now) / 1000000 + 1, uint64_t{100})));
			quit = keys.pressed('q');
			if (resized() && shown)
				show(in, *shown, false);
		}
		if (interrupted() || quit)
			break;

		State now = look(in.debugfs, tracer, options.guests);

		shown = snapshot_of(now, before, tracer.lost().counts);
		show(in, *shown, snapshots++ == 0);
		before = std::move(now);
	}
	if (interrupted() && arguments.has("--count"))
		throw Interrupted{std::to_string(snapshots) + " of " + arguments.text("--count") +
				  " snapshots"};
}

constexpr Argument arguments[] = {
	traced_guests_argument,
	{"--interval", "SECONDS", "time from one table to the next (1)"},
	{"--count", "N", "end after N tables"},
	verbose_argument,
};

} // namespace

constexpr Command top_command = {
	"top",
	"show guests and their activity, refreshed all the time",
	"For each guest: mapped memory and tables; faults, exits and TLB invalidation instructions "
	"per second; the time to answer a fault, and the time from an entry to its exit. The "
	"busiest guest comes first. q or Ctrl-C ends it. On a terminal the table stays in its "
	"place, without columns that do not fit. Elsewhere each interval prints a new table, or "
	"with --json a line.",
	arguments,
	"  s2ctl top\n  s2ctl top demo other --interval 0.5 --count 10 | tee top.txt\n"
	"  s2ctl top --json | jq -c '.guests[] | [.guest, .faults_per_s]'\n",
	top};

} // namespace s2ctl
