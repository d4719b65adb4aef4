// SPDX-License-Identifier: GPL-2.0-only
//
// Completion for fish: a line for each command, option and place of a positional argument.
#include "completion.hpp"

namespace s2ctl
{

namespace
{

std::string quoted(std::string_view text)
{
	std::string out{"'"};

	for (const char c : text)
		out += c == '\'' || c == '\\' ? std::string{'\\', c} : std::string{c};
	return out + '\'';
}

// "-x -a ..." or "-r"
std::string values_of(const Argument &a)
{
	switch (a.kind) {
	case Argument::Kind::choice:
		return " -x -a " + quoted(choice_words(a));
	case Argument::Kind::reg:
		return " -x -a " + quoted(register_words());
	case Argument::Kind::guest:
		return " -x -a '(s2ctl list --names 2>/dev/null)'";
	case Argument::Kind::guest_or_file:
		return " -r -F -a '(s2ctl list --names 2>/dev/null)'";
	case Argument::Kind::file:
		return " -r -F";
	default:
		return " -x";
	}
}

std::string lines_of(const Command &command)
{
	const std::string begin{"complete -c s2ctl -n '__s2ctl_is "};
	std::string takers, lines;
	unsigned place = 0;

	for_each_argument(command, [&](const Argument &a) {
		if (a.is_option() && a.kind != Argument::Kind::flag)
			takers += std::string{" "} + a.name;
	});
	for_each_argument(command, [&](const Argument &a) {
		const std::string name{a.name};

		if (a.is_option()) {
			lines += begin + command.name + "'";
			lines += name.starts_with("--") ? " -l " + name.substr(2)
							: " -s " + name.substr(1);
			lines += a.letter ? std::string{" -s "} + a.letter : "";
			lines += a.kind == Argument::Kind::flag ? "" : values_of(a);
			lines += " -d " + quoted(a.help) + '\n';
			return;
		}
		place++;
		if (a.kind != Argument::Kind::text)
			lines += begin + command.name + "; and __s2ctl_place " +
				 std::to_string(place) + (a.repeated ? " more" : "") + takers +
				 "'" + values_of(a) + '\n';
	});
	return lines;
}

} // namespace

std::string fish_completion()
{
	std::string lines;

	for (const Command *command : commands())
		lines += std::string{"complete -c s2ctl -n __s2ctl_begins -a "} + command->name +
			 " -d " + quoted(command->summary) + '\n';
	for (const Command *command : commands())
		lines += lines_of(*command);
	return R"(# Completion of s2ctl for fish; made by `s2ctl completion fish`.

function __s2ctl_begins
	test (count (commandline -opc)) = 1
end

function __s2ctl_is
	set -l words (commandline -opc)
	test (count $words) -gt 1; and test $words[2] = $argv[1]
end

# Whether the word that is begun is positional argument N (with `more`: or a later one). The rest: options with a value.
function __s2ctl_place
	set -l words (commandline -opc)
	set -l wanted $argv[1]
	set -l place 1
	set -l skip 0

	for word in $words[3..]
		if test $skip = 1
			set skip 0
		else if contains -- $word $argv
			set skip 1
		else if not string match -q -- '-*' $word
			set place (math $place + 1)
		end
	end
	test $skip = 0; or return 1
	if contains -- more $argv
		test $place -ge $wanted
	else
		test $place = $wanted
	end
end

complete -c s2ctl -f
)" + lines;
}

} // namespace s2ctl
