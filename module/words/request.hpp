// SPDX-License-Identifier: GPL-2.0-only
//
// A request: one line of key=value words, checked word by word. What is wrong is said in
// error_log, with a caret under the word.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace stage2
{

// A word that stands for a number: prot=rw. One that is a size may be written as any number.
struct Symbol {
	const char *name;
	uint64_t value;
};

struct Word {
	enum class Kind : uint8_t { number, symbol, name };

	const char *key;
	Kind kind;
	bool required;
	std::span<const Symbol> symbols = {};
};

struct Value {
	uint64_t number = 0; // of a number or a symbol
	std::string_view text; // as written
	size_t column = 0; // of the text, in the line
	bool given = false;
};

class Request {
    public:
	// `file` names the file as a user sees it: "guests/demo/map". Both outlive the request.
	Request(const char *file, std::string_view text) : file_{file}, text_{text}
	{
	}

	// Fills one Value per Word. 0, or what refuse() returned.
	int parse(std::span<const Word> words, std::span<Value> values) const;

	// The whole line is one number: 0x80000000, 4096, 2M (stage2/numbers.hpp).
	int parse_number(Value &value) const;

	// The whole line is that word.
	bool is(std::string_view word) const;

	// Logs why, and returns -error.
	[[gnu::format(printf, 4, 5)]] int refuse(int error, size_t column, const char *format,
						 ...) const;

	std::string_view text() const
	{
		return text_;
	}

    private:
	std::string_view line() const;
	int parse_value(const Word &word, Value &value) const;
	int number(Value &value) const;
	int refuse_word(size_t column, std::span<const Word> words) const;

	const char *file_;
	std::string_view text_;
};

} // namespace stage2
