// SPDX-License-Identifier: GPL-2.0-only
#include "json.hpp"

#include "text.hpp"

namespace json
{

namespace
{

// How many bytes at the start of `s` are one well-formed UTF-8 character; 0 when they are not.
size_t character(std::string_view s)
{
	const auto byte = [&](size_t i) {
		return static_cast<unsigned char>(s[i]);
	};
	const unsigned char lead = byte(0);
	const size_t length = lead < 0x80		     ? 1
			      : lead >= 0xc2 && lead <= 0xdf ? 2
			      : (lead & 0xf0) == 0xe0	     ? 3
			      : lead >= 0xf0 && lead <= 0xf4 ? 4
							     : 0;

	if (!length || length > s.size())
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((byte(i) & 0xc0) != 0x80)
			return 0;
	// Longer than needed, a surrogate, or beyond the last.
	if ((lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f) ||
	    (lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f))
		return 0;
	return length;
}

// Printable ASCII that stands for itself.
bool is_plain(char c)
{
	return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

} // namespace

void Writer::string(std::string_view s)
{
	out_ += '"';
	while (!s.empty()) {
		size_t plain = 0;

		// Most is plain, and written at once.
		while (plain < s.size() && is_plain(s[plain]))
			plain++;
		out_ += s.substr(0, plain);
		s.remove_prefix(plain);
		if (s.empty())
			break;

		const size_t length = character(s);
		const char c = s[0];

		if (!length)
			out_ += "\\ufffd";
		else if (c == '"' || c == '\\')
			(out_ += '\\') += c;
		else if (c == '\n')
			out_ += "\\n";
		else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
			text::append_hex(out_ += "\\u", static_cast<unsigned char>(c), 4);
		else
			out_ += s.substr(0, length);
		s.remove_prefix(length ? length : 1);
	}
	out_ += '"';
}

void Writer::new_line()
{
	out_ += '\n';
	out_.append(2 * closing_.size(), ' ');
}

// Goes to where the next value stands.
void Writer::place()
{
	if (named_ || closing_.empty()) {
		named_ = false;
		return;
	}
	out_ += first_ ? "" : ",";
	if (layout_ == Layout::line)
		out_ += first_ ? "" : " ";
	else
		new_line();
	first_ = false;
}

void Writer::name(std::string_view key)
{
	place();
	string(key);
	out_ += ": ";
	named_ = true;
}

void Writer::begin(char open, char close)
{
	place();
	out_ += open;
	closing_ += close;
	first_ = true;
}

void Writer::begin_object()
{
	begin('{', '}');
}

void Writer::begin_array()
{
	begin('[', ']');
}

void Writer::begin_object(std::string_view key)
{
	name(key);
	begin_object();
}

void Writer::begin_array(std::string_view key)
{
	name(key);
	begin_array();
}

void Writer::end()
{
	const char close = closing_.back();

	closing_.pop_back();
	if (!first_ && layout_ == Layout::indented)
		new_line();
	out_ += close;
	first_ = false;
	if (closing_.empty())
		out_ += '\n';
}

void Writer::value(std::string_view text)
{
	place();
	string(text);
}

void Writer::value(bool yes)
{
	place();
	out_ += yes ? "true" : "false";
}

void Writer::number(uint64_t n, bool negative)
{
	place();
	if (negative)
		out_ += '-';
	text::append_number(out_, n);
}

} // namespace json
