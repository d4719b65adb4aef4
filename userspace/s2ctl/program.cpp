// SPDX-License-Identifier: GPL-2.0-only
#include "program.hpp"

#include "debugfs.hpp"
#include "exit.hpp"
#include "output.hpp"

#include "text/text.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <stdexcept>
#include <unistd.h>

namespace s2ctl
{

namespace
{

constexpr uint64_t usual_place = 0x8000'0000;
constexpr size_t largest = size_t{1} << 30;

} // namespace

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
		throw Failure{Exit::usage, "--at: the program does not fit below 2^64"};
	return {{{ipa, contents.size(), contents}}, ipa};
}

Program program_of(const std::string &name, std::string_view contents)
{
	if (!elf::is_elf(contents))
		return flat_program(contents, usual_place);
	try {
		return elf::parse(name, contents);
	} catch (const std::runtime_error &error) {
		throw Failure{Exit::bad_file, error.what()};
	}
}

} // namespace s2ctl
