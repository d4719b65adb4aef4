// SPDX-License-Identifier: GPL-2.0-only
//
// The manual page, in the macros of man(7).
#include "command.hpp"

#include "exit.hpp"

#include <string_view>

namespace s2ctl
{

namespace
{

// Text as roff takes it: - is a minus that can be copied, and no line begins with a request.
std::string roff(std::string_view text)
{
	std::string out;

	for (const char c : text) {
		if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n'))
			out += "\\&";
		if (c == '-')
			out += "\\-";
		else if (c == '\\')
			out += "\\e";
		else
			out += c;
	}
	return out;
}

void append_argument(std::string &out, const Argument &a)
{
	out += ".TP\n";
	if (a.is_option())
		out += (a.letter ? "\\fB\\-" + std::string{a.letter} + "\\fR, " : std::string{}) +
		       "\\fB" + roff(a.name) + "\\fR" +
		       (a.value ? " \\fI" + roff(a.value) + "\\fR" : std::string{}) + '\n';
	else
		out += "\\fI" + roff(a.value) + "\\fR\n";
	out += roff(a.help) + '\n';
}

void append_command(std::string &out, const Command &command)
{
	out += ".SS " + roff(command.name) + "\n" + roff(synopsis(command)) + "\n.PP\n" +
	       roff(command.summary) + ".\n";
	if (*command.description)
		out += roff(command.description) + '\n';
	for (const Argument &a : command.arguments)
		append_argument(out, a);
	out += ".PP\n.EX\n" + roff(command.examples) + ".EE\n";
}

} // namespace

std::string manual_page()
{
	std::string out = R"(.\" SPDX-License-Identifier: GPL-2.0-only
.\" Made by `s2ctl man`.
.TH S2CTL 8
.SH NAME
s2ctl \- see and change what the stage2 module keeps
.SH SYNOPSIS
.B s2ctl
.I COMMAND
[\fIARGUMENT\fR...]
.SH DESCRIPTION
.B s2ctl
shows and changes the toy guests of the stage2 module and their stage 2 translation tables, through
the module's files in debugfs, and what happens to them, through BPF. It examines tables of other machines,
too, and decodes descriptors and register values, which needs no module and no root.
.PP
Where a \fIGUEST\fR is only read, it may be a file that \fBs2ctl dump\fR made, given as a path with a
slash: \fI./demo.tables\fR. Numbers are decimal or hexadecimal, with a suffix K, M, G or T if need be.
.SH OPTIONS
Every command takes these.
.TP
\fB\-h\fR, \fB\-\-help\fR
say how it is used, with examples
)";

	for (const Argument &a : common_arguments())
		append_argument(out, a);
	out += ".SH COMMANDS\n";
	for (const Command *command : commands())
		append_command(out, *command);
	out += ".SH EXIT STATUS\n";
	for (const ExitText &text : exit_texts)
		out += ".TP\n\\fB" + std::to_string(static_cast<int>(text.code)) + "\\fR\n" +
		       roff(text.meaning) + '\n';
	out += R"(.TP
\fB130\fR, \fB143\fR, \fB141\fR
ended by SIGINT, by SIGTERM, or because nobody reads the output any more. trace, hist and top end with 0 at a
signal, unless \fB\-\-for\fR or \fB\-\-count\fR was not reached.
.SH ENVIRONMENT
.TP
\fBNO_COLOR\fR
when it is set and not empty, there is no colour, unless \fB\-\-color always\fR asks for it
.SH FILES
.TP
\fI/sys/kernel/debug/stage2\fR
what the module keeps there; only root gets at it
.TP
\fI/sys/kernel/btf/stage2\fR
where it is, events are attached as tp_btf, else as raw_tp
)";
	return out;
}

} // namespace s2ctl
