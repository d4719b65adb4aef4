// SPDX-License-Identifier: GPL-2.0-only
//
// Steps: every atomic access of the library is one. Before the one that is named, the hardware may act. Included
// ahead of everything in the program (kunit/host.mk), so that the library need not know.
#pragma once

namespace exhaust
{

struct Steps {
	static constexpr unsigned long never = ~0ul;

	unsigned long taken = 0;
	unsigned long act_before = never;
	void (*act)(void *context) = nullptr;
	void *context = nullptr;

	void step()
	{
		if (taken++ == act_before)
			act(context);
	}
};

inline Steps steps;

} // namespace exhaust

// A macro is not expanded again within itself.
#define __atomic_load_n(...) (exhaust::steps.step(), __atomic_load_n(__VA_ARGS__))
#define __atomic_store_n(...) (exhaust::steps.step(), __atomic_store_n(__VA_ARGS__))
#define __atomic_compare_exchange_n(...)                                                           \
	(exhaust::steps.step(), __atomic_compare_exchange_n(__VA_ARGS__))
#define __atomic_fetch_xor(...) (exhaust::steps.step(), __atomic_fetch_xor(__VA_ARGS__))
