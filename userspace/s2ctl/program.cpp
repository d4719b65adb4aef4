// SPDX-License-Identifier: GPL-2.0-only
#include "program.hpp"

#include "debugfs.hpp"
#include "exit.hpp"
#include "output.hpp"

#include "text/text.hpp"

#include <cerrno>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

namespace s2ctl
{

namespace
{

constexpr uint64_t usual_place = 0x8000'0000;
constexpr size_t largest = size_t{1} << 30;

// A record of the file, copied: it may stand at any place. False beyond the end.
template <class T> bool get(std::string_view contents, uint64_t at, T &record)
{
	if (at > contents.size() || contents.size() - at < sizeof(record))
		return false;
	std::memcpy(&record, contents.data() + at, sizeof(record));
	return true;
}

bool is_elf(std::string_view contents)
{
	return contents.starts_with(std::string_view{ELFMAG, SELFMAG});
}

Program elf_program(const std::string &name, std::string_view contents)
{
	const auto refuse = [&](const char *why) -> Failure {
		return {Exit::bad_file, name + ": " + why};
	};
	Program program;
	Elf64_Ehdr header;

	if (!get(contents, 0, header))
		throw refuse("the file ends within the ELF header");
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
	    header.e_machine != EM_AARCH64)
		throw refuse("not for little-endian arm64");
	if ((header.e_type != ET_EXEC && header.e_type != ET_DYN) ||
	    header.e_phentsize != sizeof(Elf64_Phdr))
		throw refuse("not an ELF program (an object is to be linked first)");
	for (unsigned i = 0; i < header.e_phnum; i++) {
		Elf64_Phdr segment;

		if (!get(contents, header.e_phoff + i * sizeof(segment), segment))
			throw refuse("a program header lies beyond the end of the file");
		if (segment.p_type == PT_INTERP)
			throw refuse("a program for an operating system (it has an interpreter)");
		if (segment.p_type != PT_LOAD || !segment.p_memsz)
			continue;
		if (segment.p_offset > contents.size() ||
		    contents.size() - segment.p_offset < segment.p_filesz)
			throw refuse("a segment lies beyond the end of the file");
		if (segment.p_filesz > segment.p_memsz ||
		    segment.p_paddr > ~uint64_t{0} - (segment.p_memsz - 1))
			throw refuse("a segment has no possible size");
		program.segments.push_back({segment.p_paddr,
					    contents.substr(segment.p_offset, segment.p_filesz),
					    segment.p_memsz});
	}
	if (program.segments.empty())
		throw refuse("there is nothing to load in it");
	program.entry = header.e_entry;
	return program;
}

} // namespace

uint64_t Program::bytes() const
{
	uint64_t sum = 0;

	for (const Segment &segment : segments)
		sum += segment.bytes;
	return sum;
}

std::string read_program(const std::string &name)
{
	const File open{name == "-" ? dup(STDIN_FILENO)
				    : ::open(name.c_str(), O_RDONLY | O_CLOEXEC)};
	std::string contents;

	if (open.descriptor() < 0)
		throw Failure{Exit::bad_file, name + ": " + std::strerror(errno)};
	for (;;) {
		const size_t at = contents.size();

		contents.resize(at + (1 << 20));

		const ssize_t n = read(open.descriptor(), contents.data() + at, 1 << 20);

		check_interrupted();
		if (n < 0)
			throw Failure{Exit::bad_file, name + ": " + std::strerror(errno)};
		contents.resize(at + static_cast<size_t>(n));
		if (!n)
			break;
		if (contents.size() > largest)
			throw Failure{Exit::bad_file,
				      name + ": larger than " + text::size(largest)};
	}
	if (contents.empty())
		throw Failure{Exit::bad_file, name + ": the file is empty"};
	return contents;
}

Program flat_program(std::string_view contents, uint64_t ipa)
{
	if (ipa > ~uint64_t{0} - (contents.size() - 1))
		throw Failure{Exit::usage, "--at: it does not fit below 2^64"};
	return {{{ipa, contents, contents.size()}}, ipa};
}

Program program_of(const std::string &name, std::string_view contents)
{
	return is_elf(contents) ? elf_program(name, contents) : flat_program(contents, usual_place);
}

} // namespace s2ctl
