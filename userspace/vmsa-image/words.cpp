// SPDX-License-Identifier: GPL-2.0-only
#include "words.hpp"

#include "text/text.hpp"

#include <algorithm>

namespace vmsa_image
{

namespace
{

constexpr const char *blanks = " \t\r";

std::string listed(std::initializer_list<const char *> names)
{
	std::string text;

	for (const char *name : names)
		text += std::string{text.empty() ? "" : " "} + name;
	return text;
}

// The caret stands where a terminal shows the word: tabs stay tabs.
std::string caret(const std::string &text, size_t column)
{
	std::string line;

	for (size_t i = 0; i < column; i++)
		line += i < text.size() && text[i] == '\t' ? '\t' : ' ';
	return line + '^';
}

} // namespace

Complaint::Complaint(const Line &line, size_t column, const std::string &message)
    : std::runtime_error{line.place + ": " + message + "\n    " + line.text + "\n    " +
			 caret(line.text, column)}
{
}

Words::Words(Line line, std::initializer_list<const char *> known) : line_{std::move(line)}
{
	const std::string &text = line_.text;

	for (size_t at = text.find_first_not_of(blanks); at != std::string::npos;
	     at = text.find_first_not_of(blanks, at)) {
		const size_t end = std::min(text.find_first_of(blanks, at), text.size());
		const size_t equals = std::min(text.find('=', at), end);
		const std::string key = text.substr(at, equals - at);

		if (std::ranges::find(known, key) == known.end())
			throw Complaint{line_, at, "unknown word (known: " + listed(known) + ")"};
		if (equals + 1 >= end)
			throw Complaint{line_, equals, "a value is missing: " + key + "=..."};
		if (has(key))
			throw Complaint{line_, at, key + " is given twice"};
		values_[key] = {text.substr(equals + 1, end - equals - 1), equals + 1};
		at = end;
	}
}

const Words::Value &Words::value(const std::string &key) const
{
	if (!has(key))
		throw Complaint{line_, line_.text.size(), key + "=... is missing"};
	return values_.at(key);
}

uint64_t Words::number(const std::string &key) const
{
	const Value &v = value(key);
	const text::Number n = text::parse_number(v.text);

	if (n.trouble != text::Number::Trouble::none)
		throw Complaint{line_, v.column + n.at, text::explain(n.trouble)};
	return n.value;
}

uint64_t Words::number(const std::string &key, uint64_t when_missing) const
{
	return has(key) ? number(key) : when_missing;
}

size_t Words::choice(const std::string &key, std::initializer_list<const char *> names) const
{
	const Value &v = value(key);
	const auto found = std::ranges::find_if(names, [&](const char *name) {
		return v.text == name || numbers::same_size(v.text, name);
	});

	if (found == names.end())
		complain(key, "unknown value for " + key + " (known: " + listed(names) + ")");
	return static_cast<size_t>(found - names.begin());
}

size_t Words::choice(const std::string &key, std::initializer_list<const char *> names,
		     size_t when_missing) const
{
	return has(key) ? choice(key, names) : when_missing;
}

void Words::complain(const std::string &key, const std::string &message) const
{
	throw Complaint{line_, has(key) ? values_.at(key).column : line_.text.size(), message};
}

} // namespace vmsa_image
