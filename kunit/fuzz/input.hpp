// SPDX-License-Identifier: GPL-2.0-only
//
// What a target shares with others: a way to read an input, and to say what should have been.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>

namespace fuzz
{

// libFuzzer keeps the input, and a debugger stops here.
inline void require(bool holds, const char *what)
{
	if (holds)
		return;
	std::fprintf(stderr, "%s\n", what);
	std::abort();
}

// Choices, from the front of an input; what is left is for who wants bytes. After the end all is 0.
class Input {
    public:
	Input(const uint8_t *data, size_t size) : rest_{data, size}
	{
	}

	bool is_over() const
	{
		return rest_.empty();
	}
	std::span<const uint8_t> rest() const
	{
		return rest_;
	}

	// Of as many bytes as it has.
	template <class T> T number()
	{
		T value{};
		const size_t n = rest_.size() < sizeof(T) ? rest_.size() : sizeof(T);

		if (n)
			std::memcpy(&value, rest_.data(), n);
		rest_ = rest_.subspan(n);
		return value;
	}
	// 0..limit-1, of at most 256.
	size_t below(size_t limit)
	{
		return number<uint8_t>() % limit;
	}
	template <class T, size_t N> const T &one_of(const T (&list)[N])
	{
		return list[below(N)];
	}

	// To the end of the line, without it.
	std::string_view line()
	{
		const std::string_view text{reinterpret_cast<const char *>(rest_.data()),
					    rest_.size()};
		const std::string_view line = text.substr(0, text.find('\n'));

		rest_ = rest_.subspan(line.size() < text.size() ? line.size() + 1 : text.size());
		return line;
	}

    private:
	std::span<const uint8_t> rest_;
};

} // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
