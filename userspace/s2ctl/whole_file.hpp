// SPDX-License-Identifier: GPL-2.0-only
//
// A file that is there as a whole, or not at all.
#pragma once

#include <cstddef>
#include <string>

namespace s2ctl
{

class WholeFile {
    public:
	// Each throws a Failure, or Interrupted.
	explicit WholeFile(std::string name);
	void write(const void *from, size_t bytes);
	void finish();

	~WholeFile();
	WholeFile(const WholeFile &) = delete;
	WholeFile &operator=(const WholeFile &) = delete;

    private:
	[[noreturn]] void fail() const;

	std::string name_, part_;
	int descriptor_;
};

} // namespace s2ctl
