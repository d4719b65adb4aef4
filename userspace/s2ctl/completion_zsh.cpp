// SPDX-License-Identifier: GPL-2.0-only
//
// Completion for zsh: a case for each command, with what _arguments takes.
#include "completion.hpp"

namespace s2ctl
{

namespace
{

// In quotes; : and [ ] have a meaning to _arguments.
std::string quoted(std::string_view text)
{
	std::string out;

	for (const char c : text)
		out += c == '\''			  ? "'\\''"
		       : c == ':' || c == '[' || c == ']' ? std::string{'\\', c}
							  : std::string{c};
	return out;
}

std::string values_of(const Argument &a)
{
	switch (a.kind) {
	case Argument::Kind::choice:
		return "(" + choice_words(a) + ")";
	case Argument::Kind::reg:
		return "(" + register_words() + ")";
	case Argument::Kind::guest:
		return "_s2ctl_guests";
	case Argument::Kind::guest_or_file:
		return "_s2ctl_tables";
	case Argument::Kind::file:
		return "_files";
	default:
		// Not a blank, which is a message: with one, zsh lists an option that fits and does not insert it.
		return "()";
	}
}

std::string words_of(const Command &command)
{
	std::string words{" \\\n\t\t\t'--help[say how it is used]'"};
	unsigned place = 0;

	for_each_argument(command, [&](const Argument &a) {
		words += " \\\n\t\t\t'";
		if (a.is_option()) {
			words += std::string{a.repeated ? "*" : ""} + a.name + '[' +
				 quoted(a.help) + ']';
			if (a.kind != Argument::Kind::flag)
				words += ':' + quoted(a.value) + ':' + values_of(a);
		} else {
			place++;
			words += (a.repeated ? "*" : std::to_string(place)) + ':' +
				 quoted(a.value) + ':' + values_of(a);
		}
		words += '\'';
	});
	return words;
}

} // namespace

std::string zsh_completion()
{
	std::string names, cases;

	for (const Command *command : commands()) {
		names += std::string{"\t\t'"} + command->name + ':' + quoted(command->summary) +
			 "'\n";
		cases += std::string{"\t"} + command->name + ") _arguments" + words_of(*command) +
			 " ;;\n";
	}
	return R"zsh(#compdef s2ctl
# Completion of s2ctl for zsh; made by `s2ctl completion zsh`.

_s2ctl_guests() {
	local -a guests

	guests=(${(f)"$(s2ctl list --names 2>/dev/null)"})
	compadd -a guests
}

_s2ctl_tables() {
	_s2ctl_guests
	_files
}

_s2ctl() {
	local -a names

	names=(
)zsh" + names + R"zsh(	)
	if ((CURRENT == 2)); then
		_describe command names
		return
	fi
	shift words
	((CURRENT--))
	case $words[1] in
)zsh" + cases + R"zsh(	esac
}

compdef _s2ctl s2ctl
)zsh";
}

} // namespace s2ctl
