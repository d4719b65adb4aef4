// SPDX-License-Identifier: GPL-2.0-only
//
// s2ctl: see and change what the stage2 module keeps, from a shell.
//
//   s2ctl create demo --ram 64M
//   s2ctl map demo 0x80000000 6M --prot rw
//   s2ctl walk demo 0x80123456
#include "cli.hpp"
#include "commands/commands.hpp"
#include "exit.hpp"

#include "text/json.hpp"
#include "text/text.hpp"

#include <cstdio>
#include <cstring>
#include <system_error>

namespace s2ctl
{

std::span<const Command *const> commands()
{
	static constexpr const Command *list[] = {
		&features_command,   &list_command,   &create_command,	 &remove_command,
		&map_command,	     &unmap_command,  &protect_command,	 &fold_command,
		&demand_command,     &dirty_command,  &accessed_command, &maps_command,
		&tables_command,     &walk_command,   &stats_command,	 &load_command,
		&mem_command,	     &regs_command,   &run_command,	 &verify_command,
		&trace_command,	     &top_command,    &hist_command,	 &dump_command,
		&load_dump_command,  &render_command, &decode_command,	 &geometry_command,
		&completion_command, &man_command,
	};

	return list;
}

namespace
{

int complain(const Failure &failure, bool json)
{
	std::string text;

	if (json) {
		json::Writer writer{text};

		writer.begin_object();
		writer.member("error", failure.what());
		writer.member("exit", static_cast<int>(failure.code()));
		writer.end();
	} else {
		text = std::string{"s2ctl: "} + failure.what() + '\n';

		// What the module adds is a request, and a caret below one of its words.
		if (const auto terminal = terminal_size(2))
			text.replace(
				0, text.find('\n'),
				text::fold(text.substr(0, text.find('\n')), terminal->columns));
	}
	std::fputs(text.c_str(), stderr);
	return static_cast<int>(failure.code());
}

Colour colour_of(const std::string &when)
{
	return when == "always"	 ? Colour::always
	       : when == "never" ? Colour::never
				 : Colour::automatic;
}

// Before there are arguments: an error in them is to be JSON, too.
bool wants_json(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (std::strcmp(argv[i], "--json") == 0)
			return true;
	return false;
}

int run(int argc, char **argv)
{
	const CommandLine line = parse_command_line(argc, argv);
	const Arguments &arguments = line.arguments;
	const Debugfs debugfs{arguments.text("--debugfs", "/sys/kernel/debug")};
	Output out{colour_of(arguments.text("--color", "auto"))};

	if (arguments.has("--json"))
		out.keep_lines();
	if (line.command)
		line.command->run({arguments, debugfs, out, arguments.has("--json")});
	else
		out.text = line.answer;
	out.flush();
	return static_cast<int>(Exit::ok);
}

} // namespace

} // namespace s2ctl

int main(int argc, char **argv)
{
	using namespace s2ctl;
	const bool json = wants_json(argc, argv);

	catch_signals();
	try {
		return run(argc, argv);
	} catch (const Failure &failure) {
		return complain(failure, json);
	} catch (const Interrupted &interrupted) {
		std::fprintf(stderr, "s2ctl: interrupted%s%s\n", *interrupted.what() ? ": " : "",
			     interrupted.what());
		end_by_signal();
	} catch (const std::bad_alloc &) {
		return complain({Exit::bad_file, "not enough memory"}, json);
	}
}
