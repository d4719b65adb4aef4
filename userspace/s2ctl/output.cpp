// SPDX-License-Identifier: GPL-2.0-only
#include "output.hpp"

#include "exit.hpp"
#include "text/text.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <sys/ioctl.h>
#include <unistd.h>

namespace s2ctl
{

namespace
{

volatile std::sig_atomic_t caught;
volatile std::sig_atomic_t new_size; // of the terminal, not asked for yet

void note(int signal)
{
	caught = signal;
}

bool wants_colour(Colour colour)
{
	if (colour != Colour::automatic)
		return colour == Colour::always;

	const char *none = std::getenv("NO_COLOR");
	const char *terminal = std::getenv("TERM");

	return isatty(STDOUT_FILENO) && !(none && *none) && terminal &&
	       std::strcmp(terminal, "dumb") != 0;
}

uint64_t now_ms()
{
	timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return static_cast<uint64_t>(t.tv_sec) * 1000 + static_cast<uint64_t>(t.tv_nsec) / 1000000;
}

} // namespace

Output::Output(Colour colour) : coloured_{wants_colour(colour)}
{
}

void Output::write(bool to_the_end)
{
	size_t done = 0;

	if (const auto terminal = terminal_size(); terminal && folds_)
		text = text::fold(text, terminal->columns);
	while (done < text.size()) {
		const ssize_t n = ::write(STDOUT_FILENO, text.data() + done, text.size() - done);

		if (!to_the_end)
			check_interrupted();
		if (n < 0 && errno != EINTR) {
			text.clear();
			throw Failure{Exit::bad_file,
				      std::string{"standard output: "} + std::strerror(errno)};
		}
		if (n > 0)
			done += static_cast<size_t>(n);
	}
	text.clear();
}

std::optional<Size> terminal_size(int descriptor)
{
	winsize size = {};

	if (!isatty(descriptor))
		return std::nullopt;
	if (ioctl(descriptor, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
		return Size{80, 24};
	return Size{size.ws_col, size.ws_row};
}

void refuse_terminal(const char *instead)
{
	if (isatty(STDOUT_FILENO))
		throw Failure{Exit::usage, std::string{"the output is a terminal: use "} + instead +
						   ", or a pipe"};
}

void catch_resizes()
{
	struct sigaction action = {};

	action.sa_handler = [](int) {
		new_size = 1;
	};
	sigaction(SIGWINCH, &action, nullptr);
}

bool resized()
{
	const bool is_new = new_size;

	new_size = 0;
	return is_new;
}

Progress::Progress(const char *what, uint64_t total_bytes)
    : what_{what}, total_{total_bytes}, next_ms_{now_ms() + 500}, possible_{isatty(STDERR_FILENO) !=
									    0}
{
}

void Progress::at(uint64_t bytes)
{
	if (!possible_ || now_ms() < next_ms_)
		return;
	std::fprintf(stderr, "\r\033[K%s: %llu of %lluM", what_,
		     static_cast<unsigned long long>(bytes >> 20),
		     static_cast<unsigned long long>(total_ >> 20));
	std::fflush(stderr);
	shown_ = true;
	next_ms_ = now_ms() + 200;
}

Progress::~Progress()
{
	if (shown_)
		std::fputs("\r\033[K", stderr);
}

void catch_signals()
{
	struct sigaction action = {};

	// Without SA_RESTART: what waits in the kernel comes back. Once: the next one is not caught.
	action.sa_handler = note;
	action.sa_flags = static_cast<int>(SA_RESETHAND);
	sigaction(SIGINT, &action, nullptr);
	sigaction(SIGTERM, &action, nullptr);
}

bool interrupted()
{
	return caught != 0;
}

void check_interrupted(const std::string &how_far)
{
	if (interrupted())
		throw Interrupted{how_far};
}

void end_by_signal()
{
	std::signal(caught, SIG_DFL);
	std::raise(caught);
	std::_Exit(128 + caught);
}

} // namespace s2ctl
