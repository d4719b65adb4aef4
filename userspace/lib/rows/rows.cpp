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

// A software bit of a stage 2 leaf, in the module (Policy::was_written): it was written, and is no
// longer writable, and nobody has asked yet.
constexpr uint8_t was_written = 1;

// What both stages have.
void describe_common(Meaning &meaning, const auto &a, unsigned software)
{
	constexpr const char *shareability[] = {"non-shareable", "reserved", "outer-shareable",
						"inner-shareable"};

	meaning.access =
		std::string{a.access.read ? 'r' : '-'} + (a.access.write || a.dbm ? 'w' : '-');
	meaning.memory = memory_text(a.memory);
	meaning.flags.emplace_back(shareability[static_cast<unsigned>(a.shareability)]);
	if (a.accessed)
		meaning.flags.emplace_back("accessed");
	if (!meaning.dirty.empty())
		meaning.flags.push_back(meaning.dirty);
	if (a.contiguous)
		meaning.flags.emplace_back("contiguous");
	if (software)
		meaning.flags.emplace_back("software=" + std::to_string(software));
}

const char *dirty_text(const auto &a)
{
	return !a.dbm ? "" : a.access.write ? "dirty" : "clean";
}

} // namespace

Meaning describe(const vmsa::Stage1Attributes &a)
{
	Meaning meaning;

	meaning.dirty = dirty_text(a);
	describe_common(meaning, a, a.software);
	meaning.access += a.access.execute ? 'x' : '-';
	if (a.access.el0)
		meaning.flags.emplace_back("el0");
	if (a.access.el0_execute)
		meaning.flags.emplace_back("el0-execute");
	if (!a.global)
		meaning.flags.emplace_back("non-global");
	if (a.non_secure)
		meaning.flags.emplace_back("non-secure");
	if (a.nse)
		meaning.flags.emplace_back("nse");
	if (a.guarded)
		meaning.flags.emplace_back("guarded");
	return meaning;
}

Meaning describe(const vmsa::Stage2Attributes &a)
{
	// FEAT_XNX can allow one exception level only.
	constexpr const char *execute[] = {"x", "x(el0)", "-", "x(el1)"};
	Meaning meaning;

	meaning.dirty = a.software & was_written ? "dirty" : dirty_text(a);
	describe_common(meaning, a, a.software & ~unsigned{was_written});
	meaning.access += execute[static_cast<unsigned>(a.access.execute)];
	if (a.non_secure)
		meaning.flags.emplace_back("non-secure");
	if (a.no_tags)
		meaning.flags.emplace_back("no-tags");
	return meaning;
}

vmsa::Stage1Attributes brief(const vmsa::Stage1Attributes &a)
{
	return {.memory = a.memory,
		.access = {.read = a.access.read,
			   .write = a.access.write,
			   .execute = a.access.execute},
		.dbm = a.dbm};
}

vmsa::Stage2Attributes brief(const vmsa::Stage2Attributes &a)
{
	vmsa::Stage2Attributes b{.memory = a.memory, .access = a.access};

	// What was written looks the same however that was noted.
	if (a.software & was_written || (a.dbm && a.access.write)) {
		b.access.write |= a.dbm;
		b.software = was_written;
	} else {
		b.dbm = a.dbm;
	}
	return b;
}

const std::string &Lines::tail(const Row &row)
{
	for (const Tail &known : tails_)
		if (known.words == row.words && known.leaves == row.leaves &&
		    known.leaf_bytes == row.leaf_bytes)
			return known.text;

	const bool shown = detail_ == Detail::full;
	Tail &oldest = tails_[next_++ % tails_.size()];

	oldest = {row.words, row.leaves, row.leaf_bytes,
		  " " + painted(paint_, row.meaning->access) + ' '};
	oldest.text += row.meaning->memory + (shown ? " " : "  ");
	text::append_number(oldest.text, row.leaves);
	(oldest.text += " x ") += text::size(row.leaf_bytes);
	if (!shown && !row.meaning->dirty.empty())
		(oldest.text += ' ') += row.meaning->dirty;
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
	if (row.annotation)
		return append_annotation(out, row);
	if (detail_ == Detail::full) {
		out += " -> ";
		text::append_hex(out, row.output, 10);
	}
	out += tail(row);
}

void Lines::append_annotation(std::string &out, const Row &row)
{
	(out += " annotation ") += text::hex(row.annotation) + ' ';
	text::append_number(out, row.leaves);
	(out += " x ") += text::size(row.leaf_bytes) + '\n';
}

void write_json(json::Writer &json, const Row &row, Detail detail)
{
	json.begin_object();
	json.member("first", text::hex(row.first));
	json.member("last", text::hex(row.last));
	if (row.annotation) {
		json.member("annotation", text::hex(row.annotation));
		json.member("level", row.level);
		json.member("entries", row.leaves);
		json.member("entry_bytes", row.leaf_bytes);
		json.end();
		return;
	}
	if (detail == Detail::full)
		json.member("output", text::hex(row.output));
	json.member("access", row.meaning->access);
	json.member("memory", row.meaning->memory);
	json.member("level", row.level);
	json.member("leaves", row.leaves);
	json.member("leaf_bytes", row.leaf_bytes);
	if (detail == Detail::full) {
		json.begin_array("flags");
		for (const std::string &flag : row.meaning->flags)
			json.value(flag);
		json.end();
	} else if (!row.meaning->dirty.empty()) {
		json.member("dirty", row.meaning->dirty == "dirty");
	}
	json.end();
}

} // namespace rows
