// SPDX-License-Identifier: GPL-2.0-only
#include "home.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

// The moves of before come with it, where it is a game: they are said after.
void test_fail(struct kunit *, const test_failure *failure)
{
	std::fprintf(stderr, "%s:%d: expected %s", failure->file, failure->line, failure->expected);
	for (const test_value *value : {failure->left, failure->right}) {
		if (value)
			std::fprintf(stderr, ", 0x%llx", value->number);
	}
	std::fputc('\n', stderr);
}

void test_skip(struct kunit *, const char *)
{
}

unsigned int test_effort()
{
	return 1;
}

long test_only_game()
{
	return EVERY_GAME;
}

void test_remark(struct kunit *, const char *text, const unsigned long long *numbers, size_t count)
{
	std::fputs(text, stderr);
	for (size_t i = 0; i < count; i++)
		std::fprintf(stderr, " 0x%llx", numbers[i]);
	std::fputc('\n', stderr);
}

void test_played(struct kunit *, unsigned long)
{
}

void *test_scratch(struct kunit *test, size_t size, size_t align)
{
	void *block = nullptr;

	if (posix_memalign(&block, std::max(align, sizeof(void *)), size) != 0)
		return nullptr;
	std::memset(block, 0, size);
	test->blocks.emplace_back(block);
	return block;
}
