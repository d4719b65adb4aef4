// SPDX-License-Identifier: GPL-2.0-only
//
// A guest's memory at its IPAs, through its tables: the file `mem`.
#pragma once

#include "debugfs.hpp"

#include "dump/dump.hpp"

#include <optional>

namespace s2ctl
{

class GuestMemory {
    public:
	// `flags`: O_RDONLY or O_WRONLY.
	GuestMemory(const Debugfs &debugfs, const std::string &guest, int flags);

	// Each throws a Failure, or Interrupted with how far it got.
	void read(uint64_t ipa, char *to, size_t bytes) const;
	void write(uint64_t ipa, std::string_view bytes) const;

    private:
	const Debugfs &debugfs_;
	std::string file_;
	File open_;
};

// Where the first byte of [first, last] lies that is not mapped.
std::optional<uint64_t> first_hole(const dump::Dump &dump, uint64_t first, uint64_t last);

} // namespace s2ctl
