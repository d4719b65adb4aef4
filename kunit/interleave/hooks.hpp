// SPDX-License-Identifier: GPL-2.0-only
//
// Included ahead of everything in the program (kunit/host.mk), so that the library need not know: before each of its
// atomic accesses another thread may go on, and what an access found decides what the thread does next.
#pragma once

namespace interleave
{

struct Hooks {
	void (*before)(void *self, const volatile void *where) = nullptr;
	void (*after)(void *self, const volatile void *where, unsigned long found) = nullptr;
	void *self = nullptr; // null: nobody listens
};

inline Hooks hooks;

// What an exchange found that was done: no descriptor.
inline constexpr unsigned long stored = ~0ul;

inline void before(const volatile void *where)
{
	if (hooks.self)
		hooks.before(hooks.self, where);
}

template <class T> T after(const volatile void *where, T found)
{
	if (hooks.self)
		hooks.after(hooks.self, where, (unsigned long)found);
	return found;
}

template <class T> bool exchanged(const volatile void *where, const volatile T *expected, bool done)
{
	if (hooks.self)
		hooks.after(hooks.self, where, done ? stored : (unsigned long)*expected);
	return done;
}

} // namespace interleave

// A macro is not expanded again within itself.
#define __atomic_load_n(p, order)                                                                  \
	(interleave::before(p), interleave::after(p, __atomic_load_n(p, order)))
#define __atomic_store_n(p, value, order)                                                          \
	(interleave::before(p), __atomic_store_n(p, value, order), (void)interleave::after(p, 0ul))
#define __atomic_compare_exchange_n(p, expected, ...)                                              \
	(interleave::before(p),                                                                    \
	 interleave::exchanged(p, expected,                                                        \
			       __atomic_compare_exchange_n(p, expected, __VA_ARGS__)))
#define __atomic_fetch_xor(p, bits, order)                                                         \
	(interleave::before(p), interleave::after(p, __atomic_fetch_xor(p, bits, order)))
