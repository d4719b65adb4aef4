// SPDX-License-Identifier: GPL-2.0-only
//
// Single keys, where a person sits before a terminal: nothing is echoed while this lives, and the terminal is as
// it was afterwards.
#pragma once

#include <optional>
#include <termios.h>

namespace s2ctl
{

class Keys {
    public:
	// Does nothing unless standard input and output are a terminal, and this is who may read it.
	Keys();
	~Keys();
	Keys(const Keys &) = delete;
	Keys &operator=(const Keys &) = delete;

	// Whether this key was pressed since the last call; does not wait.
	bool pressed(char key) const;

    private:
	std::optional<termios> before_;
};

} // namespace s2ctl
