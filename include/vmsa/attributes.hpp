// SPDX-License-Identifier: MIT OR Apache-2.0
//
// What a leaf says about its memory: type, shareability, permissions. One type per descriptor
// layout, so that a bit of the wrong stage cannot be written.
#pragma once

#include <cstdint>

namespace vmsa
{

// Arm ARM D8.6: Device types from the strictest to the laxest, then Normal.
enum class MemoryType : uint8_t {
	device_nGnRnE,
	device_nGnRE,
	device_nGRE,
	device_GRE,
	normal_nc, // Non-cacheable
	normal_wt, // Write-Through
	normal,	   // Write-Back
};

constexpr bool is_device(MemoryType type)
{
	return type <= MemoryType::device_GRE;
}

enum class Shareability : uint8_t { none = 0, outer = 2, inner = 3 };

// Who may execute. The two middle ones need FEAT_XNX.
enum class Execute : uint8_t { all, el0_only, none, el1_only };

struct Access {
	bool read = false;
	bool write = false;
	Execute execute = Execute::none;

	constexpr bool operator==(const Access &) const = default;
};

inline constexpr Access no_access{};
inline constexpr Access r{true, false, Execute::none};
inline constexpr Access w{false, true, Execute::none};
inline constexpr Access rw{true, true, Execute::none};
inline constexpr Access rx{true, false, Execute::all};
inline constexpr Access rwx{true, true, Execute::all};

struct Stage2Attributes {
	MemoryType memory = MemoryType::normal;
	Access access = {};
	Shareability shareability = Shareability::inner;
	bool accessed = true; // AF: when clear, the first access faults (or sets it, with VTCR.HA)
	bool contiguous = false;
	uint8_t software = 0; // bits [58:56], ignored by hardware

	constexpr bool operator==(const Stage2Attributes &) const = default;
};

// `normal | rw`, `device | r`: one line says what a mapping is.
constexpr Stage2Attributes operator|(MemoryType memory, Access access)
{
	return {.memory = memory, .access = access};
}

inline constexpr MemoryType normal = MemoryType::normal;
inline constexpr MemoryType nc = MemoryType::normal_nc;
inline constexpr MemoryType device = MemoryType::device_nGnRE;

} // namespace vmsa
