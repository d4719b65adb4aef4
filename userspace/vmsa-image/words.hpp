// SPDX-License-Identifier: GPL-2.0-only
//
// Lines of key=value words, and a complaint that shows where.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <stdexcept>
#include <string>

namespace vmsa_image
{

// A line that somebody wrote, and what to call it: "board.map:3".
struct Line {
	std::string place;
	std::string text;
};

// what() is all of it:
//
//   board.map:3: unknown word (known: va size pa prot attr max)
//       va=0x80000000 size=2M pa=0x40000000 prto=rw
//                                           ^
class Complaint : public std::runtime_error {
    public:
	Complaint(const Line &line, size_t column, const std::string &message);
};

class Words {
    public:
	// Throws a Complaint about a word that is not in `known`, has no value or is there twice.
	Words(Line line, std::initializer_list<const char *> known);

	bool has(const std::string &key) const
	{
		return values_.contains(key);
	}

	// These throw a Complaint when the word is missing or no such value. A number is 4096,
	// 0x1000 or 4K; a choice is one of the names, and its index is the answer.
	uint64_t number(const std::string &key) const;
	uint64_t number(const std::string &key, uint64_t when_missing) const;
	size_t choice(const std::string &key, std::initializer_list<const char *> names) const;
	size_t choice(const std::string &key, std::initializer_list<const char *> names,
		      size_t when_missing) const;

	// Under the word's value, or under the end of the line when it is not there.
	[[noreturn]] void complain(const std::string &key, const std::string &message) const;

    private:
	struct Value {
		std::string text;
		size_t column;
	};

	const Value &value(const std::string &key) const;

	Line line_;
	std::map<std::string, Value> values_;
};

} // namespace vmsa_image
