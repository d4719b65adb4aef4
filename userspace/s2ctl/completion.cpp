// SPDX-License-Identifier: GPL-2.0-only
//
// Completion for bash: one function, with a case for each command, and in it one for each option that
// takes a value and each place of a positional argument.
#include "completion.hpp"

#include "decode/decode.hpp"

#include <cctype>

namespace s2ctl
{

namespace
{

// Words to complete an argument's value from, as a command of the shell that prints them.
std::string words_of(const Argument &a)
{
	switch (a.kind) {
	case Argument::Kind::choice:
		return "COMPREPLY=($(compgen -W '" + choice_words(a) + "' -- \"$cur\"))";
	case Argument::Kind::reg:
		return "COMPREPLY=($(compgen -W '" + register_words() + "' -- \"$cur\"))";
	case Argument::Kind::guest:
		return "COMPREPLY=($(compgen -W \"$(s2ctl list --names 2>/dev/null)\" -- "
		       "\"$cur\"))";
	case Argument::Kind::guest_or_file:
		return "COMPREPLY=($(compgen -W \"$(s2ctl list --names 2>/dev/null)\" -- \"$cur\") "
		       "$(compgen -f -- \"$cur\"))";
	case Argument::Kind::file:
		return "COMPREPLY=($(compgen -f -- \"$cur\"))";
	default:
		return "COMPREPLY=()";
	}
}

// What stands in the case of one command.
std::string case_of(const Command &command)
{
	std::string options{"--help"}, takers, values, places;
	unsigned place = 0;

	for_each_argument(command, [&](const Argument &a) {
		if (!a.is_option()) {
			const std::string n = std::to_string(place++);

			places += "\t\t" + (a.repeated ? n + " | *" : n) + ") " + words_of(a) +
				  " ;;\n";
			return;
		}
		options += std::string{" "} + a.name;
		if (a.kind == Argument::Kind::flag)
			return;

		const std::string name =
			(a.letter ? std::string{'-', a.letter, '|'} : std::string{}) + a.name;

		takers += (takers.empty() ? "" : "|") + name;
		values += "\t\t" + name + ") " + words_of(a) + "; return ;;\n";
	});
	return std::string{"\t"} + command.name + ")\n\t\ttakers='" + takers + "'\n\t\toptions='" +
	       options + "'\n\t\tcase $previous in\n" + values +
	       "\t\tesac\n\t\t_s2ctl_place \"$takers\"\n" + "\t\tcase $place in\n" + places +
	       "\t\tesac ;;\n";
}

} // namespace

std::string register_words()
{
	std::string words{"descriptor"};

	for (const decode::Register &reg : decode::registers()) {
		for (const char *name : {reg.name, reg.alias}) {
			words += name ? " " : "";
			for (; name && *name; name++)
				words += static_cast<char>(
					std::tolower(static_cast<unsigned char>(*name)));
		}
	}
	return words;
}

std::string choice_words(const Argument &argument)
{
	std::string words;

	for (const char *choice : argument.choices)
		words += std::string{words.empty() ? "" : " "} + choice;
	return words;
}

std::string bash_completion()
{
	std::string names{"help"}, cases;

	for (const Command *command : commands()) {
		names += std::string{" "} + command->name;
		cases += case_of(*command);
	}
	return R"(# Completion of s2ctl for bash; made by `s2ctl completion bash`.

# How many positional arguments stand before the word that is completed. $1: options with a value, a|b.
_s2ctl_place() {
	local i

	place=0
	for ((i = 2; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-*) [[ "|$1|" != *"|${COMP_WORDS[i]}|"* ]] || i=$((i + 1)) ;;
		*) place=$((place + 1)) ;;
		esac
	done
}

_s2ctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local takers options place

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		COMPREPLY=($(compgen -W ')" +
	       names + R"( --help --version' -- "$cur"))
		return
	fi
	case ${COMP_WORDS[1]} in
	help) COMPREPLY=($(compgen -W ')" +
	       names + R"(' -- "$cur")) ;;
)" + cases + R"(	esac
	[[ $cur != -* ]] || COMPREPLY=($(compgen -W "$options" -- "$cur"))
}

complete -o filenames -F _s2ctl s2ctl
)";
}

} // namespace s2ctl
