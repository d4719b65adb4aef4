// SPDX-License-Identifier: GPL-2.0-only
//
// decode: a descriptor or a register value, bit by bit. Needs no root, no module and no Arm.
#include "commands.hpp"

#include "s2ctl/exit.hpp"
#include "s2ctl/fields.hpp"
#include "s2ctl/format_arguments.hpp"

#include "decode/decode.hpp"
#include "text/text.hpp"

namespace s2ctl
{

namespace
{

using Kind = Argument::Kind;

constexpr const char *levels[] = {"-1", "0", "1", "2", "3"};

// Logs print registers without 0x. With a letter in it, or with zeroes in front, such a word can be nothing
// but hexadecimal; eight digits or more without either may be meant in two ways.
uint64_t parse_bits(const std::string &what, const std::string &text)
{
	const bool letters = text.find_first_of("abcdefABCDEF") != text.npos;
	const bool hex = !text.empty() &&
			 text.find_first_not_of("0123456789abcdefABCDEF") == text.npos &&
			 (letters || (text.size() >= 8 && text[0] == '0'));

	if (hex)
		return parse_number(what, "0x" + text);

	const uint64_t value = parse_number(what, text);

	if (text.size() >= 8 && text.find_first_not_of("0123456789") == text.npos)
		throw Failure{Exit::usage, what + ": '" + text +
						   "' may be hexadecimal or decimal: write 0x" +
						   text + ", or " + text::hex(value)};
	return value;
}

decode::Decoded decode_descriptor(const Arguments &arguments, uint64_t value)
{
	const formats::Format format = format_of(arguments);
	const int level = std::stoi(arguments.text("--level", "3"));
	const int first = formats::with_format(format, []<class F>() { return F::first_level; });

	if (level < first) {
		const std::string given = "level " + std::to_string(level);
		const formats::Format wide{format.stage, format.page_shift, 52};

		if (level >= formats::with_format(wide, []<class F>() { return F::first_level; }))
			throw Failure{Exit::usage, given + " needs --output-bits 52"};
		throw Failure{Exit::usage, given + ": this format has levels " +
						   std::to_string(first) + " to 3"};
	}
	return decode::descriptor(
		format, level, value,
		arguments.has("--mair")
			? std::optional{parse_bits("--mair", arguments.text("--mair"))}
			: std::nullopt);
}

decode::Decoded decode_value(const Arguments &arguments, const std::string &name, uint64_t value)
{
	if (name == "descriptor")
		return decode_descriptor(arguments, value);

	const decode::Register *reg = decode::find_register(name);

	if (!reg)
		throw Failure{Exit::usage, "'" + name +
						   "' is neither `descriptor` nor a known register "
						   "(s2ctl decode --list)"};
	return reg->decode(value, {arguments.has("--e2h"),
				   arguments.text("--output-bits", "48") == "52" ? 52u : 48u});
}

void append_decoded(Output &out, const decode::Decoded &d, Shown shown)
{
	((out.text += out.bold()) += d.name) += out.plain();
	out.text += ' ' + text::hex(d.value, 16) + '\n';
	append_fields(out, d, 2, shown);
	if (!d.summary.empty())
		out.text += d.summary + '\n';
}

void write_decoded(json::Writer &json, const decode::Decoded &d)
{
	json.begin_object();
	json.member("name", d.name);
	json.member("value", text::hex(d.value, 16));
	json.member("summary", d.summary);
	write_fields(json, d);
	json.end();
}

void list_registers(const Invocation &in)
{
	json::Writer json{in.out.text};

	if (in.json)
		json.begin_array();
	for (const decode::Register &reg : decode::registers()) {
		if (in.json) {
			json.begin_object();
			json.member("name", reg.name);
			json.member("alias", reg.alias ? reg.alias : "");
			json.end();
			continue;
		}

		std::string name = reg.name;

		name.resize(11, ' ');
		name += reg.alias ? reg.alias : "";
		name.resize(18, ' ');
		in.out.text += name + reg.what + '\n';
	}
	if (in.json)
		json.end();
	else
		in.out.text += "descriptor        of a translation table: --stage, --granule, "
			       "--level, ...\n";
}

void decode_all(const Invocation &in)
{
	if (in.arguments.has("--list")) {
		list_registers(in);
		return;
	}
	if (!in.arguments.has("what") || !in.arguments.has("value"))
		throw Failure{Exit::usage,
			      "decode needs a name and a value, or --list (s2ctl decode --help)"};

	json::Writer json{in.out.text};

	if (in.json)
		json.begin_array();
	for (const std::string &text : in.arguments.all("value")) {
		const uint64_t value = parse_bits("VALUE", text);
		const decode::Decoded d =
			decode_value(in.arguments, in.arguments.text("what"), value);

		if (in.json)
			write_decoded(json, d);
		else
			append_decoded(in.out, d,
				       in.arguments.has("--all") ? Shown::all : Shown::set);
	}
	if (in.json)
		json.end();
}

constexpr Argument arguments[] = {
	{"what", "NAME", "a register (vtcr_el2, esr, ...), or descriptor", Kind::reg},
	{"value", "VALUE", "its bits: 0x80000000, 4096, 9a0bc00f", Kind::text, false, true},
	{"--all", nullptr, "also show fields that are 0", Kind::flag},
	{"--list", nullptr, "list the registers", Kind::flag},
	stage_argument,
	granule_argument,
	{"--level", "LEVEL", "level of the descriptor: -1..3 (3)", Kind::choice, false, false,
	 levels},
	output_argument,
	{"--mair", "VALUE",
	 "for a descriptor of stage 1: the value of MAIR, which explains AttrIndx"},
	{"--e2h", nullptr, "for a register of EL2: HCR_EL2.E2H is 1", Kind::flag},
};

} // namespace

constexpr Command decode_command = {
	"decode",
	"explain a descriptor or a register, bit by bit",
	"Needs no root, no module and no Arm machine. Reserved bits are shown only if they are "
	"wrong; --json has every bit. A value with digits a to f needs no 0x.",
	arguments,
	"  s2ctl decode vtcr_el2 0x800d3558\n  s2ctl decode esr 0x93830047\n"
	"  s2ctl decode descriptor 0x00400000422007fd --level 2\n"
	"  s2ctl decode descriptor 0x60000040000713 --stage el1and0 --granule 64K\n  s2ctl decode "
	"--list\n",
	decode_all};

} // namespace s2ctl
