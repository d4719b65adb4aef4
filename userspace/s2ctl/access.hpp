// SPDX-License-Identifier: GPL-2.0-only
//
// An access that somebody asks about: --read, --write, --exec, --el0, and the answer.
#pragma once

#include "command.hpp"

#include "text/json.hpp"
#include "translate/access.hpp"

namespace s2ctl
{

inline constexpr Argument read_argument = {"--read", nullptr, "say whether a read would pass",
					   Argument::Kind::flag};
inline constexpr Argument write_argument = {
	"--write", nullptr, "say whether a write would pass, and which bit refuses it",
	Argument::Kind::flag};
inline constexpr Argument exec_argument = {
	"--exec", nullptr, "say whether an instruction could be fetched", Argument::Kind::flag};
inline constexpr Argument el0_argument = {"--el0", nullptr, "of such an access: at EL0, not EL1",
					  Argument::Kind::flag};

// nullopt: nobody asks. Throws a Failure.
std::optional<translate::Access> access_of(const Arguments &arguments);

// `update`: what hardware does to the leaf where the access passes.
void append_verdict(Output &out, const translate::Access &access,
		    const std::optional<translate::Fault> &fault, const std::string &update);
void write_verdict(json::Writer &json, const translate::Access &access,
		   const std::optional<translate::Fault> &fault);

} // namespace s2ctl
