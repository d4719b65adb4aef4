// SPDX-License-Identifier: GPL-2.0-only
#include "request.hpp"

#include "error_log.hpp"

#include "stage2/numbers.hpp"

#include <cerrno>
#include <cstdarg>

namespace stage2
{

namespace
{

constexpr bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

} // namespace

int Request::refuse(int error, size_t column, const char *format, ...) const
{
	error_log::Entry entry{file_, text_, column};
	va_list args;

	va_start(args, format);
	entry.add(format, &args);
	va_end(args);
	return -error;
}

// Without the newlines at its end.
std::string_view Request::line() const
{
	std::string_view line = text_;

	while (!line.empty() && line.back() == '\n')
		line.remove_suffix(1);
	return line;
}

int Request::number(Value &value) const
{
	const numbers::Number n = numbers::parse(value.text);

	value.number = n.value;
	if (n.trouble == numbers::Number::Trouble::none)
		return 0;
	return refuse(n.trouble == numbers::Number::Trouble::too_large ? ERANGE : EINVAL,
		      value.column + n.at, "%s", numbers::explain(n.trouble));
}

int Request::parse_number(Value &value) const
{
	value = {.text = line(), .given = true};
	return number(value);
}

bool Request::is(std::string_view word) const
{
	return line() == word;
}

int Request::parse_value(const Word &word, Value &value) const
{
	if (word.kind == Word::Kind::number)
		return number(value);
	if (word.kind == Word::Kind::name)
		return 0;
	for (const Symbol &symbol : word.symbols) {
		if (value.text == symbol.name || numbers::same_size(value.text, symbol.name)) {
			value.number = symbol.value;
			return 0;
		}
	}

	error_log::Entry entry{file_, text_, value.column};

	entry.add("unknown value for %s (known:", word.key);
	for (const Symbol &symbol : word.symbols)
		entry.add(" %s", symbol.name);
	entry.add(")");
	return -EINVAL;
}

int Request::refuse_word(size_t column, std::span<const Word> words) const
{
	error_log::Entry entry{file_, text_, column};

	entry.add("unknown word (known:");
	for (const Word &word : words)
		entry.add(" %s", word.key);
	entry.add(")");
	return -EINVAL;
}

int Request::parse(std::span<const Word> words, std::span<Value> values) const
{
	const std::string_view line = this->line();
	size_t at = 0;

	for (;;) {
		while (at < line.size() && is_blank(line[at]))
			at++;
		if (at == line.size())
			break;

		const size_t key_at = at;

		while (at < line.size() && !is_blank(line[at]) && line[at] != '=')
			at++;

		const std::string_view key{line.data() + key_at, at - key_at};
		size_t w = 0;

		while (w < words.size() && key != words[w].key)
			w++;
		if (w == words.size())
			return refuse_word(key_at, words);
		if (at == line.size() || line[at] != '=')
			return refuse(EINVAL, at, "a value is missing: %s=...", words[w].key);
		if (values[w].given)
			return refuse(EINVAL, key_at, "%s is given twice", words[w].key);

		const size_t value_at = ++at;

		while (at < line.size() && !is_blank(line[at]))
			at++;
		values[w] = {.text = {line.data() + value_at, at - value_at},
			     .column = value_at,
			     .given = true};
		if (const int error = parse_value(words[w], values[w]))
			return error;
	}
	for (size_t w = 0; w < words.size(); w++) {
		if (words[w].required && !values[w].given)
			return refuse(EINVAL, line.size(), "%s=... is missing", words[w].key);
	}
	return 0;
}

} // namespace stage2
