// SPDX-License-Identifier: GPL-2.0-only
//
// tables: every descriptor that is not zero, decoded.
#include "commands.hpp"

#include "s2ctl/source.hpp"

#include "decode/summary.hpp"
#include "text/text.hpp"

namespace s2ctl
{

namespace
{

void append_line(std::string &out, const dump::Step &step, int start, unsigned digits,
		 decode::Summaries &summaries)
{
	out.append(2 * static_cast<size_t>(step.level - start), ' ');
	((out += "level ") += std::to_string(step.level)) += " [0x";
	text::append_hex(out, step.index, 3);
	out += "] ";
	text::append_hex(out, step.first, digits);
	out += " 0x";
	text::append_hex(out, step.descriptor, 16);
	out += ' ';
	summaries.append(out, step.level, step.descriptor);
	out += '\n';
}

void write_step(json::Writer &json, const dump::Step &step, decode::Summaries &summaries)
{
	json.begin_object();
	json.member("level", step.level);
	json.member("index", step.index);
	json.member("first", text::hex(step.first));
	json.member("table", text::hex(step.table));
	json.member("descriptor", text::hex(step.descriptor, 16));
	summaries.write(json, step.level, step.descriptor);
	json.end();
}

} // namespace

void show_tables(const Invocation &in, const std::string &source)
{
	const dump::Dump dump = read_tables(in.debugfs, source);
	const unsigned digits = (dump.geometry().input_bits + 3) / 4;
	decode::Summaries summaries{dump.format(), in.out.coloured() ? rows::in_colour : nullptr};
	json::Writer json{in.out.text};

	if (in.json)
		json.begin_array();
	dump.for_each_step([&](const dump::Step &step) {
		if (in.json)
			write_step(json, step, summaries);
		else
			append_line(in.out.text, step, dump.geometry().start, digits, summaries);
		in.out.flush_if_large();
	});
	if (in.json)
		json.end();
}

namespace
{

void tables(const Invocation &in)
{
	show_tables(in, in.arguments.text("guest"));
}

constexpr Argument arguments[] = {
	{"guest", "GUEST", "a guest, or a dump's path", Argument::Kind::guest_or_file, true},
};

} // namespace

constexpr Command tables_command = {
	"tables",
	"show every descriptor that is not zero, decoded",
	"A line has the level, the index, the lowest IPA, the descriptor and its meaning.",
	arguments,
	"  s2ctl tables demo\n  s2ctl tables demo | grep -v 'level 3'\n  s2ctl tables "
	"./demo.tables\n",
	tables};

} // namespace s2ctl
