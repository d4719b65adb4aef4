// SPDX-License-Identifier: GPL-2.0-only
//
// trace: the module's trace events as they happen, or how many there were.
#include "commands.hpp"

#include "s2ctl/exit.hpp"
#include "s2ctl/tracing.hpp"

#include "text/text.hpp"

#include <array>
#include <bit>
#include <cstdio>
#include <unistd.h>

namespace s2ctl
{

namespace
{

using Kind = Argument::Kind;
using json::Writer;

constexpr uint64_t usual_buffer = 4 << 20;
constexpr uint64_t largest_buffer = 1 << 30;
constexpr size_t large_output = 64 * 1024;
constexpr int patience_ms = 50; // what is shown is not older

uint64_t buffer_of(const Arguments &arguments)
{
	const uint64_t page = static_cast<uint64_t>(getpagesize());

	if (!arguments.has("--buffer"))
		return usual_buffer;

	const uint64_t bytes = arguments.number("--buffer");

	if (!std::has_single_bit(bytes) || bytes < page || bytes > largest_buffer)
		throw Failure{Exit::usage, "--buffer: '" + arguments.text("--buffer") +
						   "' must be a power of two, from " +
						   text::size(page) + " to " +
						   text::size(largest_buffer)};
	return bytes;
}

TracerOptions options_of(const Arguments &arguments)
{
	TracerOptions options = tracer_options(arguments);

	options.counting = arguments.has("--summary");
	options.recording = !options.counting;
	if (options.recording)
		options.buffer = buffer_of(arguments);
	if (options.counting && (arguments.has("--count") || arguments.has("--buffer")))
		throw Failure{Exit::usage,
			      "--summary keeps no events, so it takes no --count and no --buffer"};
	if (arguments.has("--event"))
		for (const std::string &name : arguments.all("--event"))
			options.events.push_back(trace::find_kind(name));
	return options;
}

// Events, one after the other, and how far it got.
class Stream {
    public:
	Stream(const Invocation &in, const Tracer &tracer)
	    : in_{in}, tracer_{tracer}, limit_{in.arguments},
	      count_{in.arguments.has("--count") ? in.arguments.number("--count") : ~uint64_t{0}}
	{
	}

	bool done(uint64_t ns = now_ns()) const
	{
		return shown_ >= count_ || limit_.is_over(ns) || interrupted();
	}
	int wait() const
	{
		return limit_.wait(patience_ms);
	}

	// False when there is enough.
	bool show(const trace::Event &event)
	{
		if (shown_ >= count_ || limit_.is_over(event.time_ns))
			return false;
		if (!shown_++)
			first_ns_ = event.time_ns;
		if (in_.json) {
			Writer json{in_.out.text, Writer::Layout::line};

			trace::write_object(json, event);
		} else {
			trace::append_line(in_.out.text, event, first_ns_);
		}
		if (in_.out.text.size() >= large_output)
			in_.out.flush_last_words();
		return true;
	}

	// As soon as it is known.
	void show_lost()
	{
		const uint64_t lost = tracer_.lost().records;

		if (lost == lost_)
			return;
		if (in_.json) {
			Writer json{in_.out.text, Writer::Layout::line};

			json.begin_object();
			json.member("event", "lost");
			json.member("count", lost - lost_);
			json.end();
		} else {
			in_.out.text += in_.out.red();
			in_.out.text += "lost " + std::to_string(lost - lost_) +
					" events: the buffer was full (--buffer)";
			in_.out.text += in_.out.plain();
			in_.out.text += '\n';
		}
		lost_ = lost;
	}

	// Standard output is for events; in JSON, one more object closes it.
	void end()
	{
		const std::string words =
			std::to_string(shown_) + " events, " + std::to_string(lost_) + " lost";

		if (in_.json) {
			Writer json{in_.out.text, Writer::Layout::line};

			json.begin_object();
			json.member("event", "end");
			json.member("events", shown_);
			json.member("lost", lost_);
			json.member("attached_by", tracer_.way());
			json.end();
		}
		in_.out.flush_last_words();
		// Without an end of its own, a signal is how it is ended.
		if (interrupted() && (limit_.is_set() || in_.arguments.has("--count")))
			throw Interrupted{words};
		if (!in_.json)
			std::fprintf(stderr, "s2ctl: %s\n", words.c_str());
	}

