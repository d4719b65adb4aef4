// SPDX-License-Identifier: GPL-2.0-only
//
// Names of the System registers and instructions that a guest is trapped at, by their encoding (Arm ARM
// D18.1, D18.3). What has no name here has its generic one, S3_0_C15_C2_0, which assemblers take too.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace arm64
{

// op0, op1, CRn, CRm, op2 of MRS, MSR, SYS and SYSL.
struct SysregCode {
	unsigned op0, op1, crn, crm, op2;

	constexpr bool operator==(const SysregCode &) const = default;

	constexpr uint16_t packed() const
	{
		return static_cast<uint16_t>(op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2);
	}
};

// A name, or a name of many with the number of this one: PMEVCNTR, 3, _EL0.
struct SysregName {
	const char *name = nullptr;
	int number = -1;
	const char *suffix = "";
};

namespace detail
{

struct NamedSysreg {
	SysregCode code;
	const char *name;
};

inline constexpr auto named_sysregs = [] {
	std::array list = std::to_array<NamedSysreg>({
		// Cache maintenance by set and way, and by address.
		{{1, 0, 7, 6, 2}, "DC ISW"},
		{{1, 0, 7, 6, 4}, "DC IGSW"},
		{{1, 0, 7, 6, 6}, "DC IGDSW"},
		{{1, 0, 7, 10, 2}, "DC CSW"},
		{{1, 0, 7, 10, 4}, "DC CGSW"},
		{{1, 0, 7, 10, 6}, "DC CGDSW"},
		{{1, 0, 7, 14, 2}, "DC CISW"},
		{{1, 0, 7, 14, 4}, "DC CIGSW"},
		{{1, 0, 7, 14, 6}, "DC CIGDSW"},
		{{1, 0, 7, 6, 1}, "DC IVAC"},
		{{1, 3, 7, 4, 1}, "DC ZVA"},
		{{1, 3, 7, 4, 3}, "DC GVA"},
		{{1, 3, 7, 4, 4}, "DC GZVA"},
		{{1, 3, 7, 10, 1}, "DC CVAC"},
		{{1, 3, 7, 11, 1}, "DC CVAU"},
		{{1, 3, 7, 12, 1}, "DC CVAP"},
		{{1, 3, 7, 13, 1}, "DC CVADP"},
		{{1, 3, 7, 14, 1}, "DC CIVAC"},
		{{1, 0, 7, 1, 0}, "IC IALLUIS"},
		{{1, 0, 7, 5, 0}, "IC IALLU"},
		{{1, 3, 7, 5, 1}, "IC IVAU"},
		// Translation.
		{{1, 0, 7, 8, 0}, "AT S1E1R"},
		{{1, 0, 7, 8, 1}, "AT S1E1W"},
		{{1, 0, 7, 8, 2}, "AT S1E0R"},
		{{1, 0, 7, 8, 3}, "AT S1E0W"},
		{{1, 0, 8, 3, 0}, "TLBI VMALLE1IS"},
		{{1, 0, 8, 3, 1}, "TLBI VAE1IS"},
		{{1, 0, 8, 3, 2}, "TLBI ASIDE1IS"},
		{{1, 0, 8, 3, 3}, "TLBI VAAE1IS"},
		{{1, 0, 8, 3, 5}, "TLBI VALE1IS"},
		{{1, 0, 8, 3, 7}, "TLBI VAALE1IS"},
		{{1, 0, 8, 7, 0}, "TLBI VMALLE1"},
		{{1, 0, 8, 7, 1}, "TLBI VAE1"},
		{{1, 0, 8, 7, 2}, "TLBI ASIDE1"},
		{{1, 0, 8, 7, 3}, "TLBI VAAE1"},
		{{1, 0, 8, 7, 5}, "TLBI VALE1"},
		{{1, 0, 8, 7, 7}, "TLBI VAALE1"},
		// Debug and trace.
		{{2, 0, 0, 0, 2}, "OSDTRRX_EL1"},
		{{2, 0, 0, 2, 0}, "MDCCINT_EL1"},
		{{2, 0, 0, 2, 2}, "MDSCR_EL1"},
		{{2, 0, 0, 3, 2}, "OSDTRTX_EL1"},
		{{2, 0, 0, 6, 2}, "OSECCR_EL1"},
		{{2, 0, 1, 0, 0}, "MDRAR_EL1"},
		{{2, 0, 1, 0, 4}, "OSLAR_EL1"},
		{{2, 0, 1, 1, 4}, "OSLSR_EL1"},
		{{2, 0, 1, 3, 4}, "OSDLR_EL1"},
		{{2, 0, 1, 4, 4}, "DBGPRCR_EL1"},
		{{2, 0, 7, 8, 6}, "DBGCLAIMSET_EL1"},
		{{2, 0, 7, 9, 6}, "DBGCLAIMCLR_EL1"},
		{{2, 0, 7, 14, 6}, "DBGAUTHSTATUS_EL1"},
		{{2, 3, 0, 1, 0}, "MDCCSR_EL0"},
		{{2, 3, 0, 4, 0}, "DBGDTR_EL0"},
		{{2, 3, 0, 5, 0}, "DBGDTRRX_EL0"},
		{{3, 0, 1, 2, 1}, "TRFCR_EL1"},
		// Identification.
		{{3, 0, 0, 0, 0}, "MIDR_EL1"},
		{{3, 0, 0, 0, 5}, "MPIDR_EL1"},
		{{3, 0, 0, 0, 6}, "REVIDR_EL1"},
		{{3, 0, 0, 1, 0}, "ID_PFR0_EL1"},
		{{3, 0, 0, 1, 1}, "ID_PFR1_EL1"},
		{{3, 0, 0, 1, 2}, "ID_DFR0_EL1"},
		{{3, 0, 0, 1, 3}, "ID_AFR0_EL1"},
		{{3, 0, 0, 1, 4}, "ID_MMFR0_EL1"},
		{{3, 0, 0, 1, 5}, "ID_MMFR1_EL1"},
		{{3, 0, 0, 1, 6}, "ID_MMFR2_EL1"},
		{{3, 0, 0, 1, 7}, "ID_MMFR3_EL1"},
		{{3, 0, 0, 2, 0}, "ID_ISAR0_EL1"},
		{{3, 0, 0, 2, 1}, "ID_ISAR1_EL1"},
		{{3, 0, 0, 2, 2}, "ID_ISAR2_EL1"},
		{{3, 0, 0, 2, 3}, "ID_ISAR3_EL1"},
		{{3, 0, 0, 2, 4}, "ID_ISAR4_EL1"},
		{{3, 0, 0, 2, 5}, "ID_ISAR5_EL1"},
		{{3, 0, 0, 2, 6}, "ID_MMFR4_EL1"},
		{{3, 0, 0, 2, 7}, "ID_ISAR6_EL1"},
		{{3, 0, 0, 3, 0}, "MVFR0_EL1"},
		{{3, 0, 0, 3, 1}, "MVFR1_EL1"},
		{{3, 0, 0, 3, 2}, "MVFR2_EL1"},
		{{3, 0, 0, 3, 4}, "ID_PFR2_EL1"},
		{{3, 0, 0, 3, 5}, "ID_DFR1_EL1"},
		{{3, 0, 0, 3, 6}, "ID_MMFR5_EL1"},
		{{3, 0, 0, 4, 0}, "ID_AA64PFR0_EL1"},
		{{3, 0, 0, 4, 1}, "ID_AA64PFR1_EL1"},
		{{3, 0, 0, 4, 2}, "ID_AA64PFR2_EL1"},
		{{3, 0, 0, 4, 4}, "ID_AA64ZFR0_EL1"},
		{{3, 0, 0, 4, 5}, "ID_AA64SMFR0_EL1"},
		{{3, 0, 0, 4, 7}, "ID_AA64FPFR0_EL1"},
		{{3, 0, 0, 5, 0}, "ID_AA64DFR0_EL1"},
		{{3, 0, 0, 5, 1}, "ID_AA64DFR1_EL1"},
		{{3, 0, 0, 5, 2}, "ID_AA64DFR2_EL1"},
		{{3, 0, 0, 5, 4}, "ID_AA64AFR0_EL1"},
		{{3, 0, 0, 5, 5}, "ID_AA64AFR1_EL1"},
		{{3, 0, 0, 6, 0}, "ID_AA64ISAR0_EL1"},
		{{3, 0, 0, 6, 1}, "ID_AA64ISAR1_EL1"},
		{{3, 0, 0, 6, 2}, "ID_AA64ISAR2_EL1"},
		{{3, 0, 0, 6, 3}, "ID_AA64ISAR3_EL1"},
		{{3, 0, 0, 7, 0}, "ID_AA64MMFR0_EL1"},
		{{3, 0, 0, 7, 1}, "ID_AA64MMFR1_EL1"},
		{{3, 0, 0, 7, 2}, "ID_AA64MMFR2_EL1"},
		{{3, 0, 0, 7, 3}, "ID_AA64MMFR3_EL1"},
		{{3, 0, 0, 7, 4}, "ID_AA64MMFR4_EL1"},
		{{3, 1, 0, 0, 0}, "CCSIDR_EL1"},
		{{3, 1, 0, 0, 1}, "CLIDR_EL1"},
		{{3, 1, 0, 0, 4}, "GMID_EL1"},
		{{3, 1, 0, 0, 6}, "SMIDR_EL1"},
		{{3, 1, 0, 0, 7}, "AIDR_EL1"},
		{{3, 2, 0, 0, 0}, "CSSELR_EL1"},
		{{3, 3, 0, 0, 1}, "CTR_EL0"},
		{{3, 3, 0, 0, 7}, "DCZID_EL0"},
		{{3, 1, 0, 0, 2}, "CCSIDR2_EL1"},
		{{3, 4, 0, 0, 0}, "VPIDR_EL2"},
		{{3, 4, 0, 0, 5}, "VMPIDR_EL2"},
		// Control, and what came after Armv8.0.
		{{3, 0, 1, 0, 0}, "SCTLR_EL1"},
		{{3, 0, 1, 0, 1}, "ACTLR_EL1"},
		{{3, 0, 1, 0, 2}, "CPACR_EL1"},
		{{3, 0, 1, 0, 3}, "SCTLR2_EL1"},
		{{3, 0, 1, 0, 5}, "RGSR_EL1"},
		{{3, 0, 1, 0, 6}, "GCR_EL1"},
		{{3, 0, 1, 2, 0}, "ZCR_EL1"},
		{{3, 0, 1, 2, 4}, "SMPRI_EL1"},
		{{3, 0, 1, 2, 6}, "SMCR_EL1"},
		{{3, 0, 2, 0, 0}, "TTBR0_EL1"},
		{{3, 0, 2, 0, 1}, "TTBR1_EL1"},
		{{3, 0, 2, 0, 2}, "TCR_EL1"},
		{{3, 0, 2, 0, 3}, "TCR2_EL1"},
		{{3, 0, 2, 1, 0}, "APIAKeyLo_EL1"},
		{{3, 0, 2, 1, 1}, "APIAKeyHi_EL1"},
		{{3, 0, 2, 1, 2}, "APIBKeyLo_EL1"},
		{{3, 0, 2, 1, 3}, "APIBKeyHi_EL1"},
		{{3, 0, 2, 2, 0}, "APDAKeyLo_EL1"},
		{{3, 0, 2, 2, 1}, "APDAKeyHi_EL1"},
		{{3, 0, 2, 2, 2}, "APDBKeyLo_EL1"},
		{{3, 0, 2, 2, 3}, "APDBKeyHi_EL1"},
		{{3, 0, 2, 3, 0}, "APGAKeyLo_EL1"},
		{{3, 0, 2, 3, 1}, "APGAKeyHi_EL1"},
		{{3, 0, 2, 5, 0}, "GCSCR_EL1"},
		{{3, 0, 2, 5, 1}, "GCSPR_EL1"},
		{{3, 0, 5, 1, 0}, "AFSR0_EL1"},
		{{3, 0, 5, 1, 1}, "AFSR1_EL1"},
		{{3, 0, 5, 2, 0}, "ESR_EL1"},
		{{3, 0, 5, 3, 0}, "ERRIDR_EL1"},
		{{3, 0, 5, 3, 1}, "ERRSELR_EL1"},
		{{3, 0, 5, 4, 0}, "ERXFR_EL1"},
		{{3, 0, 5, 4, 1}, "ERXCTLR_EL1"},
		{{3, 0, 5, 4, 2}, "ERXSTATUS_EL1"},
		{{3, 0, 5, 4, 3}, "ERXADDR_EL1"},
		{{3, 0, 5, 6, 0}, "TFSR_EL1"},
		{{3, 0, 5, 6, 1}, "TFSRE0_EL1"},
		{{3, 0, 6, 0, 0}, "FAR_EL1"},
		{{3, 0, 10, 2, 0}, "MAIR_EL1"},
		{{3, 0, 10, 2, 1}, "MAIR2_EL1"},
		{{3, 0, 10, 2, 2}, "PIRE0_EL1"},
		{{3, 0, 10, 2, 3}, "PIR_EL1"},
		{{3, 0, 10, 2, 4}, "POR_EL1"},
		{{3, 0, 10, 3, 0}, "AMAIR_EL1"},
		{{3, 0, 10, 4, 0}, "LORSA_EL1"},
		{{3, 0, 10, 4, 1}, "LOREA_EL1"},
		{{3, 0, 10, 4, 2}, "LORN_EL1"},
		{{3, 0, 10, 4, 3}, "LORC_EL1"},
		{{3, 0, 10, 4, 7}, "LORID_EL1"},
		{{3, 0, 12, 0, 0}, "VBAR_EL1"},
		{{3, 0, 12, 1, 1}, "DISR_EL1"},
		{{3, 0, 13, 0, 1}, "CONTEXTIDR_EL1"},
		{{3, 0, 13, 0, 4}, "TPIDR_EL1"},
		{{3, 0, 13, 0, 5}, "ACCDATA_EL1"},
		{{3, 0, 13, 0, 7}, "SCXTNUM_EL1"},
		{{3, 3, 2, 4, 0}, "RNDR"},
		{{3, 3, 2, 4, 1}, "RNDRRS"},
		{{3, 3, 4, 2, 2}, "SVCR"},
		{{3, 3, 10, 2, 4}, "POR_EL0"},
		{{3, 3, 13, 0, 5}, "TPIDR2_EL0"},
		{{3, 3, 13, 0, 7}, "SCXTNUM_EL0"},
		// Statistical profiling, the trace buffer, the Performance Monitors, the Activity Monitors.
		{{3, 0, 9, 9, 0}, "PMSCR_EL1"},
		{{3, 0, 9, 9, 7}, "PMSIDR_EL1"},
		{{3, 0, 9, 10, 0}, "PMBLIMITR_EL1"},
		{{3, 0, 9, 10, 1}, "PMBPTR_EL1"},
		{{3, 0, 9, 10, 3}, "PMBSR_EL1"},
		{{3, 0, 9, 10, 7}, "PMBIDR_EL1"},
		{{3, 0, 9, 11, 0}, "TRBLIMITR_EL1"},
		{{3, 0, 9, 11, 1}, "TRBPTR_EL1"},
		{{3, 0, 9, 11, 2}, "TRBBASER_EL1"},
		{{3, 0, 9, 11, 7}, "TRBIDR_EL1"},
		{{3, 0, 9, 14, 1}, "PMINTENSET_EL1"},
		{{3, 0, 9, 14, 2}, "PMINTENCLR_EL1"},
		{{3, 0, 9, 14, 6}, "PMMIR_EL1"},
		{{3, 3, 9, 12, 0}, "PMCR_EL0"},
		{{3, 3, 9, 12, 1}, "PMCNTENSET_EL0"},
		{{3, 3, 9, 12, 2}, "PMCNTENCLR_EL0"},
		{{3, 3, 9, 12, 3}, "PMOVSCLR_EL0"},
		{{3, 3, 9, 12, 4}, "PMSWINC_EL0"},
		{{3, 3, 9, 12, 5}, "PMSELR_EL0"},
		{{3, 3, 9, 12, 6}, "PMCEID0_EL0"},
		{{3, 3, 9, 12, 7}, "PMCEID1_EL0"},
		{{3, 3, 9, 13, 0}, "PMCCNTR_EL0"},
		{{3, 3, 9, 13, 1}, "PMXEVTYPER_EL0"},
		{{3, 3, 9, 13, 2}, "PMXEVCNTR_EL0"},
		{{3, 3, 9, 14, 0}, "PMUSERENR_EL0"},
		{{3, 3, 9, 14, 3}, "PMOVSSET_EL0"},
		{{3, 3, 14, 15, 7}, "PMCCFILTR_EL0"},
		{{3, 3, 13, 2, 0}, "AMCR_EL0"},
		{{3, 3, 13, 2, 1}, "AMCFGR_EL0"},
		{{3, 3, 13, 2, 3}, "AMUSERENR_EL0"},
		// The interrupt controller.
		{{3, 0, 4, 6, 0}, "ICC_PMR_EL1"},
		{{3, 0, 12, 8, 0}, "ICC_IAR0_EL1"},
		{{3, 0, 12, 8, 1}, "ICC_EOIR0_EL1"},
		{{3, 0, 12, 8, 2}, "ICC_HPPIR0_EL1"},
		{{3, 0, 12, 8, 3}, "ICC_BPR0_EL1"},
		{{3, 0, 12, 11, 1}, "ICC_DIR_EL1"},
		{{3, 0, 12, 11, 3}, "ICC_RPR_EL1"},
		{{3, 0, 12, 11, 5}, "ICC_SGI1R_EL1"},
		{{3, 0, 12, 11, 6}, "ICC_ASGI1R_EL1"},
		{{3, 0, 12, 11, 7}, "ICC_SGI0R_EL1"},
		{{3, 0, 12, 12, 0}, "ICC_IAR1_EL1"},
		{{3, 0, 12, 12, 1}, "ICC_EOIR1_EL1"},
		{{3, 0, 12, 12, 2}, "ICC_HPPIR1_EL1"},
		{{3, 0, 12, 12, 3}, "ICC_BPR1_EL1"},
		{{3, 0, 12, 12, 4}, "ICC_CTLR_EL1"},
		{{3, 0, 12, 12, 5}, "ICC_SRE_EL1"},
		{{3, 0, 12, 12, 6}, "ICC_IGRPEN0_EL1"},
		{{3, 0, 12, 12, 7}, "ICC_IGRPEN1_EL1"},
		// The timers.
		{{3, 0, 14, 1, 0}, "CNTKCTL_EL1"},
		{{3, 3, 14, 0, 0}, "CNTFRQ_EL0"},
		{{3, 3, 14, 0, 1}, "CNTPCT_EL0"},
		{{3, 3, 14, 0, 2}, "CNTVCT_EL0"},
		{{3, 3, 14, 0, 5}, "CNTPCTSS_EL0"},
		{{3, 3, 14, 0, 6}, "CNTVCTSS_EL0"},
		{{3, 3, 14, 2, 0}, "CNTP_TVAL_EL0"},
		{{3, 3, 14, 2, 1}, "CNTP_CTL_EL0"},
		{{3, 3, 14, 2, 2}, "CNTP_CVAL_EL0"},
		{{3, 3, 14, 3, 0}, "CNTV_TVAL_EL0"},
		{{3, 3, 14, 3, 1}, "CNTV_CTL_EL0"},
		{{3, 3, 14, 3, 2}, "CNTV_CVAL_EL0"},
	});

	std::sort(list.begin(), list.end(), [](const NamedSysreg &a, const NamedSysreg &b) {
		return a.code.packed() < b.code.packed();
	});
	return list;
}();

static_assert(std::adjacent_find(named_sysregs.begin(), named_sysregs.end(),
				 [](const NamedSysreg &a, const NamedSysreg &b) {
					 return a.code == b.code;
				 }) == named_sysregs.end(),
	      "one encoding has two names");

// Those that come in numbers.
constexpr SysregName numbered_sysreg(SysregCode c)
{
	const auto number = [](unsigned n) {
		return static_cast<int>(n);
	};

	if (c.op0 == 2 && c.op1 == 0 && c.crn == 0 && c.op2 >= 4) {
		constexpr const char *names[] = {"DBGBVR", "DBGBCR", "DBGWVR", "DBGWCR"};

		return {names[c.op2 - 4], number(c.crm), "_EL1"};
	}
	if (c.op0 == 3 && c.op1 == 3 && c.crn == 14 && c.crm >= 8)
		return {c.crm < 12 ? "PMEVCNTR" : "PMEVTYPER", number((c.crm & 3) << 3 | c.op2),
			"_EL0"};
	if (c.op0 == 3 && c.op1 == 3 && c.crn == 13 && c.crm >= 4) {
		constexpr const char *names[] = {"AMEVCNTR0", "AMEVTYPER0", nullptr,
						 nullptr,     "AMEVCNTR1",  "AMEVTYPER1"};

		return {names[(c.crm - 4) / 2], number((c.crm & 1) << 3 | c.op2), "_EL0"};
	}
	if (c.op0 == 3 && c.op1 == 0 && c.crn == 12 && c.crm == 8 && c.op2 >= 4)
		return {"ICC_AP0R", number(c.op2 - 4), "_EL1"};
	if (c.op0 == 3 && c.op1 == 0 && c.crn == 12 && c.crm == 9 && c.op2 < 4)
		return {"ICC_AP1R", number(c.op2), "_EL1"};
	return {};
}

} // namespace detail

// `name` is null where there is only the generic one.
constexpr SysregName sysreg_name(SysregCode code)
{
	const auto &list = detail::named_sysregs;
	const auto found = std::lower_bound(list.begin(), list.end(), code.packed(),
					    [](const detail::NamedSysreg &a, uint16_t packed) {
						    return a.code.packed() < packed;
					    });

	if (found != list.end() && found->code == code)
		return {.name = found->name};
	return detail::numbered_sysreg(code);
}

} // namespace arm64
