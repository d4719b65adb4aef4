// SPDX-License-Identifier: GPL-2.0-only
//
// A descriptor in a line, as the module's `tables` and `walk` have it:
//
//   table -> 0x45a92000
//   block 2M -> 0x42200000 rw- normal inner-shareable accessed
//   annotation 0x12
//   invalid
#pragma once

#include "formats/formats.hpp"
#include "rows/rows.hpp"

#include <array>
#include <string>

namespace decode
{

enum class Type { invalid, annotation, reserved, table, block, page };

// What every format can be asked.
struct Questions {
	Type (*type)(vmsa::Descriptor d, int level);
	uint64_t (*output)(vmsa::Descriptor d, int level); // of a leaf, or the next table
	rows::Meaning (*meaning)(vmsa::Descriptor d); // of a leaf
	vmsa::Descriptor attribute_mask; // all that meaning() looks at
	unsigned (*contiguous_run)(int level);
};

const Questions &questions_of(const formats::Format &format);

// Words are made once for each kind of leaf: there may be a million leaves.
class Summaries {
    public:
	explicit Summaries(const formats::Format &format, rows::Paint paint = nullptr)
	    : format_{format}, ask_{questions_of(format)}, paint_{paint}
	{
	}

	void append(std::string &out, int level, vmsa::Descriptor d);
	// The same as members of an object: "type": "block", "output": "0x42200000", "bytes", "access", "memory",
	// "flags".
	void write(json::Writer &json, int level, vmsa::Descriptor d);

    private:
	struct Leaf {
		bool valid = false;
		int level;
		vmsa::Descriptor bits;
		std::string before; // the output
		std::string after;
		rows::Meaning meaning;
	};

	const Leaf &leaf(int level, vmsa::Descriptor d, Type type);

	formats::Format format_;
	const Questions &ask_;
	rows::Paint paint_;
	std::array<Leaf, 8> known_;
	size_t next_ = 0;
};

std::string summary(const formats::Format &format, int level, vmsa::Descriptor d);

} // namespace decode
