// SPDX-License-Identifier: GPL-2.0-only
#include "rows.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace rows
{

namespace
{

std::string hex(const char *format, int digits, uint64_t value)
{
	char text[32];

	std::snprintf(text, sizeof(text), format, digits, static_cast<unsigned long long>(value));
	return text;
}

const char *memory_text(vmsa::MemoryType type)
{
	constexpr const char *names[] = {"device-nGnRnE", "device", "device-nGRE",
					 "device-GRE",	  "nc",	    "wt",
					 "normal",	  "tagged"};

	return names[static_cast<unsigned>(type) & 7];
}

// What both stages have.
void describe_common(Row &row, const auto &a)
{
	constexpr const char *shareability[] = {"non-shareable", "reserved-shareability",
						"outer-shareable", "inner-shareable"};

	row.memory = memory_text(a.memory);
	row.flags.emplace_back(shareability[static_cast<unsigned>(a.shareability)]);
	if (a.accessed)
		row.flags.emplace_back("accessed");
	if (a.dbm)
		row.flags.emplace_back("dbm");
	if (a.contiguous)
		row.flags.emplace_back("contiguous");
	if (a.software)
		row.flags.emplace_back("software=" + std::to_string(a.software));
}

} // namespace

std::string size_text(uint64_t bytes)
{
	constexpr char suffixes[] = {'K', 'M', 'G', 'T'};
	size_t i = 0;

	for (bytes >>= 10; bytes >= 1024 && bytes % 1024 == 0 && i + 1 < sizeof(suffixes); i++)
		bytes >>= 10;
	return std::to_string(bytes) + suffixes[i];
}

void describe(Row &row, const vmsa::Stage1Attributes &a)
{
	row.access = std::string{a.access.read ? 'r' : '-'} + (a.access.write ? 'w' : '-') +
		     (a.access.execute ? 'x' : '-');
	describe_common(row, a);
	if (a.access.el0)
		row.flags.emplace_back("el0");
	if (a.access.el0_execute)
		row.flags.emplace_back("el0-execute");
	if (!a.global)
		row.flags.emplace_back("non-global");
	if (a.non_secure)
		row.flags.emplace_back("non-secure");
	if (a.guarded)
		row.flags.emplace_back("guarded");
}

void describe(Row &row, const vmsa::Stage2Attributes &a)
{
	// FEAT_XNX can allow one exception level only.
	constexpr const char *execute[] = {"x", "x(el0)", "-", "x(el1)"};

	row.access = std::string{a.access.read ? 'r' : '-'} + (a.access.write ? 'w' : '-') +
		     execute[static_cast<unsigned>(a.access.execute)];
	describe_common(row, a);
}

std::string to_text(const std::vector<Row> &rows, unsigned input_bits)
{
	std::string text;

	for (const Row &row : rows) {
		// In the upper range all 64 bits count.
		const int digits =
			static_cast<int>(row.first >> input_bits ? 16 : (input_bits + 3) / 4);

		text += hex("%0*llx-", digits, row.first) + hex("%0*llx", digits, row.last) +
			hex(" -> %0*llx ", 10, row.output) + row.access + ' ' + row.memory + ' ' +
			std::to_string(row.leaves) + " x " + size_text(row.leaf_bytes);
		for (const std::string &flag : row.flags)
			text += ' ' + flag;
		text += '\n';
	}
	return text;
}

std::string to_json(const std::vector<Row> &rows)
{
	auto all = nlohmann::ordered_json::array();

	// Addresses are text: a JSON number is good for 53 bits.
	for (const Row &row : rows)
		all.push_back({{"first", hex("0x%0*llx", 0, row.first)},
			       {"last", hex("0x%0*llx", 0, row.last)},
			       {"output", hex("0x%0*llx", 0, row.output)},
			       {"access", row.access},
			       {"memory", row.memory},
			       {"level", row.level},
			       {"leaves", row.leaves},
			       {"leaf_bytes", row.leaf_bytes},
			       {"flags", row.flags}});
	return all.dump(2) + '\n';
}

} // namespace rows
