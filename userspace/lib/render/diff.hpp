// SPDX-License-Identifier: GPL-2.0-only
//
// What changed between two dumps of one guest: ranges that were added, removed or changed, and in what.
//
//   + 0080600000-00807fffff -> 0042600000 rw- normal 2M inner-shareable accessed
//   - 0009000000-0009000fff -> 0041000000 rw- device 4K inner-shareable accessed
//   ~ 0080100000-0080100fff permission rw- to r--, size 2M to 4K
#pragma once

#include "render.hpp"

#include "text/json.hpp"

#include <optional>

namespace render
{

// A leaf, or the part of one that a change is about.
struct Side {
	uint64_t output; // of the change's first byte
	int level;
	uint64_t leaf_bytes;
	vmsa::Descriptor bits; // all but the output
	rows::Meaning meaning;
};

struct Change {
	enum class Kind { added, removed, changed };

	// Changed, in what?
	enum What : unsigned {
		permission = 1,
		memory = 2,
		output = 4,
		size = 8,
		flags = 16, // any other bit
	};

	Kind kind;
	unsigned what = 0; // of Kind::changed
	uint64_t first;
	uint64_t last;
	std::optional<Side> before;
	std::optional<Side> after;
};

// In order; neighbours that say the same are one. Returns how many bytes are as they were.
uint64_t for_each_change(const dump::Dump &before, const dump::Dump &after,
			 const std::function<void(const Change &)> &visit);

// A line, as above.
std::string line_of(const Change &change, unsigned input_bits);
void write_json(json::Writer &json, const Change &change);

} // namespace render
