// SPDX-License-Identifier: GPL-2.0-only
//
// The table of `s2ctl top`: a row for each guest, with what happened to it in an interval.
#pragma once

#include "counts.hpp"

#include "text/json.hpp"

#include <string>
#include <vector>

namespace trace
{

struct Row {
	std::string guest;
	uint64_t mapped_bytes;
	uint64_t tables;
	uint64_t table_bytes;
	Counts counts; // in the interval
};

struct Snapshot {
	uint64_t time_ns; // of its end
	uint64_t interval_ns; // not 0
	uint64_t lost; // events that were not counted, since the beginning
	std::vector<Row> rows;
};

// So many in a second, rounded.
uint64_t per_second(uint64_t count, uint64_t interval_ns);

// A line about all, the names of the columns, a line a guest, those that most happened to first. `columns` and
// `lines` are what there is room for, at least the first two lines. Columns that do not fit go, the least important
// ones first, and the first line says how many; the last line says how many guests are not shown.
std::string table(const Snapshot &snapshot, size_t columns, size_t lines);

// An object.
void write_object(json::Writer &json, const Snapshot &snapshot);

} // namespace trace
