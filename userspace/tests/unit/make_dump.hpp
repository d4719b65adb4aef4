// SPDX-License-Identifier: GPL-2.0-only
//
// Dumps without a module: an image's tables as tables.bin has them.
#pragma once

#include "dump/dump.hpp"

#include "vmsa/image.hpp"
#include "vmsa/vtcr.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>

namespace unit
{

// What a Source reads from.
inline dump::Source source_of(std::span<const char> bytes)
{
	return [rest = bytes](void *to, size_t n) mutable {
		const size_t now = std::min(n, rest.size());

		std::memcpy(to, rest.data(), now);
		rest = rest.subspan(now);
		return now;
	};
}

inline std::string written(const dump::Dump &dump)
{
	std::string bytes;

	dump.write([&](const void *from, size_t n) {
		bytes.append(static_cast<const char *>(from), n);
	});
	return bytes;
}

inline std::string read_file(const std::string &name)
{
	std::ifstream in{name, std::ios::binary};

	return {std::istreambuf_iterator<char>{in}, {}};
}

inline const std::string &demo()
{
	static const std::string bytes = read_file("userspace/tests/unit/demo.tables.bin");

	return bytes;
}

inline void append(std::string &bytes, const auto &record)
{
	bytes.append(reinterpret_cast<const char *>(&record), sizeof(record));
}

template <class T>
void append_table(std::string &bytes, const T &tree, const vmsa::Descriptor *table, int level,
		  uint64_t first)
{
	const size_t count = tree.entries(level);

	append(bytes,
	       stage2_tables_table{
		       .pa = tree.memory().physical(const_cast<vmsa::Descriptor *>(table)).raw(),
		       .first = first,
		       .level = level,
		       .descriptors = static_cast<unsigned>(count)});
	bytes.append(reinterpret_cast<const char *>(table), count * sizeof(*table));
}

// The module's own order: a pre-order walk.
template <class F> std::string dump_of(const vmsa::Image<F> &image)
{
	const auto &tree = image.tree();
	const auto &g = tree.geometry();
	std::string bytes;
	vmsa::TableCursor<vmsa::Tree<F, vmsa::ImageMemory<typename F::Granule>>> cursor;
	vmsa::TableStep<vmsa::Tree<F, vmsa::ImageMemory<typename F::Granule>>> step;
	stage2_tables_header header = {.magic = {},
				       .version = STAGE2_TABLES_VERSION,
				       .granule_shift = F::Granule::page_shift,
				       .flags = F::Stage::fwb ? STAGE2_TABLES_FWB : 0,
				       .input_bits = g.input_bits,
				       .start_level = g.start,
				       .vtcr = vmsa::vtcr<F>(g, false),
				       .root = image.root_address().raw()};

	std::memcpy(header.magic, STAGE2_TABLES_MAGIC, sizeof(header.magic));
	append(bytes, header);
	append_table(bytes, tree, tree.root(), g.start, 0);
	while (next_step(tree, cursor, step))
		if (F::is_table(step.descriptor, step.level))
			append_table(bytes, tree, tree.child(step.descriptor), step.level + 1,
				     step.first.raw());
	return bytes;
}

} // namespace unit
