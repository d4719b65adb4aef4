// SPDX-License-Identifier: GPL-2.0-only
//
// What an ELF file says about where a guest's image goes. A file may be anything: what is not a
// static 64-bit Arm program, or ends early, is refused with words before anything is loaded.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace elf
{

// A part of the image. What `file` does not fill up to `bytes` is zero.
struct Segment {
	uint64_t address; // physical
	uint64_t bytes; // not 0; the end is no more than 2^64 - 1
	std::span<const uint8_t> file;

	uint64_t last() const
	{
		return address + (bytes - 1);
	}
};

class Image {
    public:
	// Throws std::runtime_error, which begins with the file's name.
	explicit Image(const std::string &path);

	uint64_t entry() const
	{
		return entry_;
	}
	const std::vector<Segment> &segments() const
	{
		return segments_;
	}

    private:
	std::vector<uint8_t> file_;
	std::vector<Segment> segments_;
	uint64_t entry_;
};

} // namespace elf
