// SPDX-License-Identifier: GPL-2.0-only
//
// A dump as the page has it: every descriptor, in little room.
//
// Runs (a stream, see stream.hpp). For each table, in pre-order, the number of its runs, and each run:
//
//   a digit      1: a number of entries that are zero comes before it
//                2: it has more than one descriptor; their number minus 2 follows, twice, plus 1 when
//                they are scattered
//                4: its address is not as expected; the difference follows, signed
//                8 * look: which of the looks that were used last; 7: the number of one plus 1
//                follows, or 0, the bits of a new one, and a digit: its type
//
// Scattered leaves are alike but for their addresses: runs of one, side by side, written as one. Behind it
// are the lowest address, a digit: how many digits each has, and for each how much higher it is.
//
// Descriptors of leaves in a run go up by what they map; others are all the same. The look of a descriptor
// is its level and all its bits but the address (of LPA and LPA2: but its lower part), which is counted in
// what the descriptor maps, or in tables. It is expected to go on where the last run of leaves ended, or
// where the last table was.
//
// Looks (JSON) are what these bits mean, fields how a descriptor is taken apart: made by asking
// userspace/lib/decode about every value of every field, so that page.js knows nothing of the architecture.
#pragma once

#include "render.hpp"

#include "decode/decode.hpp"
#include "decode/summary.hpp"
#include "text/json.hpp"

#include <array>
#include <span>
#include <vector>

namespace render
{

// Descriptors of one table, side by side.
struct Run {
	size_t index;
	size_t count;
	vmsa::Descriptor descriptor; // the first
	decode::Type type;
};

// visit(run) for all of a table that is not zero.
void for_each_run(const dump::Dump &dump, const dump::Table &table,
		  const std::function<void(const Run &)> &visit);

class Model {
    public:
	explicit Model(const dump::Dump &dump);

	void write_runs(const Sink &sink);
	// What the runs need to be understood; after write_runs().
	void write_rest(json::Writer &json, const std::string &name) const;

	// More are not described: page.js shows their bits only. No guest has so many.
	static constexpr size_t most_looks = 256;

    private:
	struct Look {
		int level;
		vmsa::Descriptor bits;
		decode::Type type;

		bool operator==(const Look &) const = default;
	};

	void append_table(const dump::Table &table, const Sink &sink);
	void append_run(const dump::Table &table, const Run &run, size_t &next, bool scattered);
	void append_addresses(std::span<const Run> runs, int level);
	size_t scattered_at(std::span<const Run> runs, int level) const;
	unsigned rank_of(const Look &look) const;
	void append_look(const Look &look, unsigned rank);
	void write_looks(json::Writer &json) const;
	void write_fields(json::Writer &json) const;

	const dump::Dump &dump_;
	const decode::Questions &ask_;
	std::string out_;
	std::vector<Look> looks_;
	std::array<size_t, 7> recent_{}; // indices of looks_, the last one first
	uint64_t next_output_ = 0; // where the next leaf is expected
	uint64_t next_table_ = 0;
};

} // namespace render
