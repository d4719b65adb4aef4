// SPDX-License-Identifier: GPL-2.0-only
//
// The home of the suites on the host: a native program in which GoogleTest runs them, with its
// usual options and with the compiler's sanitizers.
#include "home.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

// The memory a running test owns, each block exactly as long as asked for: what is beyond belongs
// to AddressSanitizer.
struct kunit {
	struct Free {
		void operator()(void *block) const
		{
			std::free(block);
		}
	};
	std::vector<std::unique_ptr<void, Free>> blocks;
};

namespace
{

unsigned long played;

class Body : public testing::Test {
    public:
	explicit Body(const test_case &body) : body_{body}
	{
	}

    private:
	void TestBody() override
	{
		kunit test;

		body_.run(&test);
	}

	const test_case &body_;
};

void register_suite(const test_suite &suite)
{
	for (size_t i = 0; i < suite.count; i++) {
		const test_case &body = suite.cases[i];

		testing::RegisterTest(suite.name, body.name, nullptr, nullptr, __FILE__, __LINE__,
				      [&body]() -> testing::Test * { return new Body{body}; });
	}
}

std::string show(const test_value &value)
{
	std::ostringstream text;

	switch (value.kind) {
	case test_value::TEST_VALUE_NUMBER:
		text << "0x" << std::hex << value.number;
		break;
	case test_value::TEST_VALUE_TEXT:
		text << '"' << std::string_view(value.text, value.text_size) << '"';
		break;
	case test_value::TEST_VALUE_OPAQUE:
		text << "(not printable)";
		break;
	}
	return text.str();
}

} // namespace

void test_fail(kunit *, const test_failure *failure)
{
	std::string values;

	if (failure->left)
		values = "\n  left:  " + show(*failure->left) +
			 "\n  right: " + show(*failure->right);
	ADD_FAILURE_AT(failure->file, failure->line) << "expected " << failure->expected << values;
}

void test_skip(kunit *, const char *why)
{
	GTEST_SKIP() << why;
}

// TEST_EFFORT=n in the environment: n times as many random operations.
unsigned int test_effort()
{
	const char *effort = std::getenv("TEST_EFFORT");

	return effort ? static_cast<unsigned int>(std::max(std::atoi(effort), 1)) : 1;
}

unsigned int test_moves(unsigned int moves)
{
	return moves * test_effort();
}

// TEST_GAME=n in the environment: game n of each test, to play again what failed.
long test_only_game()
{
	const char *game = std::getenv("TEST_GAME");

	return game ? std::strtol(game, nullptr, 0) : EVERY_GAME;
}

void test_remark(kunit *, const char *text, const unsigned long long *numbers, size_t count)
{
	std::cout << text << std::hex;
	for (size_t i = 0; i < count; i++)
		std::cout << " 0x" << numbers[i];
	std::cout << std::dec << std::endl;
}

void test_played(kunit *, unsigned long operations)
{
	played += operations;
}

void *test_scratch(kunit *test, size_t size, size_t align)
{
	void *block = nullptr;

	if (posix_memalign(&block, std::max(align, sizeof(void *)), size) != 0)
		return nullptr;
	std::memset(block, 0, size);
	test->blocks.emplace_back(block);
	return block;
}

// As in the kernel: no memory is an answer, not the end of the program.
extern "C" const char *__asan_default_options()
{
	return "allocator_may_return_null=1";
}

int main(int argc, char **argv)
{
	testing::InitGoogleTest(&argc, argv);
	for (size_t i = 0; i < suite_count; i++)
		if (all_suites[i])
			register_suite(*all_suites[i]);

	const int status = RUN_ALL_TESTS();

	if (played)
		std::cout << played << " operations played" << std::endl;
	return status;
}
