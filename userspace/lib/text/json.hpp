// SPDX-License-Identifier: GPL-2.0-only
//
// JSON, written as it comes: a million rows need no memory but the buffer they are written to.
//
//   json::Writer json{out};
//   json.begin_object();
//   json.member("name", "demo");
//   json.begin_array("flags");
//   json.value("accessed");
//   json.end();
//   json.end();
//
// Numbers of more than 53 bits lose their last bits in many readers: addresses and descriptors are
// written as text, "0x80000000".
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace json
{

class Writer {
    public:
	// How it is laid out: for people, or what is begun and ended on one line, for who reads line by line.
	enum class Layout { indented, line };

	// Appends to `out`, which the owner may empty at any time.
	explicit Writer(std::string &out, Layout layout = Layout::indented)
	    : out_{out}, layout_{layout}
	{
	}

	void begin_object();
	void begin_array();
	void begin_object(std::string_view key);
	void begin_array(std::string_view key);
	// Of what was begun last. The end of all is the end of the line, too.
	void end();

	void value(std::string_view text);
	void value(const char *text)
	{
		value(std::string_view{text});
	}
	void value(const std::string &text)
	{
		value(std::string_view{text});
	}
	void value(bool yes);
	template <std::unsigned_integral N> void value(N n)
	{
		number(n, false);
	}
	template <std::signed_integral N> void value(N n)
	{
		number(n < 0 ? -static_cast<uint64_t>(n) : static_cast<uint64_t>(n), n < 0);
	}

	template <class T> void member(std::string_view key, const T &v)
	{
		name(key);
		value(v);
	}

    private:
	void name(std::string_view key);
	void place();
	void new_line();
	void begin(char open, char close);
	void number(uint64_t n, bool negative);
	void string(std::string_view text);

	std::string &out_;
	Layout layout_;
	std::string closing_; // what ends what is open, outermost first
	bool first_ = true; // nothing stands in it yet
	bool named_ = false; // a key was written, and its value is next
};

} // namespace json
