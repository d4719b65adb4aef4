// SPDX-License-Identifier: GPL-2.0-only
#include "elf.hpp"

#include <elf.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace elf
{

namespace
{

std::string read(const std::string &path)
{
	std::ifstream in{path, std::ios::binary};

	if (!in)
		throw std::runtime_error(path + ": " + std::strerror(errno));
	return {std::istreambuf_iterator<char>{in}, {}};
}

// A record of the file, copied: nothing says it is aligned there. False beyond the end.
template <class T> bool get(std::string_view file, uint64_t at, T &record)
{
	if (at > file.size() || file.size() - at < sizeof(record))
		return false;
	std::memcpy(&record, file.data() + at, sizeof(record));
	return true;
}

bool contains(const std::vector<Segment> &segments, uint64_t address)
{
	for (const Segment &segment : segments) {
		if (address >= segment.address && address <= segment.last())
			return true;
	}
	return false;
}

} // namespace

uint64_t Program::bytes() const
{
	uint64_t sum = 0;

	for (const Segment &segment : segments)
		sum += segment.bytes;
	return sum;
}

bool is_elf(std::string_view file)
{
	return file.starts_with(std::string_view{ELFMAG, SELFMAG});
}

Program parse(const std::string &name, std::string_view file)
{
	const auto refuse = [&](const char *why) {
		return std::runtime_error{name + ": " + why};
	};
	Program program;
	Elf64_Ehdr header;

	if (!is_elf(file))
		throw refuse("not an ELF file");
	if (!get(file, 0, header))
		throw refuse("the file ends within its header");
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
	    header.e_machine != EM_AARCH64)
		throw refuse("not for little-endian arm64");
	if ((header.e_type != ET_EXEC && header.e_type != ET_DYN) ||
	    header.e_phentsize != sizeof(Elf64_Phdr))
		throw refuse("not an ELF program (link an object first)");
	for (unsigned i = 0; i < header.e_phnum; i++) {
		Elf64_Phdr p;

		if (!get(file, header.e_phoff + i * sizeof(p), p))
			throw refuse("the file ends within its program headers");
		if (p.p_type == PT_INTERP)
			throw refuse("a program for an operating system (it has an interpreter)");
		if (p.p_type != PT_LOAD || !p.p_memsz)
			continue;
		if (p.p_offset > file.size() || file.size() - p.p_offset < p.p_filesz)
			throw refuse("the file ends within a segment");
		if (p.p_filesz > p.p_memsz || p.p_paddr > ~uint64_t{0} - (p.p_memsz - 1))
			throw refuse("a segment has an impossible size");
		program.segments.push_back(
			{p.p_paddr, p.p_memsz, file.substr(p.p_offset, p.p_filesz)});
	}
	program.entry = header.e_entry;
	if (program.segments.empty())
		throw refuse("there is nothing to load in it");
	if (!contains(program.segments, program.entry))
		throw refuse("its entry is outside of its segments");
	return program;
}

Image::Image(const std::string &path) : file_{read(path)}, program_{parse(path, file_)}
{
}

} // namespace elf
