// SPDX-License-Identifier: GPL-2.0-only
#include "cli.hpp"

#include "exit.hpp"

#include "text/text.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <list>

namespace s2ctl
{

namespace
{

constexpr size_t help_columns = 80;

constexpr const char *about =
	"Shows and changes the guests of the stage2 module and their stage 2 tables. Also reads "
	"tables of other machines, and decodes descriptors and registers.";

constexpr const char *more = "s2ctl COMMAND --help has examples. Commands that only read a GUEST "
			     "also accept a file of `s2ctl dump`, given as a path: ./demo.tables.";

// The help of CLI11, without what its option types would say.
class Formatter : public CLI::Formatter {
    public:
	Formatter()
	{
		column_width(26);
		label("REQUIRED", "");
		label("Positionals", "Arguments");
	}

	std::string make_option_opts(const CLI::Option *option) const override
	{
		return option->get_type_name().empty() ? "" : ' ' + option->get_type_name();
	}

	std::string make_option_name(const CLI::Option *option, bool is_positional) const override
	{
		return is_positional ? std::string{} : option->get_name(false, true);
	}

	std::string make_usage(const CLI::App *app, std::string) const override
	{
		for (const Command *command : commands())
			if (app->get_name() == command->name)
				return "Usage: " + synopsis(*command) + '\n';
		return "Usage: s2ctl COMMAND [ARGUMENT...]\n";
	}
};

// What an argument was given, where CLI11 can put it.
struct Slot {
	const Argument *argument;
	CLI::Option *option;
	std::string value; // of what is not repeated
	std::vector<std::string> values;
};

// 4k is 4K.
bool same_word(std::string_view a, std::string_view b)
{
	return std::ranges::equal(
		a, b, {}, [](unsigned char c) { return std::tolower(c); },
		[](unsigned char c) { return std::tolower(c); });
}

void add(CLI::App &app, std::list<Slot> &slots, const Argument &argument)
{
	Slot &slot = slots.emplace_back(Slot{&argument, nullptr, {}, {}});
	// Complaints are about GUEST, as the synopsis has it.
	const std::string name = (argument.letter ? std::string{'-', argument.letter, ','} : "") +
				 (argument.is_option() ? argument.name : argument.value);

	if (argument.kind == Argument::Kind::flag) {
		slot.option = app.add_flag(name, argument.help);
		return;
	}
	if (argument.repeated)
		slot.option =
			app.add_option(name, slot.values, argument.help)
				->delimiter(argument.kind == Argument::Kind::choice ? ',' : '\0');
	else
		slot.option = app.add_option(name, slot.value, argument.help);
	slot.option->type_name(argument.value)->required(argument.required);
	if (argument.kind == Argument::Kind::choice) {
		const std::vector<std::string> names{argument.choices.begin(),
						     argument.choices.end()};

		// IsMember would describe itself in the help.
		slot.option->transform(
			CLI::Validator{[names](std::string &given) -> std::string {
					       std::string known;

					       for (const std::string &name : names) {
						       if (same_word(given, name)) {
							       given = name;
							       return "";
						       }
						       known += ' ' + name;
					       }
					       return "'" + given + "' is none of:" + known;
				       },
				       ""});
	}
}

// Every command as a subcommand, and the arguments of one: the others are only listed.
void build(CLI::App &app, std::list<Slot> &slots, const Command *wanted)
{
	app.formatter(std::make_shared<Formatter>());
	app.set_help_flag("-h,--help", "show this help");
	app.set_version_flag("--version", "s2ctl " S2CTL_VERSION, "show the version");
	app.require_subcommand(1);
	app.footer(more);
	for (const Command *command : commands()) {
		if (wanted && wanted != command)
			continue;

		CLI::App *sub = app.add_subcommand(command->name, command->summary);

		sub->group("Commands");
		if (!wanted)
			continue;
		sub->footer(std::string{command->description} +
			    (*command->description ? "\n\n" : "") + "Examples:\n" +
			    command->examples);
		for (const Argument &argument : command->arguments)
			add(*sub, slots, argument);
		for (const Argument &argument : common_arguments())
			add(*sub, slots, argument);
	}
}

// The command that looks most like what somebody wrote, if one does.
std::string similar(const std::string &word)
{
	const auto distance = [&](std::string_view name) {
		std::vector<size_t> row(name.size() + 1);

		for (size_t j = 0; j < row.size(); j++)
			row[j] = j;
		for (size_t i = 0; i < word.size(); i++) {
			size_t diagonal = std::exchange(row[0], i + 1);

			for (size_t j = 0; j < name.size(); j++)
				diagonal = std::exchange(
					row[j + 1], std::min({row[j + 1] + 1, row[j] + 1,
							      diagonal + (word[i] != name[j])}));
		}
		return row.back();
	};
	const char *best = "";
	size_t least = 3;

	for (const Command *command : commands()) {
		if (distance(command->name) < least) {
			least = distance(command->name);
			best = command->name;
		}
	}
	return *best ? std::string{" (did you mean "} + best + "?)" : "";
}

const Command *find_command(const std::string &word)
{
	for (const Command *command : commands())
		if (word == command->name)
			return command;
	return nullptr;
}

// "s2ctl trace demo --for 5"
std::string joined(const std::vector<std::string> &words)
{
	std::string text{"s2ctl"};

	for (const std::string &word : words)
		text += ' ' + word;
	return text;
}

// One order of words for all commands: who writes another is told this one.
void check_order(const std::vector<std::string> &words, const Command *command)
{
	if (!command && words.size() > 1 && find_command(words[1])) {
		std::vector<std::string> right = words;

		std::swap(right[0], right[1]);
		throw Failure{Exit::usage, "the command comes before the guest: " + joined(right)};
	}
	if (!command || command->arguments.empty() ||
	    std::string_view{command->arguments[0].name} != "guest")
		return;
	for (size_t i = 1; i < words.size(); i++) {
		const bool is_long = words[i] == "--guest" || words[i].starts_with("--guest=");
		const bool alone = words[i] == "-f" || words[i] == "--guest";
		std::vector<std::string> right = words;
		std::string guest{"GUEST"};

		if (!is_long && !(words[i].starts_with("-f") && !words[i].starts_with("--")))
			continue;
		if (!alone)
			guest = words[i].substr(is_long ? std::strlen("--guest=") : 2);
		else if (i + 1 < words.size())
			guest = words[i + 1];
		right.erase(right.begin() + static_cast<long>(i),
			    right.begin() +
				    static_cast<long>(std::min(i + 1 + alone, right.size())));
		right.insert(right.begin() + 1, guest);
		throw Failure{Exit::usage, words[i].substr(0, is_long ? 7 : 2) +
						   " is no option: the guest is the first word: " +
						   joined(right)};
	}
}

} // namespace

CommandLine parse_command_line(int argc, const char *const *argv)
{
	std::vector<std::string> words(argv + (argc ? 1 : 0), argv + argc);
	std::list<Slot> slots;
	CLI::App app{about, "s2ctl"};
	CommandLine line;

	// `help map` is `map --help`.
	if (!words.empty() && words[0] == "help") {
		words.erase(words.begin());
		words.emplace_back("--help");
	}
	if (words.empty())
		words.emplace_back("--help");
	line.command = find_command(words[0]);
	check_order(words, line.command);
	if (!line.command && !words[0].starts_with('-'))
		throw Failure{Exit::usage, "there is no command '" + words[0] + "'" +
						   similar(words[0]) + "; s2ctl --help lists them"};
	if (!line.command && words[0] != "-h" && words[0] != "--help" && words[0] != "--version")
		throw Failure{Exit::usage,
			      words[0] + " is no option without a command (s2ctl --help)"};
	build(app, slots, line.command);
	std::ranges::reverse(words); // as CLI11 takes them
	try {
		app.parse(words);
	} catch (const CLI::CallForHelp &) {
		line.answer = text::fold(app.help(), help_columns, 0);
		line.command = nullptr;
		return line;
	} catch (const CLI::CallForVersion &version) {
		line.answer = std::string{version.what()} + '\n';
		line.command = nullptr;
		return line;
	} catch (const CLI::ParseError &error) {
		throw Failure{Exit::usage, std::string{error.what()} + " (s2ctl " +
						   (line.command ? line.command->name : "") +
						   " --help)"};
	}
	for (const Slot &slot : slots)
		if (slot.option->count())
			line.arguments.set(slot.argument->name, slot.argument->repeated
									? slot.values
									: std::vector{slot.value});
	return line;
}

} // namespace s2ctl
