// SPDX-License-Identifier: GPL-2.0-only
//
// render: tables as a page or a picture; what changed between two dumps, as these or in words.
#include "commands.hpp"

#include "s2ctl/exit.hpp"
#include "s2ctl/source.hpp"
#include "s2ctl/whole_file.hpp"

#include "render/diff.hpp"
#include "text/text.hpp"

#include <memory>

namespace s2ctl
{

namespace
{

using Kind = Argument::Kind;

// Where it all goes: a file, which is there as a whole or not at all, or standard output.
class Target {
    public:
	explicit Target(const Invocation &in) : in_{in}
	{
		const std::string name = in.arguments.text("-o", "-");

		if (name != "-")
			file_ = std::make_unique<WholeFile>(name);
	}

	void write(std::string_view text)
	{
		bytes_ += text.size();
		if (file_) {
			pending_ += text;
			if (pending_.size() >= 65536)
				flush();
			return;
		}
		in_.out.text += text;
		in_.out.flush_if_large();
	}

	void finish()
	{
		if (!file_)
			return;
		flush();
		file_->finish();
		if (!in_.json)
			return;

		json::Writer json{in_.out.text};

		json.begin_object();
		json.member("file", in_.arguments.text("-o"));
		json.member("bytes", bytes_);
		json.end();
	}

    private:
	void flush()
	{
		file_->write(pending_.data(), pending_.size());
		pending_.clear();
	}

	const Invocation &in_;
	std::unique_ptr<WholeFile> file_;
	std::string pending_;
	uint64_t bytes_ = 0;
};

// The last part of a path: the folders of whoever made the picture are nobody's business.
std::string name_of(const std::string &source)
{
	return source == "-" ? "standard input" : source.substr(source.rfind('/') + 1);
}

// In words: a line for each change, or an array.
void write_changes(const Invocation &in, Target &target, const dump::Dump &before,
		   const dump::Dump &after)
{
	const unsigned bits = std::max(before.geometry().input_bits, after.geometry().input_bits);
	std::string text;
	json::Writer json{text};

	if (in.json)
		json.begin_array();
	render::for_each_change(before, after, [&](const render::Change &change) {
		if (in.json)
			render::write_json(json, change);
		else
			text += render::line_of(change, bits);
		target.write(text);
		text.clear();
	});
	if (in.json)
		json.end();
	target.write(text);
}

// Throws a Failure when this is not to be had.
void check(const Arguments &arguments, bool json)
{
	const bool diff = arguments.has("--diff"), words = arguments.has("--text");

	if (diff != arguments.has("after"))
		throw Failure{Exit::usage, diff ? "--diff needs BEFORE and AFTER"
						: "a second guest or dump needs --diff"};
	if (words && !diff)
		throw Failure{Exit::usage,
			      "--text needs --diff; s2ctl maps prints the mappings of one"};
	if (words + json + arguments.has("--svg") > 1)
		throw Failure{Exit::usage, "use only one of --svg, --text and --json"};
	if (json && !diff)
		throw Failure{Exit::usage,
			      "--json needs --diff; s2ctl maps and tables print one as JSON"};
	if (!words && !json && !arguments.has("-o"))
		refuse_terminal("-o FILE");
}

void render_tables(const Invocation &in)
{
	const Arguments &arguments = in.arguments;

	check(arguments, in.json);

	const std::string first = arguments.text("guest");
	const bool svg = arguments.has("--svg"), words = arguments.has("--text") || in.json;
	const dump::Dump before = read_tables(in.debugfs, first);
	Target target{in};
	const render::Sink sink = [&](std::string_view text) {
		target.write(text);
	};

	if (!arguments.has("--diff")) {
		const render::Subject subject{name_of(first), before};

		svg ? render::write_svg(sink, subject) : render::write_page(sink, subject);
	} else {
		const std::string second = arguments.text("after");
		const dump::Dump after = read_tables(in.debugfs, second);
		const render::Subject a{name_of(first), before}, b{name_of(second), after};

		if (words)
			write_changes(in, target, before, after);
		else
			svg ? render::write_svg(sink, a, b) : render::write_page(sink, a, b);
	}
	target.finish();
}

constexpr Argument arguments[] = {
	{"guest", "GUEST", "a guest, or a dump's path; with --diff, the state before",
	 Kind::guest_or_file, true},
	{"after", "AFTER", "with --diff: a guest, or a dump's path, the state after",
	 Kind::guest_or_file},
	{"-o", "FILE", "the file to write (standard output)", Kind::file},
	{"--svg", nullptr, "draw a picture for documents", Kind::flag},
	{"--diff", nullptr, "show what changed between the two", Kind::flag},
	{"--text", nullptr, "with --diff: print a line for each change", Kind::flag},
};

} // namespace

constexpr Command render_command = {
	"render",
	"draw a guest's tables as a page for a browser",
	"The page is one file, and needs no other: the IPA space as a strip that you can zoom, "
	"the tree of tables, each descriptor bit by bit, and the memory that the tables use. "
	"--diff compares two dumps: + was added, - was removed, ~ has another permission, memory "
	"type, output address, size or flags. --json prints this as JSON.",
	arguments,
	"  s2ctl render demo -o demo.html\n  s2ctl render ./demo.tables --svg -o demo.svg\n"
	"  s2ctl render --diff ./before.tables demo -o diff.html\n"
	"  s2ctl render --diff ./before.tables ./after.tables --text\n",
	render_tables};

} // namespace s2ctl
