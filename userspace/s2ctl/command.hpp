// SPDX-License-Identifier: GPL-2.0-only
//
// A command of s2ctl, as data: the command line (cli.cpp), the shell's completion, the manual page and
// the help are all made from it, so none of them can go stale.
#pragma once

#include "debugfs.hpp"
#include "output.hpp"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace s2ctl
{

struct Argument {
	enum class Kind { text, flag, guest, guest_or_file, file, choice, reg };

	const char *name; // "guest", or "--prot"
	const char *value; // what its value is called: "PROT"; nullptr for a flag
	const char *help;
	Kind kind = Kind::text;
	bool required = false;
	bool repeated = false;
	std::span<const char *const> choices = {};
	char letter = 0; // of an option: -f is --guest, too

	constexpr bool is_option() const
	{
		return name[0] == '-';
	}
};

// Arguments by name. Text is as it was written.
class Arguments {
    public:
	bool has(const std::string &name) const
	{
		return values_.contains(name);
	}
	const std::vector<std::string> &all(const std::string &name) const;
	const std::string &text(const std::string &name) const
	{
		return all(name).front();
	}
	std::string text(const std::string &name, const char *otherwise) const
	{
		return has(name) ? text(name) : otherwise;
	}
	// Throws a Failure that names the argument.
	uint64_t number(const std::string &name) const;

	void set(const std::string &name, std::vector<std::string> values)
	{
		values_[name] = std::move(values);
	}

    private:
	std::map<std::string, std::vector<std::string>> values_;
};

struct Invocation {
	const Arguments &arguments;
	const Debugfs &debugfs;
	Output &out;
	bool json;
};

struct Command {
	const char *name;
	const char *summary; // after its name, in a list
	const char *description; // paragraphs; may be empty
	std::span<const Argument> arguments;
	const char *examples; // lines of a shell, the first word of each is s2ctl
	void (*run)(const Invocation &);
};

// In the order of `s2ctl --help`.
std::span<const Command *const> commands();

// What every command takes beside its own.
std::span<const Argument> common_arguments();

// A number that somebody wrote, for the argument `what`. Throws a Failure.
uint64_t parse_number(const std::string &what, const std::string &text);

// Seconds that somebody wrote, 10 or 0.5, in milliseconds: a day at most, and not 0. Throws a Failure.
uint64_t parse_seconds(const std::string &what, const std::string &text);

// Made from the list.
std::string bash_completion();
std::string zsh_completion();
std::string fish_completion();
std::string manual_page();
std::string synopsis(const Command &command); // "s2ctl map [OPTIONS] GUEST IPA SIZE"

} // namespace s2ctl
