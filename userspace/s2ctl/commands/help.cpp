// SPDX-License-Identifier: GPL-2.0-only
//
// completion, man: what is made from the list of commands.
#include "commands.hpp"

namespace s2ctl
{

namespace
{

constexpr const char *shells[] = {"bash", "zsh", "fish"};

constexpr Argument completion_arguments[] = {
	{"shell", "SHELL", "bash, zsh or fish (bash)", Argument::Kind::choice, false, false,
	 shells},
};

void completion(const Invocation &in)
{
	const std::string shell = in.arguments.text("shell", "bash");

	in.out.keep_lines();
	in.out.text = shell == "zsh"	? zsh_completion()
		      : shell == "fish" ? fish_completion()
					: bash_completion();
}

void man(const Invocation &in)
{
	in.out.keep_lines();
	in.out.text = manual_page();
}

} // namespace

constexpr Command completion_command = {
	"completion",
	"print a script that completes s2ctl's words in a shell",
	"It completes commands, options, their values, and the names of guests.",
	completion_arguments,
	"  source <(s2ctl completion bash)\n"
	"  s2ctl completion bash > /usr/share/bash-completion/completions/s2ctl\n"
	"  s2ctl completion zsh > /usr/local/share/zsh/site-functions/_s2ctl\n"
	"  s2ctl completion fish > ~/.config/fish/completions/s2ctl.fish\n",
	completion};

constexpr Command man_command = {"man", "print the manual page, for man", "",
				 {},	"  s2ctl man | man -l -\n",	  man};

} // namespace s2ctl
