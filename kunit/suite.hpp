// SPDX-License-Identifier: GPL-2.0-only
//
// How a test is written: once, in freestanding C++, for both homes (home.h).
//
//	#include "suite.hpp"
//
//	TEST(doubles)
//	{
//		auto table = scratch<uint64_t>(test, 512, 4096);
//		ASSERT(!table.empty());			// returns when it does not hold
//		EXPECT(is_double(table));		// goes on
//		EXPECT_EQ(twice(table[0]), 2);		// shows both values
//		if (!has_feature())
//			SKIP("no FEAT_X here");		// returns; counted as skipped
//	}
//
//	SUITE(arithmetic, doubles, ...);		// and a line in suites.def
//
// A test missing in SUITE is an unused function, a suite missing in suites.def is not declared: the
// compiler tells. `test` is the running test: hand it to helpers that expect something. The stack is
// the kernel's, 16 KiB: whatever is large comes from scratch(). In a long loop prefer ASSERT, the
// console is slow.
#pragma once

#include "home.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace kunit_detail
{

template <class T>
concept HasRaw = requires(const T &value)
{
	value.raw();
};
template <class T>
concept Text = std::is_convertible_v<const T &, std::string_view> && !std::is_null_pointer_v<T>;

// Integers, enumerations and pointers are shown in hexadecimal, and so is what has a raw().
template <class T> constexpr test_value show(const T &value)
{
	test_value shown{};

	if constexpr (HasRaw<T>) {
		return show(value.raw());
	} else if constexpr (Text<T>) {
		std::string_view text{value};
		shown.kind = test_value::TEST_VALUE_TEXT;
		shown.text = text.data();
		shown.text_size = static_cast<int>(text.size());
	} else if constexpr (std::is_pointer_v<T> || std::is_null_pointer_v<T>) {
		shown.kind = test_value::TEST_VALUE_NUMBER;
		shown.number = reinterpret_cast<uintptr_t>(value);
	} else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
		shown.kind = test_value::TEST_VALUE_NUMBER;
		shown.number = static_cast<unsigned long long>(value);
	}
	return shown;
}

// Numbers are compared as numbers, whatever their types, and text as text.
template <class L, class R> constexpr bool equal(const L &left, const R &right)
{
	if constexpr (std::is_integral_v<L> && std::is_integral_v<R>)
		return std::cmp_equal(+left, +right);
	else if constexpr (Text<L> && Text<R>)
		return std::string_view{left} == std::string_view{right};
	else
		return left == right;
}

inline bool expect(struct kunit *test, bool holds, test_failure failure)
{
	if (!holds)
		test_fail(test, &failure);
	return holds;
}

// Apart, so that a test's stack frame does not grow with each thing it expects.
template <class L, class R>
[[gnu::noinline]] void fail_unequal(struct kunit *test, const L &left, const R &right,
				    test_failure failure)
{
	const test_value shown[] = {show(left), show(right)};

	failure.left = &shown[0];
	failure.right = &shown[1];
	test_fail(test, &failure);
}

template <class L, class R>
bool expect_equal(struct kunit *test, const L &left, const R &right, test_failure failure)
{
	bool same = equal(left, right);

	if (!same)
		fail_unequal(test, left, right, failure);
	return same;
}

} // namespace kunit_detail

// `count` zeroed objects that live as long as the test; empty when there is no memory.
template <class T> std::span<T> scratch(struct kunit *test, size_t count, size_t align = alignof(T))
{
	static_assert(std::is_trivial_v<T>, "scratch memory is zeroed, no constructor runs");
	void *block = test_scratch(test, count * sizeof(T), align);

	return {static_cast<T *>(block), block ? count : 0};
}

#define KUNIT_FAILURE_HERE(expected) (test_failure{__FILE__, __LINE__, expected, nullptr, nullptr})

#define EXPECT(...)                                                                                \
	kunit_detail::expect(test, static_cast<bool>(__VA_ARGS__), KUNIT_FAILURE_HERE(#__VA_ARGS__))

#define EXPECT_EQ(left, right)                                                                     \
	kunit_detail::expect_equal(test, left, right, KUNIT_FAILURE_HERE(#left " == " #right))

#define ASSERT(...)                                                                                \
	do {                                                                                       \
		if (!EXPECT(__VA_ARGS__))                                                          \
			return;                                                                    \
	} while (0)

#define ASSERT_EQ(left, right)                                                                     \
	do {                                                                                       \
		if (!EXPECT_EQ(left, right))                                                       \
			return;                                                                    \
	} while (0)

#define SKIP(why)                                                                                  \
	do {                                                                                       \
		test_skip(test, why);                                                              \
		return;                                                                            \
	} while (0)

#define TEST(name) static void name##_test([[maybe_unused]] struct kunit *test)

// A program of its own has its own list.
#ifndef SUITES_DEF
#define SUITES_DEF "suites.def"
#endif

extern "C" {
#define X(name) extern const test_suite name##_suite;
#include SUITES_DEF
#undef X
}

// KUNIT_CASES(a, b, c) is {"a", a_test}, {"b", b_test}, {"c", c_test},
#define KUNIT_PARENS ()
#define KUNIT_EXPAND(...) KUNIT_EXPAND4(KUNIT_EXPAND4(KUNIT_EXPAND4(KUNIT_EXPAND4(__VA_ARGS__))))
#define KUNIT_EXPAND4(...) KUNIT_EXPAND3(KUNIT_EXPAND3(KUNIT_EXPAND3(KUNIT_EXPAND3(__VA_ARGS__))))
#define KUNIT_EXPAND3(...) KUNIT_EXPAND2(KUNIT_EXPAND2(KUNIT_EXPAND2(KUNIT_EXPAND2(__VA_ARGS__))))
#define KUNIT_EXPAND2(...) KUNIT_EXPAND1(KUNIT_EXPAND1(KUNIT_EXPAND1(KUNIT_EXPAND1(__VA_ARGS__))))
#define KUNIT_EXPAND1(...) __VA_ARGS__
#define KUNIT_CASES(...) KUNIT_EXPAND(KUNIT_CASE_AND_REST(__VA_ARGS__))
#define KUNIT_CASE_AND_REST(name, ...)                                                             \
	{#name, name##_test}, __VA_OPT__(KUNIT_CASES_AGAIN KUNIT_PARENS(__VA_ARGS__))
#define KUNIT_CASES_AGAIN() KUNIT_CASE_AND_REST

#define SUITE(name, ...)                                                                           \
	static constexpr test_case name##_cases[] = {KUNIT_CASES(__VA_ARGS__)};                    \
	extern "C" {                                                                               \
	extern const decltype(::name##_suite) name##_suite;                                        \
	constexpr test_suite name##_suite = {#name, name##_cases, std::size(name##_cases)};        \
	}
