// SPDX-License-Identifier: GPL-2.0-only
//
// A program as it goes into a guest's memory: from an ELF file, or bytes as they are.
#pragma once

#include "elf/elf.hpp"

namespace s2ctl
{

using elf::Program;

// All of a file; - is standard input. Throws a Failure.
std::string read_program(const std::string &name);

// The contents have to stay.
Program flat_program(std::string_view contents, uint64_t ipa);
// ELF when it begins like one; else flat, at 0x80000000. Throws a Failure that names the file.
Program program_of(const std::string &name, std::string_view contents);

} // namespace s2ctl
