// SPDX-License-Identifier: GPL-2.0-only
#include "rows.hpp"

#include "text/text.hpp"

namespace rows
{

namespace
{

const char *memory_text(vmsa::MemoryType type)
{
	constexpr const char *names[] = {"device-nGnRnE", "device", "device-nGRE",
					 "device-GRE",	  "nc",	    "wt",
					 "normal",	  "tagged"};

	return names[static_cast<unsigned>(type) & 7];
}

// What both stages have.
void describe_common(Meaning &meaning, const auto &a)
{
	constexpr const char *shareability[] = {"non-shareable", "reserved-shareability",
						"outer-shareable", "inner-shareable"};

	meaning.memory = memory_text(a.memory);
	meaning.flags.emplace_back(shareability[static_cast<unsigned>(a.shareability)]);
	if (a.accessed)
		meaning.flags.emplace_back("accessed");
	if (a.dbm)
		meaning.flags.emplace_back("dbm");
	if (a.contiguous)
		meaning.flags.emplace_back("contiguous");
	if (a.software)
		meaning.flags.emplace_back("software=" + std::to_string(a.software));
}

} // namespace

Meaning describe(const vmsa::Stage1Attributes &a)
{
	Meaning meaning;

	meaning.access = std::string{a.access.read ? 'r' : '-'} + (a.access.write ? 'w' : '-') +
			 (a.access.execute ? 'x' : '-');
	describe_common(meaning, a);
	if (a.access.el0)
		meaning.flags.emplace_back("el0");
	if (a.access.el0_execute)
		meaning.flags.emplace_back("el0-execute");
	if (!a.global)
		meaning.flags.emplace_back("non-global");
	if (a.non_secure)
		meaning.flags.emplace_back("non-secure");
	if (a.guarded)
		meaning.flags.emplace_back("guarded");
	return meaning;
}

Meaning describe(const vmsa::Stage2Attributes &a)
{
	// FEAT_XNX can allow one exception level only.
	constexpr const char *execute[] = {"x", "x(el0)", "-", "x(el1)"};
	Meaning meaning;

	meaning.access = std::string{a.access.read ? 'r' : '-'} + (a.access.write ? 'w' : '-') +
			 execute[static_cast<unsigned>(a.access.execute)];
	describe_common(meaning, a);
	return meaning;
}

const std::string &Lines::tail(const Row &row)
{
	for (const Tail &known : tails_)
		if (known.leaves == row.leaves && known.leaf_bytes == row.leaf_bytes &&
		    known.meaning == *row.meaning)
			return known.text;

	const bool shown = outputs_ == Outputs::shown;
	Tail &oldest = tails_[next_++ % tails_.size()];

	oldest = {*row.meaning, row.leaves, row.leaf_bytes, " " + row.meaning->access + ' '};
	oldest.text += row.meaning->memory + (shown ? " " : "  ");
	text::append_number(oldest.text, row.leaves);
	(oldest.text += " x ") += text::size(row.leaf_bytes);
	if (shown)
		for (const std::string &flag : row.meaning->flags)
			(oldest.text += ' ') += flag;
	oldest.text += '\n';
	return oldest.text;
}

void Lines::append(std::string &out, const Row &row)
{
	// In the upper range all 64 bits count.
	const unsigned digits =
		input_bits_ < 64 && row.first >> input_bits_ ? 16 : (input_bits_ + 3) / 4;

	text::append_hex(out, row.first, digits);
	out += '-';
	text::append_hex(out, row.last, digits);
	if (outputs_ == Outputs::shown) {
		out += " -> ";
		text::append_hex(out, row.output, 10);
	}
	out += tail(row);
}

void write_json(json::Writer &json, const Row &row, Outputs outputs)
{
	json.begin_object();
	json.member("first", text::hex(row.first));
	json.member("last", text::hex(row.last));
	if (outputs == Outputs::shown)
		json.member("output", text::hex(row.output));
	json.member("access", row.meaning->access);
	json.member("memory", row.meaning->memory);
	json.member("level", row.level);
	json.member("leaves", row.leaves);
	json.member("leaf_bytes", row.leaf_bytes);
	json.begin_array("flags");
	for (const std::string &flag : row.meaning->flags)
		json.value(flag);
	json.end();
	json.end();
}

} // namespace rows
