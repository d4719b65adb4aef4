// SPDX-License-Identifier: GPL-2.0-only
//
// What the module's files say, a key and a value a line, as members of a JSON object: numbers and words of a known
// set, sizes in bytes, so that nobody has to take sentences apart. "level 1, 2 concatenated tables" becomes
// "start_level": 1, "root_tables": 2.
#pragma once

#include "debugfs.hpp"

#include "text/json.hpp"

namespace s2ctl
{

void write_member(json::Writer &json, const std::string &key, const std::string &value);
void write_members(json::Writer &json, const KeyValues &values);

} // namespace s2ctl
