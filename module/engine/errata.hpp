// SPDX-License-Identifier: GPL-2.0-only
//
// What some CPUs get wrong, as far as it concerns a guest, by MIDR_EL1: here, and nowhere else. What the kernel
// itself works around, and tells (kernel_features), is not repeated. Documentation/engines.rst says what each costs.
#pragma once

#include "kernel/kernel.h"

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace stage2::engine::errata
{

enum Effect : uint8_t {
	no_dirty_state = 1, // of hardware: writes are noted by faults
	no_access_flag = 2, // nor that
	hcr_alone = 4, // a write to HCR_EL2 stands between DSB and ISB; that is always done
};

struct Erratum {
	const char *name;
	uint32_t model; // MIDR_EL1 without variant and revision
	uint8_t first, last; // variant and revision, 4 bits each
	uint8_t effects;
};

// How often a loop of branches has to run until a CPU's branch history is the kernel's own.
struct BranchHistory {
	uint32_t model;
	uint8_t rounds;
};

constexpr uint32_t model(uint32_t implementer, uint32_t part)
{
	return implementer << 24 | 0xf << 16 | part << 4;
}

inline constexpr uint32_t arm = 0x41, hisilicon = 0x48, qualcomm = 0x51, ampere = 0xc0;

// Linux: cpu_has_broken_dbm in arch/arm64/kernel/cpufeature.c; the AmpereOne's in cpu_errata.c.
inline constexpr Erratum table[] = {
	{"Cortex-A55:1024718", model(arm, 0xd05), 0x00, 0xff, no_dirty_state},
	{"Kryo4xx-Silver:1024718", model(qualcomm, 0x805), 0xde, 0xde, no_dirty_state},
	{"Cortex-A510:2051678", model(arm, 0xd46), 0x00, 0x02, no_dirty_state},
	{"AmpereOne:AC03_CPU_38", model(ampere, 0xac3), 0x00, 0xff,
	 no_dirty_state | no_access_flag},
	{"AmpereOne:AC04_CPU_10", model(ampere, 0xac4), 0x00, 0xff,
	 no_dirty_state | no_access_flag},
	{"AmpereOne:AC04_CPU_23", model(ampere, 0xac4), 0x00, 0xff, hcr_alone},
};

// Linux: spectre_bhb_loop_affected in arch/arm64/kernel/proton-pack.c.
inline constexpr BranchHistory branch_histories[] = {
	{model(arm, 0xd4e), 132}, // Cortex-X3
	{model(arm, 0xd4f), 132}, // Neoverse V2
	{model(arm, 0xd4d), 38}, // Cortex-A715
	{model(arm, 0xd81), 38}, // Cortex-A720
	{model(arm, 0xd41), 32}, // Cortex-A78
	{model(arm, 0xd42), 32}, // Cortex-A78AE
	{model(arm, 0xd4b), 32}, // Cortex-A78C
	{model(arm, 0xd44), 32}, // Cortex-X1
	{model(arm, 0xd4c), 32}, // Cortex-X1C
	{model(arm, 0xd47), 32}, // Cortex-A710
	{model(arm, 0xd48), 32}, // Cortex-X2
	{model(arm, 0xd49), 32}, // Neoverse N2
	{model(arm, 0xd40), 32}, // Neoverse V1
	{model(hisilicon, 0xd01), 32}, // TSV110
	{model(arm, 0xd0b), 24}, // Cortex-A76
	{model(arm, 0xd0e), 24}, // Cortex-A76AE
	{model(arm, 0xd0d), 24}, // Cortex-A77
	{model(arm, 0xd0c), 24}, // Neoverse N1
	{model(qualcomm, 0x804), 24}, // Kryo 4xx Gold
	{model(hisilicon, 0xd02), 24}, // HIP09
	{model(ampere, 0xac3), 11}, // AmpereOne
	{model(arm, 0xd08), 8}, // Cortex-A72
	{model(arm, 0xd07), 8}, // Cortex-A57
};

constexpr bool has(uint32_t midr, const Erratum &erratum)
{
	const uint32_t release = (midr >> 16 & 0xf0) | (midr & 0xf);

	return (midr & 0xff0f'fff0) == erratum.model && release >= erratum.first &&
	       release <= erratum.last;
}

constexpr unsigned effects(uint32_t midr)
{
	unsigned all = 0;

	for (const Erratum &erratum : table)
		all |= has(midr, erratum) ? erratum.effects : 0;
	return all;
}

constexpr unsigned branch_history_rounds(uint32_t midr)
{
	for (const BranchHistory &one : branch_histories) {
		if ((midr & 0xff0f'fff0) == one.model)
			return one.rounds;
	}
	return 0;
}

static_assert(effects(0x412f'd050) == no_dirty_state); // Cortex-A55 r2p0
static_assert(effects(0x51df'805e) == no_dirty_state && effects(0x51df'805f) == 0);
static_assert(effects(0x410f'd462) == no_dirty_state && effects(0x410f'd463) == 0);
static_assert(effects(0x411f'd460) == 0); // Cortex-A510 r1p0
static_assert(effects(0xc00f'ac40) == (no_dirty_state | no_access_flag | hcr_alone));
static_assert(effects(0x000f'0510) == 0); // QEMU's max
static_assert(branch_history_rounds(0x414f'd0b1) == 24 && branch_history_rounds(0x410f'd034) == 0);

// What the CPUs of this machine have that are online.
struct Found {
	uint64_t errata; // a bit for each of the table
	unsigned effects;
	unsigned branch_history_rounds; // the most that one needs

	bool of(size_t index) const
	{
		return errata >> index & 1;
	}
};

static_assert(std::size(table) <= 64);

Found find();

// What kernel_read_features tells, less what does not work.
void apply(const Found &found, kernel_features &features);

} // namespace stage2::engine::errata
