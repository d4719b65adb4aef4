// SPDX-License-Identifier: GPL-2.0-only
#include "request.hpp"

#include "error_log.hpp"

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

constexpr unsigned shift_of(char suffix)
{
	switch (suffix) {
	case 'k':
	case 'K':
		return 10;
	case 'm':
	case 'M':
		return 20;
	case 'g':
	case 'G':
		return 30;
	case 't':
	case 'T':
		return 40;
	default:
		return 0;
	}
}

// A digit of base 10 or 16, or 255.
constexpr unsigned digit_of(char c, unsigned base)
{
	unsigned digit = 255;

	if (c >= '0' && c <= '9')
		digit = static_cast<unsigned>(c - '0');
	else if (c >= 'a' && c <= 'f')
		digit = static_cast<unsigned>(c - 'a') + 10;
	else if (c >= 'A' && c <= 'F')
		digit = static_cast<unsigned>(c - 'A') + 10;
	return digit < base ? digit : 255;
}

// " none r rw": the names, for a message. Cut short rather than overrun.
class Names {
    public:
	void add(const char *name)
	{
		used_ += static_cast<size_t>(
			kernel_format(text_ + used_, sizeof(text_) - used_, " %s", name));
	}
	const char *text() const
	{
		return text_;
	}

    private:
	char text_[96] = "";
	size_t used_ = 0;
};

Names names_of(auto list, auto name)
{
	Names names;

	for (const auto &entry : list)
		names.add(entry.*name);
	return names;
}

} // namespace

int Request::refuse(int error, size_t column, const char *format, ...) const
{
	char message[200];
	va_list args;

	va_start(args, format);
	kernel_format_args(message, sizeof(message), format, &args);
	va_end(args);
	error_log::add(file_, message, text_, column);
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
	std::string_view rest = value.text;
	size_t column = value.column;
	const unsigned base = rest.starts_with("0x") || rest.starts_with("0X") ? 16 : 10;

	if (rest.empty())
		return refuse(EINVAL, column, "a number is missing");
	if (rest[0] == '-')
		return refuse(EINVAL, column, "a number cannot be negative");
	if (base == 16) {
		rest.remove_prefix(2);
		column += 2;
	}

	size_t digits = 0;

	value.number = 0;
	for (; digits < rest.size() && digit_of(rest[digits], base) != 255; digits++) {
		const unsigned digit = digit_of(rest[digits], base);

		if (__builtin_mul_overflow(value.number, base, &value.number) ||
		    __builtin_add_overflow(value.number, digit, &value.number))
			return refuse(ERANGE, value.column, "the number does not fit in 64 bits");
	}
	if (digits == 0)
		return refuse(EINVAL, column, "not a number (write 4096, 0x1000 or 4K)");
	if (digits == rest.size())
		return 0;

	const unsigned shift = shift_of(rest[digits]);

	if (!shift || digits + 1 != rest.size())
		return refuse(EINVAL, column + digits,
			      "junk after a number (a suffix is K, M, G or T)");
	if (value.number << shift >> shift != value.number)
		return refuse(ERANGE, value.column, "the number does not fit in 64 bits");
	value.number <<= shift;
	return 0;
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
		if (value.text == symbol.name) {
			value.number = symbol.value;
			return 0;
		}
	}
	return refuse(EINVAL, value.column, "unknown value for %s (known:%s)", word.key,
		      names_of(word.symbols, &Symbol::name).text());
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
			return refuse(EINVAL, key_at, "unknown word (known:%s)",
				      names_of(words, &Word::key).text());
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
