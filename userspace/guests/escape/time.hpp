// SPDX-License-Identifier: GPL-2.0-only
//
// Never ending.
#pragma once

#include "places.hpp"

namespace escape
{

[[noreturn]] inline void forever()
{
	for (;;)
		asm volatile("");
}

inline void loop()
{
	forever();
}

inline void loop_masked()
{
	asm volatile("msr daifset, #15");
	forever();
}

inline void wfi()
{
	for (;;)
		asm volatile("wfi");
}

inline void wfe()
{
	for (;;)
		asm volatile("wfe");
}

inline void yield_forever()
{
	for (;;)
		call(STAGE2_HVC_YIELD);
}

} // namespace escape
