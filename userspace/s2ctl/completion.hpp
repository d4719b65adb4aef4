// SPDX-License-Identifier: GPL-2.0-only
//
// What the completions of all shells have in common.
#pragma once

#include "command.hpp"

namespace s2ctl
{

template <class Visit> void for_each_argument(const Command &command, const Visit &visit)
{
	for (const Argument &a : command.arguments)
		visit(a);
	for (const Argument &a : common_arguments())
		visit(a);
}

// What decode knows by name: registers, their aliases, descriptor.
std::string register_words();
// "none r w rw"
std::string choice_words(const Argument &argument);

} // namespace s2ctl
