// SPDX-License-Identifier: GPL-2.0-only
//
// tables.bin (stage2/tables_bin.h) read back, on any machine: the tables of a guest as they were, and
// every way to look at them.
//
//   dump::Dump d = dump::Dump::read(source);
//   d.for_each_row(rows::Detail::brief, [&](const rows::Row &row) { ... });
//
// The file is not trusted. Whatever it holds, read() gives tables that can be walked, or says what is
// wrong with it and where; it takes no more memory than the file has bytes, times a small number.
// Descriptors keep their bits, whatever they say.
#pragma once

#include "formats/shape.hpp"
#include "rows/rows.hpp"

#include "stage2/tables_bin.h"

#include "vmsa/rows.hpp"

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace dump
{

// No dump, or a broken one. what() says why, and at which byte.
class Bad : public std::runtime_error {
    public:
	Bad(uint64_t at, const std::string &why)
	    : std::runtime_error{"at byte " + std::to_string(at) + ": " + why}
	{
	}
};

// Fills in up to as many bytes, and says how many; 0 is the end. Its exceptions go through.
using Source = std::function<size_t(void *, size_t)>;
using Sink = std::function<void(const void *, size_t)>;

// A dump that was taken beside changes can name a table that was gone when its turn came, or have
// one that nobody names: it is torn. Repaired, it has a hole there.
enum class Torn { refuse, repair };

struct Table {
	uint64_t pa;
	uint64_t first; // lowest input address it decides
	uint64_t offset; // of its record, in the file
	size_t at; // of its first descriptor, among all
	int level;
};

struct Step {
	int level;
	size_t index;
	uint64_t first; // lowest input address the descriptor decides
	uint64_t table; // physical address of the table it stands in
	vmsa::Descriptor descriptor;
};

class Dump {
    public:
	static Dump read(const Source &source, Torn torn = Torn::refuse);

	// The same bytes, if nothing was repaired.
	void write(const Sink &sink) const;

	const stage2_tables_header &header() const
	{
		return header_;
	}
	const formats::Format &format() const
	{
		return shape_.format;
	}
	const vmsa::Geometry &geometry() const
	{
		return shape_.geometry;
	}
	// The root first. Concatenated tables are one.
	const std::vector<Table> &tables() const
	{
		return tables_;
	}
	size_t descriptors_of(const Table &table) const;
	const vmsa::Descriptor *begin_of(const Table &table) const
	{
		return descriptors_.data() + table.at;
	}
	// Where a table descriptor leads; nullptr when that is no table of this dump.
	const Table *find(uint64_t pa) const;
	// Of all tables, in bytes; of a concatenated root, all of it.
	uint64_t table_bytes() const;
	// How many table descriptors and tables repairing took out.
	size_t lost() const
	{
		return lost_;
	}

	void for_each_row(rows::Detail detail,
			  const std::function<void(const rows::Row &)> &visit) const;
	// Every descriptor that is not zero, a table's before those below it.
	void for_each_step(const std::function<void(const Step &)> &visit) const;
	// The steps of one translation; `input` is at most geometry().last_input().
	std::vector<Step> walk(uint64_t input) const;
	vmsa::Census census() const;

    private:
	friend class Reader;
	class Memory;

	template <class Use> auto with_tree(const Use &use) const;
	const Table &table_of(const vmsa::Descriptor *descriptor) const;
	void index();

	stage2_tables_header header_{};
	formats::Shape shape_;
	std::vector<Table> tables_;
	std::vector<vmsa::Descriptor> descriptors_; // of all tables, in order
	std::vector<uint32_t> by_pa_; // indices of tables_, by pa; of one pa, as they came
	size_t lost_ = 0;
};

} // namespace dump
