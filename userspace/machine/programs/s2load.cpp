// SPDX-License-Identifier: GPL-2.0-only
//
// s2load GUEST FILE.elf [WORD...]
//
// Loads an image into the memory of GUEST, a folder of guests/ in debugfs, and points every vCPU at
// its entry: pc, x0 = the number of the vCPU, EL1 with its MMU off, and the WORDs (x1=...), as `regs`
// takes them. Everything an image needs must be mapped; nothing is written when it is not.
#include "elf/elf.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace
{

std::string hex(uint64_t value)
{
	char text[24];

	std::snprintf(text, sizeof(text), "0x%llx", static_cast<unsigned long long>(value));
	return text;
}

[[noreturn]] void fail(const std::string &what)
{
	throw std::runtime_error(what + ": " + std::strerror(errno));
}

// Is every byte of the segment mapped? `maps` has the ranges in order, a line each.
bool is_mapped(const std::string &guest, const elf::Segment &segment)
{
	std::ifstream maps{guest + "/maps"};
	uint64_t at = segment.address;

	if (!maps)
		fail(guest + "/maps");
	for (std::string line; std::getline(maps, line);) {
		unsigned long long first, last;

		if (std::sscanf(line.c_str(), "%llx-%llx", &first, &last) != 2 || at < first ||
		    at > last)
			continue;
		if (last >= segment.last())
			return true;
		at = last + 1;
	}
	return false;
}

class File {
    public:
	File(std::string path, int flags) : path_{std::move(path)}, fd_{open(path_.c_str(), flags)}
	{
		if (fd_ < 0)
			fail(path_);
	}
	~File()
	{
		close(fd_);
	}
	File(const File &) = delete;
	File &operator=(const File &) = delete;

	void write_at(uint64_t at, std::string_view bytes) const
	{
		while (!bytes.empty()) {
			const ssize_t n =
				pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(at));

			if (n <= 0)
				fail(path_ + ", at " + hex(at));
			bytes.remove_prefix(static_cast<size_t>(n));
			at += static_cast<uint64_t>(n);
		}
	}

	// One request is one write.
	void request(const std::string &line) const
	{
		if (write(fd_, line.data(), line.size()) < 0)
			fail(path_ + " refuses '" + line + "'");
	}

    private:
	std::string path_;
	int fd_;
};

unsigned vcpus_of(const std::string &guest)
{
	std::ifstream config{guest + "/config"};
	unsigned vcpus = 1;

	for (std::string line; std::getline(config, line);)
		std::sscanf(line.c_str(), "vcpus %u", &vcpus);
	return vcpus;
}

void load(const std::string &guest, const std::string &path, const std::string &words)
{
	const elf::Image image{path};

	for (const elf::Segment &segment : image.segments()) {
		if (!is_mapped(guest, segment))
			throw std::runtime_error(path + ": " + hex(segment.address) + "-" +
						 hex(segment.last()) + " is not all mapped in " +
						 guest);
	}

	const File memory{guest + "/mem", O_WRONLY};

	for (const elf::Segment &segment : image.segments()) {
		const std::string zeros(segment.bytes - segment.contents.size(), 0);

		memory.write_at(segment.address, segment.contents);
		memory.write_at(segment.address + segment.contents.size(), zeros);
	}

	// As a vCPU is that has never run: one that has may have left its MMU on.
	const File registers{guest + "/regs", O_WRONLY};
	std::string state = " pstate=0x3c5 sctlr_el1=0x30d00800 pc=" + hex(image.entry()) + words;

	for (const char *argument : {" x1=", " x2=", " x3=", " x4=", " x5=", " x6="}) {
		if (words.find(argument) == words.npos)
			state += std::string{argument} + "0";
	}

	for (unsigned vcpu = 0; vcpu < vcpus_of(guest); vcpu++) {
		const std::string number = std::to_string(vcpu);

		registers.request("vcpu=" + number + " x0=" + number + state);
	}
}

} // namespace

int main(int argc, char **argv)
{
	std::string words;

	if (argc < 3) {
		std::fprintf(stderr, "usage: s2load GUEST FILE.elf [WORD...]\n");
		return 2;
	}
	for (int i = 3; i < argc; i++)
		words += std::string{" "} + argv[i];
	try {
		load(argv[1], argv[2], words);
	} catch (const std::exception &e) {
		std::fprintf(stderr, "s2load: %s\n", e.what());
		return 1;
	}
}
