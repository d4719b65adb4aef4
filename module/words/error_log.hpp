// SPDX-License-Identifier: GPL-2.0-only
//
// The last refused requests, explained: what was wrong, the line, and a caret under the word, as
// tracefs does it.
//
//   [  12.345] guests/demo/map: unknown word (known: ipa size prot attr max)
//              ipa=0x80000800 size=4k prto=rw
//                                     ^
#pragma once

#include "kernel/kernel.h"

#include <cstddef>
#include <string_view>

namespace stage2::error_log
{

inline constexpr size_t no_caret = ~size_t{0};

// False when there is no memory for the lock.
bool start();
void stop();

// `column` is where in `line` the fault lies, or no_caret. `line` may hold anything at all.
void add(const char *file, const char *message, std::string_view line, size_t column);

void show(stage2_guest *guest, seq_file *out, stage2_cursor *cursor);

} // namespace stage2::error_log
