// SPDX-License-Identifier: GPL-2.0-only
//
// What is to be known of this machine when something does not work: whether the module is loaded, and
// whether the kernel is locked down.
#pragma once

#include <string>

namespace s2ctl
{

// Its first 4096 bytes; "" when it cannot be read.
std::string small_file(const std::string &path);

bool exists(const std::string &path);

bool module_is_loaded();
// What helps: to be loaded, or another machine.
std::string how_to_load_the_module();

// "integrity", "confidentiality", or "" when the kernel is not locked down.
std::string lockdown();

// " (this machine is x86_64, ...)", or "" on arm64.
std::string elsewhere();

} // namespace s2ctl
