// SPDX-License-Identifier: GPL-2.0-only
//
// The command line: from words to a command and its arguments. The only part that knows CLI11, which is
// slow to compile.
#pragma once

#include "command.hpp"

namespace s2ctl
{

struct CommandLine {
	const Command *command = nullptr; // nullptr: `answer` is all there is to say
	Arguments arguments;
	std::string answer; // what --help or --version asked for
};

// Throws a Failure about what is wrong.
CommandLine parse_command_line(int argc, const char *const *argv);

} // namespace s2ctl
