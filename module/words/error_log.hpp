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

#include <cstdarg>
#include <cstddef>
#include <string_view>

namespace stage2::error_log
{

inline constexpr size_t no_caret = ~size_t{0};

// False when there is no memory for the lock.
bool start();
void stop();

// The longest message, the NUL included: all words of `regs` are known words.
inline constexpr size_t message_bytes = 640;

// A refusal being written down. The log is locked meanwhile.
class Entry {
    public:
	// `column` is where in `line` the fault lies, or no_caret. `line` may hold anything at all.
	Entry(const char *file, std::string_view line, size_t column);
	~Entry();
	Entry(const Entry &) = delete;
	Entry &operator=(const Entry &) = delete;

	// More of the message.
	[[gnu::format(printf, 2, 3)]] void add(const char *format, ...);
	[[gnu::format(printf, 2, 0)]] void add(const char *format, va_list *args);

    private:
	size_t used_ = 0;
};

void show(stage2_guest *guest, seq_file *out, stage2_cursor *cursor);

} // namespace stage2::error_log
