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

// The object at `offset`, copied: nothing says it is aligned there.
template <class T>
T part(const std::string &path, std::span<const uint8_t> file, uint64_t offset, const char *what)
{
	T object;

	if (offset > file.size() || file.size() - offset < sizeof(T))
		throw std::runtime_error(path + ": the file ends within its " + what);
	std::memcpy(&object, file.data() + offset, sizeof(T));
	return object;
}

} // namespace

Image::Image(const std::string &path)
{
	std::ifstream in{path, std::ios::binary};

	if (!in)
		throw std::runtime_error(path + ": " + std::strerror(errno));
	file_.assign(std::istreambuf_iterator<char>{in}, {});
	if (file_.size() < SELFMAG || std::memcmp(file_.data(), ELFMAG, SELFMAG) != 0)
		throw std::runtime_error(path + ": not an ELF file");

	const auto header = part<Elf64_Ehdr>(path, file_, 0, "header");

	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
	    header.e_machine != EM_AARCH64 || header.e_type != ET_EXEC)
		throw std::runtime_error(path + ": not a static program for 64-bit Arm");
	if (header.e_phentsize != sizeof(Elf64_Phdr))
		throw std::runtime_error(path + ": program headers of an unknown size");
	entry_ = header.e_entry;

	bool entered = false;

	for (unsigned i = 0; i < header.e_phnum; i++) {
		const auto p = part<Elf64_Phdr>(
			path, file_, header.e_phoff + i * sizeof(Elf64_Phdr), "program headers");

		if (p.p_type != PT_LOAD || !p.p_memsz)
			continue;
		if (p.p_offset > file_.size() || file_.size() - p.p_offset < p.p_filesz)
			throw std::runtime_error(path + ": the file ends within a segment");
		if (p.p_filesz > p.p_memsz || p.p_paddr + (p.p_memsz - 1) < p.p_paddr)
			throw std::runtime_error(path + ": a segment of impossible size");
		segments_.push_back(
			{p.p_paddr, p.p_memsz, std::span{file_}.subspan(p.p_offset, p.p_filesz)});
		entered |= entry_ >= p.p_paddr && entry_ <= segments_.back().last();
	}
	if (!entered)
		throw std::runtime_error(path + ": its entry is in none of its segments");
}

} // namespace elf
