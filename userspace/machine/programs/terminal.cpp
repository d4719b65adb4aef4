// SPDX-License-Identifier: GPL-2.0-only
//
// terminal SIZE... -- COMMAND...: runs COMMAND in a terminal that is first of one SIZE (COLUMNSxLINES), then of
// the next, until it has drawn a few screens of each; then somebody presses Ctrl-C. Prints what came to the screen, ESC
// as ^[, behind a line "== SIZE" for each. The exit status is the command's; who goes on all the same is killed.
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <poll.h>
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace
{

bool parse(const char *text, winsize &size)
{
	size = {};
	return std::sscanf(text, "%hux%hu", &size.ws_col, &size.ws_row) == 2;
}

constexpr char home[] = "\033[H"; // begins each screen
constexpr unsigned few = 5, many = 100;

// Shows what comes, until so many screens have begun, there is nobody left to write, or nothing comes for a minute.
bool show(int screen, unsigned screens)
{
	size_t of_home = 0;
	pollfd input{screen, POLLIN, 0};

	while (screens && poll(&input, 1, 60'000) > 0) {
		char bytes[4096];
		const ssize_t n = read(screen, bytes, sizeof(bytes));

		if (n <= 0)
			return false;
		for (ssize_t i = 0; i < n; i++) {
			of_home = bytes[i] == home[of_home] ? of_home + 1 : bytes[i] == home[0];
			if (!home[of_home]) {
				of_home = 0;
				screens -= screens != 0;
			}
			if (bytes[i] == '\033')
				std::fputs("^[", stdout);
			else if (bytes[i] != '\r')
				std::fputc(bytes[i], stdout);
		}
	}
	return !screens;
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
		if (!show(screen, few))
			break;
	}
	std::printf("\n== Ctrl-C\n");
	if (write(screen, "\003", 1) == 1)
		show(screen, many);
	kill(child, SIGKILL); // if it is still there
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
