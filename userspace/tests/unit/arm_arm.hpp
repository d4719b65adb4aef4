// SPDX-License-Identifier: GPL-2.0-only
//
// What the Arm ARM (DDI 0487) says, written down apart from the code that decodes it, to judge that code by.
// Each table names the register or the heading it is from.
#pragma once

#include <cstdint>

namespace arm_arm
{

// Who may report a fault status code.
enum : unsigned {
	fetch = 1, // IFSC: EC 0x20, 0x21
	data = 2, // DFSC: EC 0x24, 0x25
	both = fetch | data,
};

struct Status {
	unsigned code;
	unsigned who;
	const char *says;
};

// ESR_EL2, "ISS encoding for an exception from a Data Abort", DFSC; "... from an Instruction Abort",
// IFSC. What is not here is reserved.
inline constexpr Status statuses[] = {
	{0b000000, both, "Address size fault, level 0"},
	{0b000001, both, "Address size fault, level 1"},
	{0b000010, both, "Address size fault, level 2"},
	{0b000011, both, "Address size fault, level 3"},
	{0b000100, both, "Translation fault, level 0"},
	{0b000101, both, "Translation fault, level 1"},
	{0b000110, both, "Translation fault, level 2"},
	{0b000111, both, "Translation fault, level 3"},
	{0b001000, both, "Access flag fault, level 0"}, // FEAT_LPA2
	{0b001001, both, "Access flag fault, level 1"},
	{0b001010, both, "Access flag fault, level 2"},
	{0b001011, both, "Access flag fault, level 3"},
	{0b001100, both, "Permission fault, level 0"}, // FEAT_LPA2
	{0b001101, both, "Permission fault, level 1"},
	{0b001110, both, "Permission fault, level 2"},
	{0b001111, both, "Permission fault, level 3"},
	{0b010000, both, "Synchronous External abort"},
	{0b010001, data, "Tag Check fault"}, // FEAT_MTE2
	{0b010010, both, "Synchronous External abort on a walk, level -2"}, // FEAT_D128
	{0b010011, both, "Synchronous External abort on a walk, level -1"}, // FEAT_LPA2
	{0b010100, both, "Synchronous External abort on a walk, level 0"},
	{0b010101, both, "Synchronous External abort on a walk, level 1"},
	{0b010110, both, "Synchronous External abort on a walk, level 2"},
	{0b010111, both, "Synchronous External abort on a walk, level 3"},
	{0b011000, both, "parity or ECC error"}, // not with FEAT_RAS
	{0b011011, both, "parity or ECC error on a walk, level -1"},
	{0b011100, both, "parity or ECC error on a walk, level 0"},
	{0b011101, both, "parity or ECC error on a walk, level 1"},
	{0b011110, both, "parity or ECC error on a walk, level 2"},
	{0b011111, both, "parity or ECC error on a walk, level 3"},
	{0b100001, data, "Alignment fault"},
	{0b100010, both, "Granule Protection fault on a walk, level -2"}, // FEAT_RME, FEAT_D128
	{0b100011, both, "Granule Protection fault on a walk, level -1"},
	{0b100100, both, "Granule Protection fault on a walk, level 0"},
	{0b100101, both, "Granule Protection fault on a walk, level 1"},
	{0b100110, both, "Granule Protection fault on a walk, level 2"},
	{0b100111, both, "Granule Protection fault on a walk, level 3"},
	{0b101000, both, "Granule Protection fault"},
	{0b101001, both, "Address size fault, level -1"}, // FEAT_LPA2
	{0b101010, both, "Translation fault, level -2"}, // FEAT_D128
	{0b101011, both, "Translation fault, level -1"},
	{0b101100, both, "Address size fault, level -2"},
	{0b110000, both, "TLB conflict abort"},
	{0b110001, both, "unsupported atomic update by hardware"}, // FEAT_HAFDBS
	{0b110100, data, "IMPLEMENTATION DEFINED fault (lockdown)"},
	{0b110101, data, "IMPLEMENTATION DEFINED fault (unsupported exclusive or atomic access)"},
};

// ESR_EL2.EC: those there are, and a word that names each; "reserved" for the rest.
struct Class {
	unsigned ec;
	const char *word;
};
inline constexpr Class classes[] = {
	{0x00, "unknown"},   {0x01, "WF"},	{0x03, "MCR"},	   {0x04, "MCRR"},
	{0x05, "MCR"},	     {0x06, "LDC"},	{0x07, "SVE"},	   {0x08, "VMRS"},
	{0x09, "pointer"},   {0x0a, "LD64B"},	{0x0c, "MRRC"},	   {0x0d, "Branch Target"},
	{0x0e, "illegal"},   {0x11, "SVC"},	{0x12, "HVC"},	   {0x13, "SMC"},
	{0x14, "MSRR"},	     {0x15, "SVC"},	{0x16, "HVC"},	   {0x17, "SMC"},
	{0x18, "MSR"},	     {0x19, "SVE"},	{0x1a, "ERET"},	   {0x1b, "TSTART"},
	{0x1c, "failed"},    {0x1d, "SME"},	{0x1e, "Granule"}, {0x1f, "EL3"},
	{0x20, "lower"},     {0x21, "this"},	{0x22, "PC"},	   {0x24, "lower"},
	{0x25, "this"},	     {0x26, "SP"},	{0x27, "memory"},  {0x28, "AArch32"},
	{0x2c, "AArch64"},   {0x2d, "Guarded"}, {0x2f, "SError"},  {0x30, "Breakpoint"},
	{0x31, "this"},	     {0x32, "Step"},	{0x33, "this"},	   {0x34, "Watchpoint"},
	{0x35, "this"},	     {0x38, "BKPT"},	{0x3a, "Vector"},  {0x3c, "BRK"},
	{0x3d, "profiling"},
};

// "ISS encoding for an SError exception": AET, which is there only with DFSC 0b010001.
inline constexpr const char *error_types[8] = {"uncontainable", "unrecoverable", "restartable",
					       "recoverable",	"reserved",	 "reserved",
					       "corrected",	"reserved"};

// Fields whose values are not all there: of each the values that are reserved, as a bit each.
struct Reserved {
	const char *reg;
	bool e2h;
	unsigned high, low;
	uint64_t values;
	uint64_t rest; // of the register
	const char *where;
};
inline constexpr uint64_t res1 = 1u << 31;
inline constexpr Reserved reserved[] = {
	{"vtcr_el2", false, 15, 14, 1 << 3, res1, "VTCR_EL2.TG0"},
	{"vtcr_el2", false, 13, 12, 1 << 1, res1, "VTCR_EL2.SH0"},
	{"vtcr_el2", false, 11, 10, 0, res1, "VTCR_EL2.ORGN0"},
	{"vtcr_el2", false, 9, 8, 0, res1, "VTCR_EL2.IRGN0"},
	{"tcr_el1", false, 15, 14, 1 << 3, 0, "TCR_EL1.TG0"},
	{"tcr_el1", false, 31, 30, 1 << 0, 0, "TCR_EL1.TG1"},
	{"tcr_el1", false, 13, 12, 1 << 1, 0, "TCR_EL1.SH0"},
	{"tcr_el1", false, 29, 28, 1 << 1, 0, "TCR_EL1.SH1"},
	{"tcr_el2", true, 31, 30, 1 << 0, 0, "TCR_EL2.TG1 with E2H"},
	{"tcr_el2", true, 29, 28, 1 << 1, 0, "TCR_EL2.SH1 with E2H"},
	{"tcr_el2", false, 15, 14, 1 << 3, 0, "TCR_EL2.TG0"},
	{"tcr_el2", false, 13, 12, 1 << 1, 0, "TCR_EL2.SH0"},
	{"tcr_el3", false, 15, 14, 1 << 3, 0, "TCR_EL3.TG0"},
	{"tcr_el3", false, 13, 12, 1 << 1, 0, "TCR_EL3.SH0"},
	{"hcr_el2", false, 11, 10, 0, 0, "HCR_EL2.BSU"},
	{"par_el1", false, 8, 7, 1 << 1, 0, "PAR_EL1.SH, F 0"},
	{"sctlr_el1", false, 41, 40, 0, 0, "SCTLR_EL1.TCF"},
	{"sctlr_el1", false, 39, 38, 0, 0, "SCTLR_EL1.TCF0"},
	// SPSR_EL2.M[4:0]: AArch64 has EL0t, EL1t, EL1h, EL2t, EL2h; AArch32 User, FIQ, IRQ,
	// Supervisor, Abort, Hyp, Undefined, System, of which Monitor is not for EL2.
	{"spsr_el2", false, 3, 0, 0xffff & ~(1u << 0 | 1u << 4 | 1u << 5 | 1u << 8 | 1u << 9), 0,
	 "SPSR_EL2.M, AArch64"},
	{"spsr_el2", false, 3, 0,
	 0xffff & ~(1u << 0 | 1u << 1 | 1u << 2 | 1u << 3 | 1u << 7 | 1u << 10 | 1u << 11 |
		    1u << 15),
	 0x10, "SPSR_EL2.M, AArch32"},
};

// Input sizes (TCR_ELx.TnSZ, VTCR_EL2.T0SZ; FEAT_TTST): TnSZ 16..48, and from 12 on with 52-bit addresses; with 64K
// pages to 47.
constexpr bool is_input_size(unsigned tsz, unsigned page_shift, bool wide)
{
	return tsz >= (wide ? 12u : 16u) && tsz <= (page_shift == 16 ? 47u : 48u);
}

// MAIR_ELx: what a byte is.
constexpr bool is_memory(unsigned byte)
{
	const unsigned outer = byte >> 4, inner = byte & 15;

	if (!outer) // Device, or Device with the XS attribute 0
		return !(inner & 2);
	// Non-cacheable and Write-Through without XS, Tagged, Tagged with NoTagAccess
	return inner || byte == 0x40 || byte == 0xa0 || byte == 0xf0 || byte == 0xe0;
}

// "The Contiguous bit": where Contiguous is RES0, by granule (4K, 16K, 64K) and level.
constexpr bool has_contiguous(unsigned page_shift, int level)
{
	return level >= (page_shift == 12 ? 1 : 2);
}

// "Stage 2 memory type and Cacheability attributes": MemAttr[3:0].
constexpr bool is_stage2_memory(unsigned bits, bool fwb)
{
	return fwb ? bits < 4 || (bits >= 5 && bits <= 7) : bits < 4 || (bits & 3);
}

struct Sysreg {
	unsigned op0, op1, crn, crm, op2;
	const char *name;
};
// "System register encodings": the ID registers of AArch64 and AArch32, and their virtual ones.
inline constexpr Sysreg id_registers[] = {
	{3, 0, 0, 0, 0, "MIDR_EL1"},	     {3, 0, 0, 0, 5, "MPIDR_EL1"},
	{3, 0, 0, 0, 6, "REVIDR_EL1"},	     {3, 0, 0, 1, 0, "ID_PFR0_EL1"},
	{3, 0, 0, 1, 1, "ID_PFR1_EL1"},	     {3, 0, 0, 1, 2, "ID_DFR0_EL1"},
	{3, 0, 0, 1, 3, "ID_AFR0_EL1"},	     {3, 0, 0, 1, 4, "ID_MMFR0_EL1"},
	{3, 0, 0, 1, 5, "ID_MMFR1_EL1"},     {3, 0, 0, 1, 6, "ID_MMFR2_EL1"},
	{3, 0, 0, 1, 7, "ID_MMFR3_EL1"},     {3, 0, 0, 2, 0, "ID_ISAR0_EL1"},
	{3, 0, 0, 2, 1, "ID_ISAR1_EL1"},     {3, 0, 0, 2, 2, "ID_ISAR2_EL1"},
	{3, 0, 0, 2, 3, "ID_ISAR3_EL1"},     {3, 0, 0, 2, 4, "ID_ISAR4_EL1"},
	{3, 0, 0, 2, 5, "ID_ISAR5_EL1"},     {3, 0, 0, 2, 6, "ID_MMFR4_EL1"},
	{3, 0, 0, 2, 7, "ID_ISAR6_EL1"},     {3, 0, 0, 3, 0, "MVFR0_EL1"},
	{3, 0, 0, 3, 1, "MVFR1_EL1"},	     {3, 0, 0, 3, 2, "MVFR2_EL1"},
	{3, 0, 0, 3, 4, "ID_PFR2_EL1"},	     {3, 0, 0, 3, 5, "ID_DFR1_EL1"},
	{3, 0, 0, 3, 6, "ID_MMFR5_EL1"},     {3, 0, 0, 4, 0, "ID_AA64PFR0_EL1"},
	{3, 0, 0, 4, 1, "ID_AA64PFR1_EL1"},  {3, 0, 0, 4, 2, "ID_AA64PFR2_EL1"},
	{3, 0, 0, 4, 4, "ID_AA64ZFR0_EL1"},  {3, 0, 0, 4, 5, "ID_AA64SMFR0_EL1"},
	{3, 0, 0, 4, 7, "ID_AA64FPFR0_EL1"}, {3, 0, 0, 5, 0, "ID_AA64DFR0_EL1"},
	{3, 0, 0, 5, 1, "ID_AA64DFR1_EL1"},  {3, 0, 0, 5, 2, "ID_AA64DFR2_EL1"},
	{3, 0, 0, 5, 4, "ID_AA64AFR0_EL1"},  {3, 0, 0, 5, 5, "ID_AA64AFR1_EL1"},
	{3, 0, 0, 6, 0, "ID_AA64ISAR0_EL1"}, {3, 0, 0, 6, 1, "ID_AA64ISAR1_EL1"},
	{3, 0, 0, 6, 2, "ID_AA64ISAR2_EL1"}, {3, 0, 0, 6, 3, "ID_AA64ISAR3_EL1"},
	{3, 0, 0, 7, 0, "ID_AA64MMFR0_EL1"}, {3, 0, 0, 7, 1, "ID_AA64MMFR1_EL1"},
	{3, 0, 0, 7, 2, "ID_AA64MMFR2_EL1"}, {3, 0, 0, 7, 3, "ID_AA64MMFR3_EL1"},
	{3, 0, 0, 7, 4, "ID_AA64MMFR4_EL1"}, {3, 1, 0, 0, 0, "CCSIDR_EL1"},
	{3, 1, 0, 0, 1, "CLIDR_EL1"},	     {3, 1, 0, 0, 2, "CCSIDR2_EL1"},
	{3, 1, 0, 0, 4, "GMID_EL1"},	     {3, 1, 0, 0, 6, "SMIDR_EL1"},
	{3, 1, 0, 0, 7, "AIDR_EL1"},	     {3, 2, 0, 0, 0, "CSSELR_EL1"},
	{3, 3, 0, 0, 1, "CTR_EL0"},	     {3, 3, 0, 0, 7, "DCZID_EL0"},
	{3, 4, 0, 0, 0, "VPIDR_EL2"},	     {3, 4, 0, 0, 5, "VMPIDR_EL2"},
};

} // namespace arm_arm
