// SPDX-License-Identifier: MIT OR Apache-2.0
//
// What a leaf says about its memory: type, shareability, permissions. Each stage has its own type, so a bit of the
// wrong stage cannot be written.
#pragma once

#include <cstdint>

namespace vmsa
{

// Arm ARM D8.6: Device types from the strictest to the laxest, then Normal. At stage 1 the number
// is also the index into MAIR (registers.hpp builds the one that says so).
enum class MemoryType : uint8_t {
	device_nGnRnE,
	device_nGnRE,
	device_nGRE,
	device_GRE,
	normal_nc, // Non-cacheable
	normal_wt, // Write-Through
	normal, // Write-Back
	normal_tagged, // Write-Back with allocation tags (FEAT_MTE2): at stage 1
};

// Is it one of the four Device types?
constexpr bool is_device(MemoryType type)
{
	return type <= MemoryType::device_GRE;
}

// SH, by its encoding (Arm ARM D8.6.2).
enum class Shareability : uint8_t { none = 0, outer = 2, inner = 3 };

// 0b01 is reserved.
constexpr bool is_encoding(Shareability s)
{
	return s == Shareability::none || s == Shareability::outer || s == Shareability::inner;
}

// Who may execute. The two middle ones need FEAT_XNX.
enum class Execute : uint8_t { all, el0_only, none, el1_only };

// Stage 1 memory is always readable at the privileged level. `el0` opens it to EL0, where the
// regime has one: for reading, and for writing where `write` is set. What EL0 may write, the privileged
// level may not execute.
struct Stage1Access {
	bool read = true; // must be true: the privileged level can always read
	bool write = false; // by the privileged level, and by EL0 if `el0` is set
	bool execute = false; // by the privileged level
	bool el0 = false; // EL0 may read, and write if `write` is set
	bool el0_execute = false; // by EL0

	constexpr bool operator==(const Stage1Access &) const = default;
};

// Of stage 2, and the words for the privileged level of stage 1: `map(region, normal | rx)`,
// `protect(region, rx)`.
struct Access {
	bool read = false; // S2AP[0]
	bool write = false; // S2AP[1]
	Execute execute = Execute::none; // XN

	constexpr bool operator==(const Access &) const = default;

	// The same for stage 1: EL0 may neither read nor write.
	constexpr operator Stage1Access() const
	{
		return {.read = read,
			.write = write,
			.execute = execute == Execute::all || execute == Execute::el1_only,
			.el0_execute = execute == Execute::el0_only};
	}
};

inline constexpr Access no_access{}; // nothing
inline constexpr Access r{true, false, Execute::none}; // read
inline constexpr Access w{false, true, Execute::none}; // write, at stage 2 only
inline constexpr Access rw{true, true, Execute::none}; // read and write
inline constexpr Access rx{true, false, Execute::all}; // read and execute
inline constexpr Access rwx{true, true, Execute::all}; // all of it

// What a stage 2 leaf says. Format::check refuses what contradicts itself.
struct Stage2Attributes {
	MemoryType memory = MemoryType::normal; // MemAttr; not normal_tagged
	Access access = {}; // S2AP and XN
	Shareability shareability = Shareability::inner; // SH; with LPA2 only inner
	bool accessed = true; // AF: when clear, the first access faults (or sets it,
		// with VTCR.HA)
	bool dbm = false; // hardware may set the write permission (VTCR.HD): writable-clean
	bool contiguous = false; // the hint; written to whole groups only
	uint8_t software = 0; // bits [58:56], ignored by hardware
	bool non_secure = false; // NS: of a Realm's stage 2, the output is Non-secure (FEAT_RME)
	bool no_tags = false; // NoTagAccess: to use allocation tags faults (FEAT_MTE_PERM)

	constexpr bool operator==(const Stage2Attributes &) const = default;
};

inline constexpr Stage1Access user_r{.el0 = true}; // EL0 may read
inline constexpr Stage1Access user_rw{.write = true, .el0 = true}; // EL0 may read and write
inline constexpr Stage1Access user_rx{.el0 = true, .el0_execute = true}; // EL0 may read and execute

// AttrIndx is the number of the MemoryType.
inline constexpr uint8_t index_of_type = 0xff;

// What a stage 1 leaf says. Format::check refuses what contradicts itself.
struct Stage1Attributes {
	MemoryType memory = MemoryType::normal; // AttrIndx, unless `index` is set
	Stage1Access access = {}; // AP, UXN and PXN
	Shareability shareability = Shareability::inner; // SH; with LPA2 only inner
	bool accessed = true; // AF: when clear, the first access faults (or sets it, with TCR.HA)
	bool global = true; // nG clear: valid for every ASID
	bool non_secure =
		false; // NS: the output is Non-secure (EL3, Secure EL1 and EL2, Realm EL2)
	bool guarded = false; // GP: branches must land on BTI
	bool dbm = false; // hardware may clear AP[2] (TCR.HD)
	bool contiguous = false; // the hint; written to whole groups only
	uint8_t software = 0; // bits [58:55], ignored by hardware
	uint8_t index = index_of_type; // AttrIndx, where MAIR is not ours (mair.hpp)
	bool nse = false; // NSE: at EL3 the output is Root's or, with NS, a Realm's (FEAT_RME)

	constexpr bool operator==(const Stage1Attributes &) const = default;
};

// `normal | rw`, `device | r`: one line says what a mapping is, at either stage.
struct MemoryAndAccess {
	MemoryType memory; // the type
	Access access; // the permissions

	// As attributes of stage 2; all else is the default.
	constexpr operator Stage2Attributes() const
	{
		return {.memory = memory, .access = access};
	}
	// As attributes of stage 1; all else is the default.
	constexpr operator Stage1Attributes() const
	{
		return {.memory = memory, .access = access};
	}
};

// `normal | rw`, for either stage.
constexpr MemoryAndAccess operator|(MemoryType memory, Access access)
{
	return {memory, access};
}

// `normal | user_rw`, for stage 1.
constexpr Stage1Attributes operator|(MemoryType memory, Stage1Access access)
{
	return {.memory = memory, .access = access};
}

inline constexpr MemoryType normal = MemoryType::normal; // Normal, Write-Back
inline constexpr MemoryType tagged = MemoryType::normal_tagged; // with allocation tags
inline constexpr MemoryType nc = MemoryType::normal_nc; // Normal, Non-cacheable
inline constexpr MemoryType device = MemoryType::device_nGnRE; // Device-nGnRE

} // namespace vmsa
