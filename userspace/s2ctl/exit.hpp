// SPDX-License-Identifier: GPL-2.0-only
//
// How s2ctl ends. Whatever goes wrong is a Failure: what to say, and the exit code that says it to
// scripts.
#pragma once

#include <stdexcept>
#include <string>

namespace s2ctl
{

enum class Exit {
	ok = 0,
	refused = 1, // by the module: the request was wrong, and nothing has changed
	usage = 2, // wrong arguments
	unreachable = 3, // debugfs, the module, permission or BPF is missing
	bad_file = 4, // a file cannot be read or written, or has the wrong contents
	incomplete = 5, // begun, and not finished: a guest was removed meanwhile, or is busy
	differs = 6, // verify: the MMU says something else than the tables
};

// Of a signal: 130 after SIGINT, 143 after SIGTERM; 141 when nobody reads the output (SIGPIPE).

struct ExitText {
	Exit code;
	const char *meaning;
};

// For the manual page.
inline constexpr ExitText exit_texts[] = {
	{Exit::ok, "done"},
	{Exit::refused, "the module refused, and changed nothing; standard error says why"},
	{Exit::usage, "wrong arguments"},
	{Exit::unreachable, "debugfs, the module, permission or BPF is missing"},
	{Exit::bad_file, "a file cannot be read or written, or has the wrong contents"},
	{Exit::incomplete,
	 "begun, and not finished; the message says how far (a guest was removed meanwhile)"},
	{Exit::differs, "verify found a difference"},
};

class Failure : public std::runtime_error {
    public:
	Failure(Exit code, const std::string &message) : std::runtime_error{message}, code_{code}
	{
	}

	Exit code() const
	{
		return code_;
	}

    private:
	Exit code_;
};

// A signal asked for the end: what() says how far things got.
class Interrupted : public std::runtime_error {
    public:
	using std::runtime_error::runtime_error;
};

} // namespace s2ctl
