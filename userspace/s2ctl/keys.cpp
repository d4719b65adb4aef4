// SPDX-License-Identifier: GPL-2.0-only
#include "keys.hpp"

#include <poll.h>
#include <unistd.h>

namespace s2ctl
{

Keys::Keys()
{
	termios settings;

	// A background job that changed its terminal would be stopped.
	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &settings) ||
	    tcgetpgrp(STDIN_FILENO) != getpgrp())
		return;
	before_ = settings;
	settings.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
	settings.c_cc[VMIN] = 1;
	settings.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &settings);
}

Keys::~Keys()
{
	if (before_)
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &*before_);
}

bool Keys::pressed(char key) const
{
	pollfd input{STDIN_FILENO, POLLIN, 0};
	bool found = false;
	char c;

	while (before_ && poll(&input, 1, 0) == 1 && read(STDIN_FILENO, &c, 1) == 1)
		found = found || c == key;
	return found;
}

} // namespace s2ctl
