// SPDX-License-Identifier: GPL-2.0-only
//
// Where tables come from: a guest of this machine, or a file that `s2ctl dump` made.
#pragma once

#include "command.hpp"

#include "dump/dump.hpp"

namespace s2ctl
{

// A path has a / in it; "-" is standard input. A guest's name can be neither.
bool is_file(const std::string &source);

// The tables. A guest's are read anew, a few times, when they changed meanwhile; after that what does
// not fit is left out, and a note about it is on standard error. Throws a Failure.
dump::Dump read_tables(const Debugfs &debugfs, const std::string &source);

} // namespace s2ctl
