// SPDX-License-Identifier: GPL-2.0-only
#include "command.hpp"

#include "exit.hpp"
#include "text/text.hpp"

#include <charconv>

namespace s2ctl
{

const std::vector<std::string> &Arguments::all(const std::string &name) const
{
	static const std::vector<std::string> none;
	const auto found = values_.find(name);

	return found == values_.end() ? none : found->second;
}

uint64_t Arguments::number(const std::string &name) const
{
	return parse_number(name, text(name));
}

uint64_t parse_number(const std::string &what, const std::string &text)
{
	const text::Number n = text::parse_number(text);

	if (n.trouble != text::Number::Trouble::none)
		throw Failure{Exit::usage,
			      what + ": '" + text + "' is wrong: " + text::explain(n.trouble)};
	return n.value;
}

uint64_t parse_seconds(const std::string &what, const std::string &text)
{
	constexpr double longest = 24 * 60 * 60;
	double seconds = 0;
	const char *end = text.data() + text.size();
	const auto [rest, error] =
		std::from_chars(text.data(), end, seconds, std::chars_format::fixed);

	if (error != std::errc{} || rest != end || !(seconds >= 0.001 && seconds <= longest))
		throw Failure{Exit::usage,
			      what + ": '" + text +
				      "' must be seconds, from 0.001 to a day (10, 0.5)"};
	return static_cast<uint64_t>(seconds * 1000 + 0.5);
}

std::string synopsis(const Command &command)
{
	std::string text = std::string{"s2ctl "} + command.name + " [OPTIONS]";

	for (const Argument &a : command.arguments) {
		if (a.is_option())
			continue;
		text += a.required ? std::string{" "} + a.value : std::string{" ["} + a.value + "]";
		text += a.repeated ? "..." : "";
	}
	return text;
}

std::span<const Argument> common_arguments()
{
	static constexpr const char *colours[] = {"auto", "always", "never"};
	static constexpr Argument arguments[] = {
		{"--json", nullptr, "print JSON, also for errors", Argument::Kind::flag},
		{"--color", "WHEN", "use colour: on a terminal (auto), always, never",
		 Argument::Kind::choice, false, false, colours},
		{"--debugfs", "DIR", "where debugfs is mounted (/sys/kernel/debug)",
		 Argument::Kind::file},
	};

	return arguments;
}

} // namespace s2ctl
