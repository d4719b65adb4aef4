// SPDX-License-Identifier: GPL-2.0-only
//
// Keys of a terminal: seen at once, not echoed; and the terminal is as it was afterwards.
#include "s2ctl/keys.hpp"

#include <gtest/gtest.h>

#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

namespace
{

TEST(keys, q_is_seen_and_not_echoed)
{
	int terminal, status = 0;
	const pid_t child = forkpty(&terminal, nullptr, nullptr, nullptr);

	ASSERT_GE(child, 0);
	if (!child) {
		bool seen = false;
		termios settings;

		alarm(60);
		{
			const s2ctl::Keys keys;

			if (write(STDOUT_FILENO, "?", 1) != 1)
				_exit(2);
			while (!(seen = keys.pressed('q')))
				usleep(1000);
		}
		tcgetattr(STDIN_FILENO, &settings);
		_exit((settings.c_lflag & (ICANON | ECHO)) == (ICANON | ECHO) ? 0 : 1);
	}

	std::string shown;
	char c;

	while (read(terminal, &c, 1) == 1) {
		shown += c;
		if (c == '?')
			EXPECT_EQ(write(terminal, "xq", 2), 2);
	}
	waitpid(child, &status, 0);
	close(terminal);
	EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
	EXPECT_EQ(shown, "?");
}

} // namespace
