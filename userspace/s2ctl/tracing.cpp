// SPDX-License-Identifier: GPL-2.0-only
#include "tracing.hpp"

#include <algorithm>
#include <ctime>

namespace s2ctl
{

TracerOptions tracer_options(const Arguments &arguments)
{
	TracerOptions options;

	options.guests = arguments.all("guest");
	for (const std::string &guest : options.guests)
		(void)Debugfs::guest_file(guest, ""); // throws where nobody can be called that
	options.verbose = arguments.has("--verbose");
	// What is wrong is told before anything is attached.
	(void)TimeLimit{arguments};
	if (arguments.has("--count"))
		(void)arguments.number("--count");
	return options;
}

uint64_t now_ns()
{
	timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return static_cast<uint64_t>(t.tv_sec) * 1000000000 + static_cast<uint64_t>(t.tv_nsec);
}

TimeLimit::TimeLimit(const Arguments &arguments)
{
	if (arguments.has("--for"))
		end_ns_ = now_ns() + parse_seconds("--for", arguments.text("--for")) * 1000000;
}

int TimeLimit::wait(int ms) const
{
	const uint64_t now = now_ns();

	return is_over(now) ? 0
			    : static_cast<int>(std::min<uint64_t>(static_cast<uint64_t>(ms),
								  (end_ns_ - now) / 1000000 + 1));
}

} // namespace s2ctl
