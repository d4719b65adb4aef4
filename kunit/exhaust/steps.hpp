// SPDX-License-Identifier: GPL-2.0-only
//
// Steps: every atomic access of the library is one. Before the one that is named, the hardware may act; before each,
// a judge may look. Included ahead of everything in the program (kunit/host.mk), so that the library need not know.
#pragma once

namespace exhaust
{

struct Steps {
	static constexpr unsigned long never = ~0ul;

	unsigned long taken = 0;
	unsigned long act_before = never;
	void (*act)(void *context) = nullptr;
	void *context = nullptr;
	void (*look)(void *context,
		     const volatile void *word) = nullptr; // `word`: what is accessed next
	unsigned long atomics = 0; // accesses that read and write

	void atomic(const volatile void *word)
	{
		atomics++;
		step(word);
	}

	void step(const volatile void *word)
	{
		if (taken++ == act_before)
			act(context);
		if (look)
			look(context, word);
	}
};

inline Steps steps;

} // namespace exhaust

// A macro is not expanded again within itself.
#define __atomic_load_n(word, ...) (exhaust::steps.step(word), __atomic_load_n(word, __VA_ARGS__))
#define __atomic_store_n(word, ...) (exhaust::steps.step(word), __atomic_store_n(word, __VA_ARGS__))
#define __atomic_compare_exchange_n(word, ...)                                                     \
	(exhaust::steps.atomic(word), __atomic_compare_exchange_n(word, __VA_ARGS__))
#define __atomic_exchange_n(word, ...)                                                             \
	(exhaust::steps.atomic(word), __atomic_exchange_n(word, __VA_ARGS__))
#define __atomic_fetch_add(word, ...)                                                              \
	(exhaust::steps.atomic(word), __atomic_fetch_add(word, __VA_ARGS__))
#define __atomic_fetch_and(word, ...)                                                              \
	(exhaust::steps.atomic(word), __atomic_fetch_and(word, __VA_ARGS__))
#define __atomic_fetch_or(word, ...)                                                               \
	(exhaust::steps.atomic(word), __atomic_fetch_or(word, __VA_ARGS__))
#define __atomic_fetch_xor(word, ...)                                                              \
	(exhaust::steps.atomic(word), __atomic_fetch_xor(word, __VA_ARGS__))
