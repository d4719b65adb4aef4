// SPDX-License-Identifier: GPL-2.0-only
//
// The boot option that makes KVM leave EL2 to the module, and the place where this machine's boot loader has
// the kernel's options. Nothing is ever written.
#pragma once

#include "debugfs.hpp"

#include <string>

namespace s2ctl::boot
{

inline constexpr char option[] = "kvm-arm.mode=none";

struct Verdict {
	bool helps; // the option would
	const char *name; // for JSON: one of a fixed set
	std::string why; // a sentence
};

// `features` of the module, empty when it is not loaded; and the kernel's command line.
Verdict judge(const KeyValues &features, const std::string &command_line);

// What is to be done. A loader's own sources come before what is made of them.
struct Place {
	std::string file; // empty: no loader was found
	std::string now; // a line of it; empty: there is none yet
	std::string then; // what that line has to be
	std::string afterwards; // a command; empty: none
};

// `root` is where the machine's files are: "", or a folder.
Place find_place(const std::string &root);

// A line with the option added as the last, within the quotes where it ends with one.
std::string with_option(const std::string &line);

} // namespace s2ctl::boot
