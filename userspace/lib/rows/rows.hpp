// SPDX-License-Identifier: GPL-2.0-only
//
// Rows in words: runs of leaves as people and programs read them. The one home of their text and
// their JSON:
//
//   0080000000-00805fffff rw- normal  3 x 2M dirty
//   0080000000-00805fffff -> 0040000000 rw- normal 3 x 2M inner-shareable accessed dirty
//   {"first": "0x80000000", "last": "0x805fffff", "output": "0x40000000", "access": "rw-", ...}
//   0080600000-00807fffff annotation 0x12 1 x 2M
//   {"first": "0x80600000", "last": "0x807fffff", "annotation": "0x12", ...}
//
// The first is brief, and what the module's `maps` says: output addresses and flags play no part. In
// full a row ends, too, where these change or jump; and what is not mapped, but annotated, has rows.
// Rows are handed out one at a time, so that a million need no memory.
#pragma once

#include "rows/paint.hpp"
#include "text/json.hpp"

#include "vmsa/format_stage1.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/tree.hpp"

#include <array>
#include <string>
#include <vector>

namespace rows
{

enum class Detail { brief, full };

// What attributes mean, in words.
struct Meaning {
	std::string
		access; // "rwx"; what keeps dirty state can be written, whether it was yet or not
	std::string memory; // "normal"
	std::string dirty; // "clean", "dirty", or "" where nobody keeps account of it
	std::vector<std::string> flags; // "inner-shareable", "accessed", "clean", ...

	bool operator==(const Meaning &) const = default;
};

Meaning describe(const vmsa::Stage1Attributes &attributes);
Meaning describe(const vmsa::Stage2Attributes &attributes);

// The part of attributes that a brief row shows; the rest is as it is in none.
vmsa::Stage1Attributes brief(const vmsa::Stage1Attributes &attributes);
vmsa::Stage2Attributes brief(const vmsa::Stage2Attributes &attributes);

struct Row {
	uint64_t first;
	uint64_t last;
	uint64_t output; // of `first`
	uint64_t leaves;
	uint64_t leaf_bytes;
	int level;
	uint64_t annotation; // not 0: nothing is mapped, and its entries, not leaves, say this
	const Meaning *meaning; // until the next row; null for an annotation
	uint64_t words; // rows of the same number have the same meaning
};

// Writes lines. Addresses have as many digits as `input_bits` ask for.
class Lines {
    public:
	Lines(unsigned input_bits, Detail detail, Paint paint = nullptr)
	    : input_bits_{input_bits}, detail_{detail}, paint_{paint}
	{
	}

	void append(std::string &out, const Row &row);

    private:
	// What stands behind the addresses: made once for neighbours that alternate.
	struct Tail {
		uint64_t words = 0;
		uint64_t leaves = 0;
		uint64_t leaf_bytes = 0;
		std::string text;
	};

	void append_annotation(std::string &out, const Row &row);
	const std::string &tail(const Row &row);

	unsigned input_bits_;
	Detail detail_;
	Paint paint_;
	std::array<Tail, 4> tails_;
	size_t next_ = 0;
};

// An object.
void write_json(json::Writer &json, const Row &row, Detail detail);

// visit(input address, level, descriptor, the table descriptors above it or-ed) for every leaf and every
// annotation, in order.
template <class T, class Visit>
void for_each_entry(const T &tree, const vmsa::Descriptor *table, vmsa::Level level,
		    typename T::Input first, vmsa::Descriptor above, const Visit &visit)
{
	using Format = typename T::Format;

	for (size_t i = 0; i < tree.entries(level); i++) {
		const vmsa::Descriptor d = table[i];
		const auto at = first + (uint64_t{i} << T::Granule::shift(level));

		if (Format::is_table(d, level))
			for_each_entry(tree, tree.child(d), level + 1, at, above | d, visit);
		else if (Format::is_leaf(d, level) || (d && !Format::is_valid(d)))
			visit(at, level, d, above);
	}
}

// The meanings that were asked for last: in a tree there are few, but they alternate.
template <class Format> class Meanings {
    public:
	struct Known {
		uint64_t words = 0; // a number of its own
		vmsa::Descriptor bits;
		Meaning meaning;
	};

	// `bits` are all that the attributes were made of, and maybe more.
	const Known &of(vmsa::Descriptor bits, const typename Format::Attributes &attributes)
	{
		for (const Known &known : known_)
			if (known.bits == bits && known.words)
				return known;

		Known &oldest = known_[next_++ % known_.size()];

		oldest = {next_, bits, describe(attributes)};
		return oldest;
	}

    private:
	std::array<Known, 8> known_;
	size_t next_ = 0;
};

// visit(row) for every row, in order.
template <class T, class Visit> void for_each_row(const T &tree, Detail detail, const Visit &visit)
{
	using Format = typename T::Format;
	Meanings<Format> meanings;
	typename Format::Attributes attributes;
	vmsa::Descriptor bits = 0; // what `attributes` were made of
	Row row{};

	const auto end_row = [&] {
		if (row.leaves)
			visit(static_cast<const Row &>(row));
	};

	for_each_entry(tree, tree.root(), tree.geometry().start, tree.space().first, 0,
		       [&](auto at, vmsa::Level level, vmsa::Descriptor d, vmsa::Descriptor above) {
			       const uint64_t size = T::Granule::size(level);

			       if (!Format::is_valid(d)) {
				       if (detail == Detail::brief)
					       return;
				       if (row.leaves && row.annotation == d >> 1 &&
					   row.level == level && row.last + 1 == at.raw()) {
					       row.last += size;
					       row.leaves++;
					       return;
				       }
				       end_row();
				       row = {.first = at.raw(),
					      .last = at.raw() + (size - 1),
					      .output = 0,
					      .leaves = 1,
					      .leaf_bytes = size,
					      .level = level,
					      .annotation = d >> 1,
					      .meaning = nullptr,
					      .words = 0};
				       return;
			       }

			       const uint64_t output = Format::output(d, level).raw();
			       // The top five bits of tables restrict what is below; they go where a leaf
			       // has its output.
			       const vmsa::Descriptor now =
				       (d & Format::attribute_mask) | above >> 59 << 12;
			       auto left = attributes;

			       if (now != bits || !row.meaning) {
				       left = Format::below(Format::attributes(d), above);
				       if (detail == Detail::brief)
					       left = brief(left);
			       }
			       if (row.meaning && row.level == level && row.last + 1 == at.raw() &&
				   left == attributes &&
				   (detail == Detail::brief ||
				    row.output + (at.raw() - row.first) == output)) {
				       row.last += size;
				       row.leaves++;
				       return;
			       }
			       end_row();
			       attributes = left;
			       bits = now;

			       const auto &words = meanings.of(bits, attributes);

			       row = {.first = at.raw(),
				      .last = at.raw() + (size - 1),
				      .output = output,
				      .leaves = 1,
				      .leaf_bytes = size,
				      .level = level,
				      .annotation = 0,
				      .meaning = &words.meaning,
				      .words = words.words};
		       });
	end_row();
}

} // namespace rows
