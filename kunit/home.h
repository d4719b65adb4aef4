/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a test body and its home know of each other.
 *
 * A body is written once, in C++ (suite.hpp), and has two homes that run it: KUnit in a kernel
 * (kernel.c) and GoogleTest on the host (host.cpp). A home finds the suites as data, and offers
 * the bodies a few functions.
 */
#ifndef KUNIT_HOME_H
#define KUNIT_HOME_H

#ifdef __cplusplus
#include <cstddef>
extern "C" {
#else
#include <linux/types.h>
#endif

/* The running test. In the kernel it is KUnit's own, on the host it is ours. */
struct kunit;

struct test_case {
	const char *name;
	void (*run)(struct kunit *test);
};

struct test_suite {
	const char *name;
	const struct test_case *cases;
	size_t count;
};

extern const struct test_suite *const all_suites[];
extern const size_t suite_count;

/* One side of a comparison, as far as it can be shown. */
struct test_value {
	enum { TEST_VALUE_OPAQUE, TEST_VALUE_NUMBER, TEST_VALUE_TEXT } kind;
	unsigned long long number;
	const char *text; /* not terminated, text_size characters */
	int text_size;
};

struct test_failure {
	const char *file;
	int line;
	const char *expected; /* the expression, as written */
	const struct test_value *left; /* both null unless two values were compared */
	const struct test_value *right;
};

void test_fail(struct kunit *test, const struct test_failure *failure);

/* The test counts as skipped, unless it failed. It goes on until it returns. */
void test_skip(struct kunit *test, const char *why);

/* Zeroed, `align` is a power of two, the home frees it when the test is over. May be null. */
void *test_scratch(struct kunit *test, size_t size, size_t align);

/*
 * Runs a function on another CPU meanwhile, in a kernel only. NULL where there is no other;
 * test_join returns when the function has.
 */
struct test_thread;
struct test_thread *test_beside(struct kunit *test, void (*run)(void *of), void *of);
void test_join(struct test_thread *thread);

/* How many times as long as need be the random tests go on: 1, unless the home has time. */
unsigned int test_effort(void);

/* How many random moves a game has that wants so many: test_effort() times as many, or less. */
unsigned int test_moves(unsigned int moves);

/* The only long game to be played, by its number, unless the home wants all of them. */
#define EVERY_GAME (-1L)
long test_only_game(void);

/* How many random operations a test has had, for the record. */
void test_played(struct kunit *test, unsigned long operations);

/* A line for who looks into a failure: a text, and numbers in hexadecimal. */
void test_remark(struct kunit *test, const char *text, const unsigned long long *numbers,
		 size_t count);

#ifdef __cplusplus
}
#endif

#endif /* KUNIT_HOME_H */
