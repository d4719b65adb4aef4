// SPDX-License-Identifier: GPL-2.0-only
//
// One file that may be no dump: it is refused, or every way to look at it agrees with the others.
// Memory is counted: no more than ten times the file. mutate.cpp calls this, and so does a fuzzer.
#pragma once

#include <span>

namespace unit
{

// What is wrong ends the program. Pictures take longer than all the rest.
enum class Pictures { drawn, left_out };

void judge_dump(std::span<const char> bytes, Pictures pictures = Pictures::drawn);

} // namespace unit
