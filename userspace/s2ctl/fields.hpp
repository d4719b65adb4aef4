// SPDX-License-Identifier: GPL-2.0-only
//
// Decoded values as people and programs read them: for decode, and for each step of walk.
#pragma once

#include "output.hpp"

#include "decode/decode.hpp"
#include "text/json.hpp"

namespace s2ctl
{

// A line a field, indented; reserved and ignored bits only where something is wrong with them.
// `set`: those that are 0 are only counted.
enum class Shown { all, set };
void append_fields(Output &out, const decode::Decoded &decoded, unsigned indent,
		   Shown shown = Shown::all);

// An array, every bit of the value in it.
void write_fields(json::Writer &json, const decode::Decoded &decoded);

} // namespace s2ctl
