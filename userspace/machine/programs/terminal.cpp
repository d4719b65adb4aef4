// SPDX-License-Identifier: GPL-2.0-only
//
// terminal SIZE... -- COMMAND...: runs COMMAND in a terminal that is first of one SIZE (COLUMNSxLINES), then of
// the next, for a while each; then somebody presses Ctrl-C. Prints what came to the screen, ESC as ^[, behind a line
// "== SIZE" for each. The exit status is the command's.
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <poll.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace
{

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

bool parse(const char *text, winsize &size)
{
	size = {};
	return std::sscanf(text, "%hux%hu", &size.ws_col, &size.ws_row) == 2;
}

// Shows what comes, for so long, or until there is nobody left to write.
bool show(int screen, std::chrono::milliseconds time)
{
	const auto end = Clock::now() + time;

	for (auto now = Clock::now(); now < end; now = Clock::now()) {
		pollfd input{screen, POLLIN, 0};
		char bytes[4096];

		if (poll(&input, 1, static_cast<int>((end - now) / 1ms) + 1) <= 0)
			continue;

		const ssize_t n = read(screen, bytes, sizeof(bytes));

		if (n <= 0)
			return false;
		for (ssize_t i = 0; i < n; i++) {
			if (bytes[i] == '\033')
				std::fputs("^[", stdout);
			else if (bytes[i] != '\r')
				std::fputc(bytes[i], stdout);
		}
	}
	return true;
}

} // namespace

int main(int argc, char **argv)
{
	int sizes = 1, screen, status = 0;
	winsize size;

	while (sizes < argc && std::strcmp(argv[sizes], "--") != 0 && parse(argv[sizes], size))
		sizes++;
	if (sizes < 2 || sizes + 1 >= argc || std::strcmp(argv[sizes], "--") != 0) {
		std::fprintf(stderr, "usage: terminal COLUMNSxLINES... -- COMMAND...\n");
		return 2;
	}
	parse(argv[1], size);

	const pid_t child = forkpty(&screen, nullptr, nullptr, &size);

	if (child < 0) {
		std::perror("terminal");
		return 1;
	}
	if (!child) {
		setenv("TERM", "linux", 1);
		execvp(argv[sizes + 1], argv + sizes + 1);
		std::perror(argv[sizes + 1]);
		_exit(127);
	}
	for (int i = 1; i < sizes; i++) {
		parse(argv[i], size);
		std::printf("\n== %s\n", argv[i]);
		ioctl(screen, TIOCSWINSZ, &size); // tells the command, where it changes anything
		if (!show(screen, 1500ms))
			break;
	}
	std::printf("\n== Ctrl-C\n");
	if (write(screen, "\003", 1) == 1)
		show(screen, 5s);
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
