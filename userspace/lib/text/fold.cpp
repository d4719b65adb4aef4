// SPDX-License-Identifier: GPL-2.0-only
#include "text.hpp"

#include <algorithm>

namespace text
{

namespace
{

// Columns of a terminal: colour takes none, and a character of several bytes takes one.
size_t width(std::string_view text)
{
	size_t columns = 0;

	for (size_t i = 0; i < text.size(); i++) {
		if (text[i] == '\033')
			i = std::min(text.find('m', i), text.size());
		else
			columns += (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80;
	}
	return columns;
}

// A blank or more, and what comes until the next.
std::string_view next_word(std::string_view text)
{
	const size_t begin = std::min(text.find_first_not_of(' '), text.size());

	return text.substr(0, text.find(' ', begin));
}

// Where what is continued begins.
size_t indent_of(std::string_view line, size_t columns, size_t further)
{
	const size_t leading = std::min(line.find_first_not_of(' '), line.size());
	size_t indent = leading + further, column = 0;

	for (std::string_view rest = line; !rest.empty();) {
		const std::string_view word = next_word(rest);
		const size_t blanks = std::min(word.find_first_not_of(' '), word.size());

		if (column && blanks > 1 && column + blanks <= columns / 2)
			indent = column + blanks;
		column += width(word);
		rest.remove_prefix(word.size());
	}
	return indent;
}

void append_folded(std::string &out, std::string_view line, size_t columns, size_t further)
{
	if (width(line) <= columns) {
		out += line;
		return;
	}

	const size_t indent = indent_of(line, columns, further);
	size_t column = 0;

	while (!line.empty()) {
		const std::string_view word = next_word(line);
		const size_t wide = width(word);

		line.remove_prefix(word.size());
		if (column > indent && column + wide > columns) {
			const std::string_view bare =
				word.substr(std::min(word.find_first_not_of(' '), word.size()));

			(out += '\n').append(indent, ' ') += bare;
			column = indent + width(bare);
		} else {
			out += word;
			column += wide;
		}
	}
}

} // namespace

std::string fold(std::string_view text, size_t columns, size_t further)
{
	std::string out;

	for (;;) {
		const size_t end = text.find('\n');

		append_folded(out, text.substr(0, end), columns, further);
		if (end == std::string_view::npos)
			return out;
		out += '\n';
		text.remove_prefix(end + 1);
	}
}

} // namespace text
