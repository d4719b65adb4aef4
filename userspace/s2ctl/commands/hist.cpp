// SPDX-License-Identifier: GPL-2.0-only
//
// hist: how long faults and runs take, counted in the kernel.
#include "commands.hpp"

#include "s2ctl/exit.hpp"
#include "s2ctl/tracing.hpp"

#include <algorithm>

namespace s2ctl
{

namespace
{

using Kind = Argument::Kind;

// What there is a histogram of.
struct Subject {
	const char *name;
	const char *what;
	unsigned event;
	trace::Histogram trace::Counts::*histogram;
};

constexpr Subject subjects[] = {
	{"fault", "faults, time to answer", EVENT_fault, &trace::Counts::fault},
	{"run", "runs, time from entry to exit", EVENT_exit, &trace::Counts::run},
};

bool is_wanted(const Invocation &in, const Subject &subject)
{
	return !in.arguments.has("--of") || in.arguments.text("--of") == subject.name;
}

void show(const Invocation &in, const std::string &guest, const Subject &subject,
	  const trace::Histogram &histogram, json::Writer &json)
{
	std::string &out = in.out.text;

	if (in.json) {
		json.begin_object();
		json.member("guest", guest);
		json.member("of", subject.name);
		trace::write_members(json, histogram);
		json.end();
		return;
	}
	if (!histogram.count())
		return;
	((out += in.out.bold()) += guest + ' ' + subject.name) += in.out.plain();
	out += ": " + std::to_string(histogram.count()) + ' ' + subject.what + '\n';
	out += "  " + trace::summary(histogram) + '\n';
	trace::append_bars(out, histogram);
}

void hist(const Invocation &in)
{
	TracerOptions options = tracer_options(in.arguments);

	options.counting = true;
	for (const Subject &subject : subjects)
		if (is_wanted(in, subject))
			options.events.push_back(subject.event);

	Tracer tracer{options};
	const TimeLimit limit{in.arguments};
	json::Writer json{in.out.text};

	while (!limit.is_over() && !interrupted())
		tracer.wait(limit.wait(1000));
	tracer.stop();

	const uint64_t lost = tracer.lost().counts;

	if (in.json) {
		json.begin_object();
		json.member("attached_by", tracer.way());
		json.member("lost", lost);
		json.begin_array("histograms");
	}
	const auto all = tracer.counts();

	for (const auto &[guest, counts] : all)
		for (const Subject &subject : subjects)
			if (is_wanted(in, subject))
				show(in, guest, subject, counts.*subject.histogram, json);
	for (const Subject &subject : subjects)
		if (!in.json && is_wanted(in, subject) &&
		    std::ranges::none_of(all, [&](const auto &one) {
			    return (one.second.*subject.histogram).count();
		    }))
			in.out.text += std::string{"there was no "} + subject.name + '\n';
	if (in.json) {
		json.end();
		json.end();
	} else {
		in.out.text += "lost: " + std::to_string(lost) + '\n';
	}
	in.out.flush_last_words();
	if (interrupted() && limit.is_set())
		throw Interrupted{"--for is not over"};
}

constexpr const char *names[] = {"fault", "run"};

constexpr Argument arguments[] = {
	traced_guests_argument,
	{"--of", "WHAT", "fault: time to answer; run: time until the guest exits (both)",
	 Kind::choice, false, false, names},
	for_argument,
	verbose_argument,
};

} // namespace

constexpr Command hist_command = {
	"hist",
	"show how long faults and runs take, as histograms",
	"The kernel counts until Ctrl-C or --for; then the counts are shown. A bar is the range "
	"between two powers of two. A percentile is at most an eighth too large.",
	arguments,
	"  s2ctl hist --for 10\n  s2ctl hist demo --of fault\n"
	"  s2ctl hist --for 1 --json | jq '.histograms[] | [.guest, .of, .p99_ns]'\n",
	hist};

} // namespace s2ctl
