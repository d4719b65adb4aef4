// SPDX-License-Identifier: GPL-2.0-only
//
// What escape.def says is mapped, and what is not.
#pragma once

#include "../guest.hpp"

namespace escape
{

using namespace guest;

inline constexpr uint64_t nowhere = 0x4000'0000;
inline constexpr uint64_t data = 0x9000'0000;
inline constexpr uint64_t device = 0x9100'0000;
inline constexpr uint64_t read_only = 0x9200'0000;
inline constexpr uint64_t ipa_end = uint64_t{1} << 36;

// A page of the image, for code and tables.
alignas(4096) inline uint64_t page[512];

inline void run(uint64_t address)
{
	reinterpret_cast<void (*)()>(address)();
}

} // namespace escape
