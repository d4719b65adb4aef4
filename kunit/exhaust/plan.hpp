// SPDX-License-Identifier: GPL-2.0-only
//
// What is tried in a world: every operation, everywhere (everywhere.hpp), on every CPU.
#pragma once

#include "exhaust/everywhere.hpp"
#include "exhaust/world.hpp"

namespace exhaust
{

// Of a CPU with FEAT_BBM of that level.
inline std::vector<Way> ways_of(unsigned bbm_level)
{
	std::vector<Way> ways{{true, OnBreak::perform, bbm_level},
			      {true, OnBreak::refuse, bbm_level}};

	if (!bbm_level)
		ways.push_back({false, OnBreak::perform, 0});
	return ways;
}

// What notes are made by, and what they have to live through, in pages and groups of pages; and `more`.
inline std::vector<Operation> around_notes(const std::vector<Operation> &more)
{
	std::vector<Operation> all{
		{.verb = Verb::map, .attributes = Kind::logged},
		{.verb = Verb::map, .attributes = Kind::logged, .largest = 3, .contiguous = true},
		{.verb = Verb::unmap},
		{.verb = Verb::protect, .attributes = Kind::r},
		{.verb = Verb::retype, .attributes = Kind::nc_rw},
		{.verb = Verb::cut, .largest = 3},
		{.verb = Verb::fold},
		{.verb = Verb::fold, .largest = 3, .contiguous = true},
		{.verb = Verb::harvest_accessed},
		{.verb = Verb::harvest_dirty},
		{.verb = Verb::note_accessed},
		{.verb = Verb::note_dirty},
		{.verb = Verb::access},
		{.verb = Verb::write},
	};

	all.insert(all.end(), more.begin(), more.end());
	return all;
}

} // namespace exhaust
