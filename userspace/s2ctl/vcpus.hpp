// SPDX-License-Identifier: GPL-2.0-only
//
// Files about vCPUs: regs and run have a section for each, which begins with "vcpu N".
#pragma once

#include <string>
#include <vector>

namespace s2ctl
{

// The sections of a file, or that of one vCPU. Throws a Failure where there is nothing about that one.
std::vector<std::string> sections(const std::string &text, const std::string &vcpu);

} // namespace s2ctl
