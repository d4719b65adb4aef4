// SPDX-License-Identifier: GPL-2.0-only
//
// Rows in words: what the library's rows (vmsa/rows.hpp) look like to people and to programs. The one
// home of their text and their JSON:
//
//   0080000000-00805fffff -> 0040000000 rw- normal 3 x 2M inner-shareable accessed
//   {"first": "0x80000000", "last": "0x805fffff", "output": "0x40000000", "access": "rw-", ...}
//
// A row of the library says nothing about outputs. Here a row ends, too, where they are not contiguous.
#pragma once

#include "vmsa/format_stage1.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/rows.hpp"

#include <string>
#include <vector>

namespace rows
{

struct Row {
	uint64_t first;
	uint64_t last;
	uint64_t output;
	uint64_t leaves;
	uint64_t leaf_bytes;
	int level;
	std::string access; // "rwx"
	std::string memory; // "normal"
	std::vector<std::string> flags; // "inner-shareable", "accessed", ...
};

// One line a row; addresses have as many digits as `input_bits` ask for.
std::string to_text(const std::vector<Row> &rows, unsigned input_bits);
// An array of objects.
std::string to_json(const std::vector<Row> &rows);

// "2M"
std::string size_text(uint64_t bytes);

// The words of attributes.
void describe(Row &row, const vmsa::Stage1Attributes &attributes);
void describe(Row &row, const vmsa::Stage2Attributes &attributes);

template <class T> std::vector<Row> rows_of(const T &tree)
{
	using Granule = typename T::Granule;
	std::vector<Row> all;
	vmsa::Row<typename T::Format> found;

	for (auto at = tree.space().first; vmsa::next_row(tree, at, found);) {
		const uint64_t size = Granule::size(found.level);

		at = found.region.first;
		for (uint64_t i = 0; i < found.leaves; i++, at = at + size) {
			const auto leaf = tree.translate(at).value();
			Row *row = i ? &all.back() : nullptr;

			if (!row || row->output + (at.raw() - row->first) != leaf.pa.raw()) {
				row = &all.emplace_back(Row{.first = at.raw(),
							    .last = {},
							    .output = leaf.pa.raw(),
							    .leaves = 0,
							    .leaf_bytes = size,
							    .level = found.level,
							    .access = {},
							    .memory = {},
							    .flags = {}});
				describe(*row, leaf.attributes());
			}
			row->leaves++;
			row->last = at.raw() + (size - 1);
		}
		if (found.region.last == tree.space().last)
			break;
	}
	return all;
}

} // namespace rows
