// SPDX-License-Identifier: GPL-2.0-only
#include "fields.hpp"

#include "text/text.hpp"

namespace s2ctl
{

namespace
{

using decode::Field;

// 0b01 for what is narrow, 0x1f for what is not.
std::string value_text(const Field &f)
{
	const unsigned width = f.high - f.low + 1;
	std::string text;

	if (width > 4)
		return text::hex(f.value);
	for (unsigned i = width; i-- > 0;)
		text += f.value >> i & 1 ? '1' : '0';
	return width == 1 ? text : "0b" + text;
}

std::string bits_text(const Field &f)
{
	return f.high == f.low ? std::to_string(f.high)
			       : std::to_string(f.high) + ':' + std::to_string(f.low);
}

void pad(std::string &out, const std::string &text, size_t width)
{
	out += text;
	out.append(text.size() < width ? width - text.size() : 1, ' ');
}

bool is_worth_a_line(const Field &f)
{
	return f.kind == Field::Kind::named || f.kind == Field::Kind::wrong ||
	       (f.kind == Field::Kind::ignored && f.value);
}

} // namespace

void append_fields(Output &out, const decode::Decoded &decoded, unsigned indent, Shown shown)
{
	std::string &text = out.text;
	unsigned hidden = 0;

	for (const Field &f : decoded.fields) {
		const bool wrong = f.kind == Field::Kind::wrong;

		if (!is_worth_a_line(f))
			continue;
		if (shown == Shown::set && !f.value && !wrong) {
			hidden++;
			continue;
		}
		text.append(indent, ' ');
		text += wrong ? out.red() : f.value ? std::string_view{} : out.dim();
		pad(text, bits_text(f), 7);
		pad(text, f.name, 13);
		if (f.meaning.empty() && !wrong) {
			text += value_text(f);
		} else {
			pad(text, value_text(f), 8);
			text += wrong ? "reserved: must be " +
						std::string{f.name == "RES1" ? "1" : "0"}
				      : f.meaning;
		}
		if (wrong || !f.value)
			text += out.plain();
		text += '\n';
	}
	if (!hidden)
		return;
	text.append(indent, ' ');
	text += out.dim();
	text += std::to_string(hidden) +
		(hidden == 1 ? " field is 0 (--all)" : " fields are 0 (--all)");
	text += out.plain();
	text += '\n';
}

void write_fields(json::Writer &json, const decode::Decoded &decoded)
{
	json.begin_array("fields");
	for (const Field &f : decoded.fields) {
		json.begin_object();
		json.member("name", f.name);
		json.member("high", f.high);
		json.member("low", f.low);
		json.member("value", text::hex(f.value));
		json.member("meaning", f.meaning);
		if (f.kind == Field::Kind::wrong)
			json.member("wrong", true);
		json.end();
	}
	json.end();
}

} // namespace s2ctl
