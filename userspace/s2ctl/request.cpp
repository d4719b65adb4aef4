// SPDX-License-Identifier: GPL-2.0-only
#include "request.hpp"

#include "exit.hpp"

#include <algorithm>

namespace s2ctl
{

Request &Request::add(const char *key, const std::string &value)
{
	const bool is_word = !value.empty() && std::ranges::all_of(value, [](unsigned char c) {
		return c > ' ' && c != 0x7f;
	});

	if (!is_word)
		throw Failure{Exit::usage, std::string{key} + ": '" + value + "' is not one word"};
	text_ += (text_.empty() ? "" : " ") + std::string{key} + '=' + value;
	return *this;
}

Request &Request::add_given(const char *key, const Arguments &arguments, const char *name)
{
	return arguments.has(name) ? add(key, arguments.text(name)) : *this;
}

Request &Request::add_flag(const char *key, const Arguments &arguments, const char *name)
{
	return arguments.has(name) ? add(key, "1") : *this;
}

void Request::send(const Invocation &in, const std::string &file) const
{
	in.debugfs.write(file, text_);
	if (!in.json)
		return;

	json::Writer json{in.out.text};

	json.begin_object();
	json.member("file", file);
	json.member("request", text_);
	json.member("done", true);
	json.end();
}

} // namespace s2ctl
