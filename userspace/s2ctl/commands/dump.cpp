// SPDX-License-Identifier: GPL-2.0-only
//
// dump, load-dump: a guest's tables as a file, and back.
#include "commands.hpp"

#include "s2ctl/exit.hpp"
#include "s2ctl/source.hpp"
#include "s2ctl/whole_file.hpp"

#include "decode/decode.hpp"
#include "text/text.hpp"

namespace s2ctl
{

namespace
{

using Kind = Argument::Kind;

void save(const Invocation &in)
{
	const std::string name = in.arguments.text("file");

	if (name == "-")
		refuse_terminal("a FILE");

	const dump::Dump dump = read_tables(in.debugfs, in.arguments.text("guest"));

	if (name == "-") {
		dump.write([&](const void *from, size_t bytes) {
			in.out.text.append(static_cast<const char *>(from), bytes);
			in.out.flush_if_large();
		});
		return;
	}

	WholeFile file{name};
	uint64_t size = 0;

	dump.write([&](const void *from, size_t bytes) {
		file.write(from, bytes);
		size += bytes;
	});
	file.finish();
	if (!in.json)
		return;

	json::Writer json{in.out.text};

	json.begin_object();
	json.member("file", name);
	json.member("bytes", size);
	json.member("tables", dump.tables().size());
	json.end();
}

void summarize(const Invocation &in, const std::string &source)
{
	const dump::Dump dump = read_tables(in.debugfs, source);
	const vmsa::Census census = dump.census();
	const decode::Decoded vtcr =
		decode::find_register("vtcr_el2")->decode(dump.header().vtcr, {});
	uint64_t leaves = 0;

	for (const uint64_t n : census.leaves)
		leaves += n;
	if (in.json) {
		json::Writer json{in.out.text};

		json.begin_object();
		json.member("version", dump.header().version);
		json.member("vtcr_el2", text::hex(dump.header().vtcr, 16));
		json.member("root", text::hex(dump.header().root));
		json.member("input_bits", dump.geometry().input_bits);
		json.member("granule", vmsa::bit(dump.format().page_shift));
		json.member("start_level", dump.geometry().start);
		json.member("tables", census.tables);
		json.member("leaves", leaves);
		json.end();
		return;
	}
	in.out.text += "a dump of " + std::to_string(census.tables) + " tables and " +
		       std::to_string(leaves) + " leaves\n";
	in.out.text += "root       " + text::hex(dump.header().root) + '\n';
	in.out.text +=
		"vtcr_el2   " + text::hex(dump.header().vtcr, 16) + "  " + vtcr.summary + '\n';
}

void load(const Invocation &in)
{
	const std::string file = in.arguments.text("file");
	const std::string source = is_file(file) ? file : "./" + file;
	const std::string view = in.arguments.text("view", "summary");

	if ((view == "walk") != in.arguments.has("ipa"))
		throw Failure{Exit::usage, view == "walk" ? "walk what? an IPA is missing"
							  : "an IPA is for walk"};
	if (view == "maps")
		show_maps(in, source, false);
	else if (view == "tables")
		show_tables(in, source);
	else if (view == "stats")
		show_stats(in, source);
	else if (view == "walk")
		show_walk(in, source, in.arguments.all("ipa"));
	else
		summarize(in, source);
}

constexpr const char *views[] = {"summary", "maps", "tables", "stats", "walk"};

constexpr Argument dump_arguments[] = {
	{"guest", "GUEST", "whose tables", Kind::guest_or_file, true},
	{"file", "FILE", "the file to write; - is standard output", Kind::file, true},
};

constexpr Argument load_dump_arguments[] = {
	{"file", "FILE", "what `dump` made; - is standard input", Kind::file, true},
	{"view", "VIEW", "summary, maps, tables, stats or walk (summary)", Kind::choice, false,
	 false, views},
	{"ipa", "IPA", "with walk: addresses", Kind::text, false, true},
};

} // namespace

constexpr Command dump_command = {
	"dump",
	"save a guest's tables to a file",
	"The file has the format of tables.bin. You can examine it on any machine: maps, tables, "
	"walk and stats accept its path in place of a guest, and load-dump checks it.",
	dump_arguments,
	"  s2ctl dump demo demo.tables\n  s2ctl dump demo - | ssh pc s2ctl maps -\n",
	save};

constexpr Command load_dump_command = {
	"load-dump",
	"examine a file that dump made, on any machine",
	"If the file is no dump, or is damaged, the message says what is wrong, and at which byte.",
	load_dump_arguments,
	"  s2ctl load-dump demo.tables\n  s2ctl load-dump demo.tables maps\n"
	"  s2ctl load-dump demo.tables walk 0x80123456\n",
	load};

} // namespace s2ctl
