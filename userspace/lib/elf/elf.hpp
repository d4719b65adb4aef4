// SPDX-License-Identifier: GPL-2.0-only
//
// What an ELF file says about where a guest's image goes. A file may be anything: what is not a
// 64-bit Arm program that stands alone, or ends early, is refused with words before anything is loaded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace elf
{

// A part of the image. What `contents` does not fill up to `bytes` is zero.
struct Segment {
	uint64_t address; // physical: an IPA of the guest
	uint64_t bytes; // not 0; the end is no more than 2^64 - 1
	std::string_view contents;

	uint64_t last() const
	{
		return address + (bytes - 1);
	}
};

struct Program {
	std::vector<Segment> segments; // one at least, and the entry is in one of them
	uint64_t entry;

	uint64_t bytes() const;
};

bool is_elf(std::string_view file);

// The segments lie in `file`, which has to stay. Throws std::runtime_error, which begins with `name`.
Program parse(const std::string &name, std::string_view file);

// A program and the file it is in.
class Image {
    public:
	// Throws std::runtime_error, which begins with the file's name.
	explicit Image(const std::string &path);
	Image(const Image &) = delete;
	Image &operator=(const Image &) = delete;

	uint64_t entry() const
	{
		return program_.entry;
	}
	const std::vector<Segment> &segments() const
	{
		return program_.segments;
	}

    private:
	const std::string file_;
	const Program program_;
};

} // namespace elf
