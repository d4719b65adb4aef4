// SPDX-License-Identifier: GPL-2.0-only
//
// Requests to the module, and what is said about files of "key   value" lines.
#pragma once

#include "command.hpp"

#include "text/json.hpp"

namespace s2ctl
{

// One line of key=value words. Values are passed on as they were written, so that the module's caret
// points at what somebody wrote.
class Request {
    public:
	Request() = default;
	// A word that stands alone.
	static Request word(const char *text)
	{
		Request request;

		request.text_ = text;
		return request;
	}

	// Throws a Failure when a blank would make two words of it.
	Request &add(const char *key, const std::string &value);
	// Where the argument was given.
	Request &add_given(const char *key, const Arguments &arguments, const char *name);
	// The same of a flag: 1.
	Request &add_flag(const char *key, const Arguments &arguments, const char *name);

	// Sends it, and says in JSON that it was done.
	void send(const Invocation &in, const std::string &file) const;

	const std::string &text() const
	{
		return text_;
	}

    private:
	std::string text_;
};

} // namespace s2ctl