    private:
	const Invocation &in_;
	const Tracer &tracer_;
	TimeLimit limit_;
	uint64_t count_;
	uint64_t shown_ = 0;
	uint64_t lost_ = 0;
	uint64_t first_ns_ = 0;
};

void show_events(const Invocation &in)
{
	Tracer tracer{options_of(in.arguments)};
	Stream stream{in, tracer};
	// A signal ends it when what has happened until then is shown.
	const auto show = [&](const trace::Event &event) {
		return stream.show(event);
	};

	while (!stream.done()) {
		tracer.wait(stream.wait());
		tracer.consume(
			[&](const trace::Event &event) { return show(event) && !interrupted(); });
		stream.show_lost();
		in.out.flush_last_words();
	}
	tracer.stop();
	tracer.consume(show);
	stream.show_lost();
	stream.end();
}

void pad_left(std::string &out, size_t width, const std::string &text)
{
	out.append(text.size() < width ? width - text.size() : 0, ' ');
	out += text;
}

// What stands behind the number of events of a kind.
std::string detail_of(unsigned kind, const trace::Counts &counts)
{
	switch (kind) {
	case EVENT_tlbi:
		return std::to_string(counts.tlbi) + " instructions";
	case EVENT_fault:
		return trace::summary(counts.fault);
	case EVENT_exit:
		return trace::summary(counts.run);
	default:
		return "";
	}
}

void append_summary(std::string &out, const trace::Counts &counts)
{
	for (unsigned i = 0; i < EVENTS; i++) {
		const std::string name = trace::kinds()[i].name;
		const std::string detail = detail_of(i, counts);

		if (!counts.events[i])
			continue;
		out += name + std::string(12 - name.size(), ' ');
		pad_left(out, 10, std::to_string(counts.events[i]));
		out += detail.empty() ? "\n" : "  " + detail + '\n';
	}
}

void write_summary(json::Writer &json, const trace::Counts &counts)
{
	json.begin_object("events");
	for (unsigned i = 0; i < EVENTS; i++)
		json.member(trace::kinds()[i].name, counts.events[i]);
	json.end();
	json.member("tlbi_instructions", counts.tlbi);
	json.begin_object("fault");
	trace::write_members(json, counts.fault);
	json.end();
	json.begin_object("run");
	trace::write_members(json, counts.run);
	json.end();
}

void show_summary(const Invocation &in)
{
	Tracer tracer{options_of(in.arguments)};
	const TimeLimit limit{in.arguments};
	trace::Counts sum;

	while (!limit.is_over() && !interrupted())
		tracer.wait(limit.wait(1000));
	tracer.stop();
	for (const auto &[guest, counts] : tracer.counts())
		sum += counts;
	if (in.json) {
		json::Writer json{in.out.text};

		json.begin_object();
		write_summary(json, sum);
		json.member("lost", tracer.lost().counts);
		json.member("attached_by", tracer.way());
		json.end();
	} else {
		append_summary(in.out.text, sum);
		if (in.out.text.empty())
			in.out.text += "there was no event\n";
		in.out.text += "lost        ";
		pad_left(in.out.text, 10, std::to_string(tracer.lost().counts));
		in.out.text += '\n';
	}
	in.out.flush_last_words();
	if (interrupted() && limit.is_set())
		throw Interrupted{"--for is not over"};
}

void list_events(const Invocation &in)
{
	json::Writer json{in.out.text};

	if (in.json)
		json.begin_array();
	for (const trace::EventKind &kind : trace::kinds()) {
		std::string arguments;

		for (const trace::Argument &a : kind.arguments)
			arguments += (arguments.empty() ? "" : " ") + std::string{a.name};
		if (in.json) {
			json.begin_object();
			json.member("name", kind.name);
			json.begin_array("fields");
			for (const trace::Argument &a : kind.arguments)
				json.value(a.name);
			json.end();
			json.end();
			continue;
		}
		in.out.text += kind.name +
			       std::string(13 - std::string_view{kind.name}.size(), ' ') +
			       kind.what + '\n' + std::string(13, ' ') + arguments + '\n';
	}
	if (in.json)
		json.end();
}

void run(const Invocation &in)
{
	if (in.arguments.has("--list"))
		list_events(in);
	else if (in.arguments.has("--summary"))
		show_summary(in);
	else
		show_events(in);
}

#define EVENT(name, arguments, what) #name,
constexpr const char *names[] = {
#include "bpf/events.def"
};
#undef EVENT

constexpr Argument arguments[] = {
	traced_guests_argument,
	{"--event", "NAME", "only these events: map,unmap (see --list)", Kind::choice, false, true,
	 names},
	{"--count", "N", "end after N events"},
	for_argument,
	{"--summary", nullptr, "only count events, and show the counts at the end", Kind::flag},
	{"--buffer", "SIZE", "size of the buffer for events, a power of two (4M)"},
	{"--list", nullptr, "list all events and their fields", Kind::flag},
	verbose_argument,
};

} // namespace

constexpr Command trace_command = {
	"trace",
	"show events of guests' tables and runs",
	"A line for each event: seconds, CPU, guest, event, fields. Ctrl-C ends it. If the buffer "
	"is full, events are lost; their number is shown. With --json, each line is an object.",
	arguments,
	"  s2ctl trace demo\n  s2ctl trace demo other --event map,tlbi --for 10\n"
	"  s2ctl trace --json --count 1000 | jq -r 'select(.event == \"fault\").ns'\n"
	"  s2ctl trace --summary --for 5\n",
	run};

} // namespace s2ctl
