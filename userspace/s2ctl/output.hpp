// SPDX-License-Identifier: GPL-2.0-only
//
// What people see: standard output (collected, and written in large pieces), colour where there is a
// terminal, progress on standard error, and the signals that end it all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace s2ctl
{

enum class Colour { automatic, always, never };

class Output {
    public:
	// Colour, when automatic: on a terminal, unless NO_COLOR is set (and not empty) or TERM is dumb.
	explicit Output(Colour colour);

	// Everything is appended here.
	std::string text;

	// Writes, once there is much. Throws a Failure, or Interrupted.
	void flush_if_large()
	{
		if (text.size() >= large)
			flush();
	}
	void flush()
	{
		write(false);
	}
	// Even when a signal asked for the end: the last words.
	void flush_last_words()
	{
		write(true);
	}

	// A program reads it: no line that is wider than the terminal goes on below.
	void keep_lines()
	{
		folds_ = false;
	}

	bool coloured() const
	{
		return coloured_;
	}

	// Around a piece of text; empty without colour.
	std::string_view bold() const
	{
		return style("\033[1m");
	}
	std::string_view dim() const
	{
		return style("\033[2m");
	}
	std::string_view red() const
	{
		return style("\033[31m");
	}
	std::string_view plain() const
	{
		return style("\033[0m");
	}

    private:
	void write(bool to_the_end);

	static constexpr size_t large = 64 * 1024;

	std::string_view style(std::string_view sequence) const
	{
		return coloured_ ? sequence : std::string_view{};
	}

	bool coloured_;
	bool folds_ = true;
};

struct Size {
	size_t columns, lines;
};

// Of the terminal that standard output (1) or standard error (2) is; 80 times 24 when it does not tell.
std::optional<Size> terminal_size(int descriptor = 1);

// What is for a program is not for a terminal: `instead` would be right. Throws a Failure.
void refuse_terminal(const char *instead);

// That it has changed is noted, and what waits comes back. Asking forgets it.
void catch_resizes();
bool resized();

// "load: 12M of 64M", on one line of standard error that goes when it is done; nothing where there is no
// terminal, and not for what takes less than half a second.
class Progress {
    public:
	Progress(const char *what, uint64_t total_bytes);
	~Progress();
	Progress(const Progress &) = delete;
	Progress &operator=(const Progress &) = delete;

	void at(uint64_t bytes);

    private:
	const char *what_;
	uint64_t total_;
	uint64_t next_ms_; // when there is something to show
	bool shown_ = false;
	bool possible_;
};

// SIGINT and SIGTERM are noted; a second one ends the program at once.
void catch_signals();
bool interrupted();
// Throws Interrupted with that text, when one came.
void check_interrupted(const std::string &how_far = {});
// Ends the program as that signal would have.
[[noreturn]] void end_by_signal();

} // namespace s2ctl
