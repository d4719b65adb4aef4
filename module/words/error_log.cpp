// SPDX-License-Identifier: GPL-2.0-only
#include "error_log.hpp"

#include "kernel/kernel.hpp"

#include <algorithm>

namespace stage2::error_log
{

namespace
{

inline constexpr size_t kept = 32; // a power of two
inline constexpr size_t longest_line = 160;
inline constexpr char margin[] = "           "; // as wide as the time

struct Kept {
	unsigned long time_us;
	char file[64];
	char message[message_bytes];
	char line[longest_line + 1];
	size_t caret;
};

constinit Kept entries[kept]{};
constinit size_t added = 0;
constinit kernel_lock *lock = nullptr;

// Long lines are cut to a window around the column; what is not printable becomes a dot.
void copy_line(Kept &entry, std::string_view line, size_t column)
{
	size_t from = 0;

	while (!line.empty() && line.back() == '\n')
		line.remove_suffix(1);
	if (column != no_caret && column > longest_line - 8)
		from = column - longest_line / 2;
	from = std::min(from, line.size());
	line.remove_prefix(from);

	const size_t length = std::min(line.size(), longest_line);

	for (size_t i = 0; i < length; i++)
		entry.line[i] = line[i] >= ' ' && line[i] <= '~' ? line[i] : '.';
	entry.line[length] = '\0';
	entry.caret = column == no_caret ? no_caret : std::min(column - from, length);
}

} // namespace

bool start()
{
	added = 0;
	lock = kernel_lock_create(KERNEL_LOCK_LOG);
	return lock;
}

void stop()
{
	kernel_lock_destroy(lock);
	lock = nullptr;
}

Entry::Entry(const char *file, std::string_view line, size_t column)
{
	kernel_lock_acquire(lock);

	Kept &entry = entries[added % kept];

	entry.time_us = kernel_time_us();
	kernel_format(entry.file, sizeof(entry.file), "%s", file);
	entry.message[0] = '\0';
	copy_line(entry, line, column);
}

Entry::~Entry()
{
	added++;
	kernel_lock_release(lock);
}

void Entry::add(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(format, &args);
	va_end(args);
}

void Entry::add(const char *format, va_list *args)
{
	Kept &entry = entries[added % kept];

	used_ += static_cast<size_t>(kernel_format_args(
		entry.message + used_, sizeof(entry.message) - used_, format, args));
}

// cursor->at counts entries since the module was loaded.
void show(stage2_guest *, seq_file *out, stage2_cursor *cursor)
{
	const Guard guard{lock};

	if (added > kept)
		cursor->at = std::max(cursor->at, added - kept);
	if (cursor->at < added) {
		const Kept &entry = entries[cursor->at % kept];
		const unsigned long ms = entry.time_us / 1000;

		kernel_print(out, "[%4lu.%03lu] %s: %s\n", ms / 1000, ms % 1000, entry.file,
			     entry.message);
		if (entry.line[0])
			kernel_print(out, "%s%s\n", margin, entry.line);
		if (entry.caret != no_caret)
			kernel_print(out, "%s%*s^\n", margin, static_cast<int>(entry.caret), "");
		cursor->at++;
	}
	cursor->done = cursor->at >= added;
}

} // namespace stage2::error_log
