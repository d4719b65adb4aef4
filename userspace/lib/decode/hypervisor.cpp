// SPDX-License-Identifier: GPL-2.0-only
//
// HCR_EL2, the registers of a fault and of AT, and what a vCPU starts with.
#include "fields.hpp"

#include "text/text.hpp"

namespace decode
{

namespace
{

using text::hex;

constexpr unsigned tge = 27, e2h = 34;

bool has_tge(uint64_t hcr)
{
	return get(hcr, tge, tge);
}

// With TGE, what would be taken to EL1 is taken to EL2.
template <const char *const &What> std::string routed(uint64_t field, uint64_t hcr)
{
	return std::string{What} + (has_tge(hcr) ? " go to EL2 (TGE)"
				    : field	 ? " go to EL2"
						 : " stay at EL1");
}
constexpr const char *serrors = "SErrors", *irqs = "IRQs", *fiqs = "FIQs";

// What has no effect under a VHE host.
template <const char *const &Clear, const char *const &Set>
std::string not_of_host(uint64_t field, uint64_t hcr)
{
	return has_tge(hcr) && get(hcr, e2h, e2h)
		       ? std::string{Clear} + (field ? ": the bit behaves as 0 (E2H, TGE)" : "")
	       : field ? Set
		       : Clear;
}
constexpr const char *stage2_off = "stage 2 is off", *stage2_on = "stage 2 is on";
constexpr const char *dc_clear = "no default",
		     *dc_set = "with stage 1 off, memory is Normal Write-Back";

constexpr Spec hcr_specs[] = {
	{63, 60, "TWEDEL"},
	{59, 59, "TWEDEn", "WFE traps after a delay of the CPU's|WFE traps after TWEDEL"},
	{58, 58, "TID5", "GMID_EL1: not trapped|GMID_EL1: trapped"},
	{57, 57, "DCT", "with DC, memory is untagged|with DC, memory is tagged"},
	{56, 56, "ATA", "allocation tags are trapped|allocation tags may be used"},
	{55, 55, "TTLBOS", "TLBI Outer Shareable: not trapped|TLBI Outer Shareable: trapped"},
	{54, 54, "TTLBIS", "TLBI Inner Shareable: not trapped|TLBI Inner Shareable: trapped"},
	{53, 53, "EnSCXT", "SCXTNUM is trapped|SCXTNUM may be used"},
	{52, 52, "TOCU", "cache maintenance to PoU: not trapped|cache maintenance to PoU: trapped"},
	{51, 51, "AMVOFFEN", off_on},
	{50, 50, "TICAB", "IC IALLUIS: not trapped|IC IALLUIS: trapped"},
	{49, 49, "TID4", "cache ID registers: not trapped|cache ID registers: trapped"},
	{48, 48, "GPF", "granule protection faults stay|granule protection faults go to EL2"},
	{47, 47, "FIEN", "fault injection is trapped|fault injection may be used"},
	{46, 46, "FWB", "MemAttr combines with stage 1|MemAttr can force Write-Back"},
	{45, 45, "NV2", off_on},
	{44, 44, "AT", "AT instructions: not trapped|AT instructions: trapped"},
	{43, 43, "NV1", off_on},
	{42, 42, "NV", "no nested virtualization|nested virtualization"},
	{41, 41, "API", "pointer authentication is trapped|pointer authentication may be used"},
	{40, 40, "APK", "its keys are trapped|its keys may be used"},
	{39, 39, "TME", "transactions are trapped|transactions may be used"},
	{38, 38, "MIOCNCE", off_on},
	{37, 37, "TEA", "synchronous external aborts stay|synchronous external aborts go to EL2"},
	{36, 36, "TERR", "error record registers: not trapped|error record registers: trapped"},
	{35, 35, "TLOR", "LORegion registers: not trapped|LORegion registers: trapped"},
	{34, 34, "E2H", "EL2 hosts a hypervisor|EL2 hosts an operating system (VHE)"},
	{33, 33, "ID",
	 "instruction caching as stage 1 says|stage 2 instruction fetches not cached"},
	{32, 32, "CD", "data caching as stage 1 says|stage 2 data accesses not cached"},
	{31, 31, "RW", "EL1 is AArch32|EL1 is AArch64"},
	{30, 30, "TRVM", "reads of MMU registers: not trapped|reads of MMU registers: trapped"},
	{29, 29, "HCD", "HVC is enabled|HVC is undefined"},
	{28, 28, "TDZ", "DC ZVA: not trapped|DC ZVA: trapped"},
	{27, 27, "TGE", "exceptions of EL0 go to EL1|exceptions of EL0 go to EL2"},
	{26, 26, "TVM", "writes of MMU registers: not trapped|writes of MMU registers: trapped"},
	{25, 25, "TTLB", "TLBI: not trapped|TLBI: trapped"},
	{24, 24, "TPU", "cache maintenance to PoU: not trapped|cache maintenance to PoU: trapped"},
	{23, 23, "TPCP",
	 "cache maintenance to PoC or PoP: not trapped|cache maintenance to PoC or PoP: trapped"},
	{22, 22, "TSW",
	 "cache maintenance by set/way: not trapped|cache maintenance by set/way: trapped"},
	{21, 21, "TACR", "ACTLR_EL1: not trapped|ACTLR_EL1: trapped"},
	{20, 20, "TIDCP",
	 "IMPLEMENTATION DEFINED registers: not trapped|IMPLEMENTATION DEFINED registers: trapped"},
	{19, 19, "TSC", "SMC is not trapped|SMC is trapped"},
	{18, 18, "TID3", "ID registers, group 3: not trapped|ID registers, group 3: trapped"},
	{17, 17, "TID2",
	 "ID registers, group 2 (caches): not trapped|ID registers, group 2 (caches): trapped"},
	{16, 16, "TID1", "ID registers, group 1: not trapped|ID registers, group 1: trapped"},
	{15, 15, "TID0", "ID registers, group 0: not trapped|ID registers, group 0: trapped"},
	{14, 14, "TWE", "WFE is not trapped|WFE is trapped"},
	{13, 13, "TWI", "WFI is not trapped|WFI is trapped"},
	{12, 12, "DC", nullptr, not_of_host<dc_clear, dc_set>},
	{11, 10, "BSU",
	 "barriers as written|at least Inner Shareable|at least Outer Shareable|"
	 "full system"},
	{9, 9, "FB", "TLB and cache maintenance as written|broadcast"},
	{8, 8, "VSE", "none|a virtual SError is pending"},
	{7, 7, "VI", "none|a virtual IRQ is pending"},
	{6, 6, "VF", "none|a virtual FIQ is pending"},
	{5, 5, "AMO", nullptr, routed<serrors>},
	{4, 4, "IMO", nullptr, routed<irqs>},
	{3, 3, "FMO", nullptr, routed<fiqs>},
	{2, 2, "PTW",
	 "tables of stage 1 may lie in Device memory|a stage 1 walk into Device memory faults"},
	{1, 1, "SWIO", "set/way invalidates|set/way cleans and invalidates"},
	{0, 0, "VM", nullptr, not_of_host<stage2_off, stage2_on>},
};

constexpr Spec sctlr_specs[] = {
	{63, 63, "TIDCP"},
	{62, 62, "SPINTMASK"},
	{61, 61, "NMI"},
	{60, 60, "EnTP2"},
	{59, 59, "TCSO"},
	{58, 58, "TCSO0"},
	{57, 57, "EPAN"},
	{56, 56, "EnALS"},
	{55, 55, "EnAS0"},
	{54, 54, "EnASR"},
	{53, 53, "TME"},
	{52, 52, "TME0"},
	{51, 51, "TMT"},
	{50, 50, "TMT0"},
	{49, 46, "TWEDEL"},
	{45, 45, "TWEDEn"},
	{44, 44, "DSSBS"},
	{43, 43, "ATA"},
	{42, 42, "ATA0"},
	{41, 40, "TCF",
	 "tag faults have no effect|synchronous|asynchronous|reads synchronous, writes not"},
	{39, 38, "TCF0",
	 "tag faults have no effect|synchronous|asynchronous|reads synchronous, writes not"},
	{37, 37, "ITFSB"},
	{36, 36, "BT1"},
	{35, 35, "BT0"},
	{34, 34, "EnFPM"},
	{33, 33, "MSCEn"},
	{32, 32, "CMOW"},
	{31, 31, "EnIA", off_on},
	{30, 30, "EnIB", off_on},
	{29, 29, "LSMAOE"},
	{28, 28, "nTLSMD"},
	{27, 27, "EnDA", off_on},
	{26, 26, "UCI", "cache maintenance by EL0 is trapped|EL0 may maintain caches"},
	{25, 25, "EE", "EL1 and walks are little-endian|EL1 and walks are big-endian"},
	{24, 24, "E0E", "EL0 is little-endian|EL0 is big-endian"},
	{23, 23, "SPAN", "an exception to EL1 sets PAN|PAN stays"},
	{22, 22, "EIS"},
	{21, 21, "IESB"},
	{20, 20, "TSCXT"},
	{19, 19, "WXN", "what is writable may be executable|what is writable is never executable"},
	{18, 18, "nTWE", "WFE by EL0 is trapped|not trapped"},
	{17, 17, "RES0"},
	{16, 16, "nTWI", "WFI by EL0 is trapped|not trapped"},
	{15, 15, "UCT", "CTR_EL0 is trapped|not trapped"},
	{14, 14, "DZE", "DC ZVA by EL0 is trapped|not trapped"},
	{13, 13, "EnDB", off_on},
	{12, 12, "I", "instruction fetches are not cached|cached, as the tables say"},
	{11, 11, "EOS"},
	{10, 10, "EnRCTX"},
	{9, 9, "UMA"},
	{8, 8, "SED"},
	{7, 7, "ITD"},
	{6, 6, "nAA"},
	{5, 5, "CP15BEN"},
	{4, 4, "SA0", "EL0's stack may be unaligned|checked"},
	{3, 3, "SA", "EL1's stack may be unaligned|checked"},
	{2, 2, "C", "data accesses are not cached|cached, as the tables say"},
	{1, 1, "A", "accesses may be unaligned|checked"},
	{0, 0, "M", "the MMU is off (stage 1)|the MMU is on (stage 1)"},
};

std::string mode(uint64_t field, uint64_t)
{
	switch (field) {
	case 0b0000:
		return "EL0";
	case 0b0100:
		return "EL1, SP_EL0";
	case 0b0101:
		return "EL1, SP_EL1";
	case 0b1000:
		return "EL2, SP_EL0";
	case 0b1001:
		return "EL2, SP_EL2";
	default:
		return "reserved: no mode of AArch64 at EL2 or below";
	}
}

std::string mode32(uint64_t field, uint64_t)
{
	return choice("User|FIQ|IRQ|Supervisor|reserved|reserved|reserved: Monitor is not below "
		      "EL3|Abort|"
		      "reserved|reserved|Hyp|Undefined|reserved|reserved|reserved|System",
		      field);
}

constexpr Spec spsr_specs[] = {
	{63, 37, "RES0"},
	{36, 36, "UINJ"},
	{35, 35, "PACM"},
	{34, 34, "EXLOCK"},
	{33, 33, "PPEND"},
	{32, 32, "PM"},
	{31, 31, "N"},
	{30, 30, "Z"},
	{29, 29, "C"},
	{28, 28, "V"},
	{27, 26, "RES0"},
	{25, 25, "TCO"},
	{24, 24, "DIT"},
	{23, 23, "UAO"},
	{22, 22, "PAN"},
	{21, 21, "SS", "none|a software step is pending"},
	{20, 20, "IL", "none|illegal Execution state"},
	{19, 14, "RES0"},
	{13, 13, "ALLINT"},
	{12, 12, "SSBS"},
	{11, 10, "BTYPE"},
	{9, 9, "D", "debug exceptions|masked"},
	{8, 8, "A", "SErrors|masked"},
	{7, 7, "I", "IRQs|masked"},
	{6, 6, "F", "FIQs|masked"},
	{5, 5, "RES0"},
	{4, 4, "M[4]", "AArch64|AArch32"},
	{3, 0, "M", nullptr, mode},
};

constexpr Spec spsr32_specs[] = {
	{63, 34, "RES0"},
	{33, 33, "PPEND"},
	{32, 32, "RES0"},
	{31, 31, "N"},
	{30, 30, "Z"},
	{29, 29, "C"},
	{28, 28, "V"},
	{27, 27, "Q"},
	{26, 25, "IT[1:0]"},
	{24, 24, "DIT"},
	{23, 23, "SSBS"},
	{22, 22, "PAN"},
	{21, 21, "SS", "none|a software step is pending"},
	{20, 20, "IL", "none|illegal Execution state"},
	{19, 16, "GE"},
	{15, 10, "IT[7:2]"},
	{9, 9, "E", "little-endian|big-endian"},
	{8, 8, "A", "SErrors|masked"},
	{7, 7, "I", "IRQs|masked"},
	{6, 6, "F", "FIQs|masked"},
	{5, 5, "T", "A32|T32"},
	{4, 4, "M[4]", "AArch64|AArch32"},
	{3, 0, "M", nullptr, mode32},
};

std::string faulting_ipa(uint64_t field, uint64_t)
{
	return "IPA " + hex(field << 12);
}

constexpr Spec hpfar_specs[] = {
	{63, 63, "NS", "|when Secure: of the Non-secure IPA space"},
	{62, 48, "RES0"},
	{47, 4, "FIPA", nullptr, faulting_ipa},
	{3, 0, "RES0"},
};

std::string par_attribute(uint64_t field, uint64_t)
{
	return memory_attribute(static_cast<unsigned>(field));
}

std::string par_address(uint64_t field, uint64_t)
{
	return hex(field << 12);
}

std::string par_status(uint64_t field, uint64_t)
{
	return fault_status(static_cast<unsigned>(field));
}

constexpr Spec par_done_specs[] = {
	{63, 56, "ATTR", nullptr, par_attribute},
	{55, 52, "RES0"},
	{51, 12, "PA", nullptr, par_address},
	{11, 11, "NSE"},
	{10, 10, "IMPDEF"},
	{9, 9, "NS"},
	{8, 7, "SH", shareability},
	{6, 1, "RES0"},
	{0, 0, "F", "the translation succeeded|the translation failed"},
};

constexpr Spec par_failed_specs[] = {
	{63, 48, "IMPDEF"},
	{47, 16, "RES0"},
	{15, 15, "DirtyBit"},
	{14, 14, "Overlay"},
	{13, 13, "TopLevel"},
	{12, 12, "AssuredOnly"},
	{11, 11, "RES1"},
	{10, 10, "RES0"},
	{9, 9, "S", "stage 1 faulted|stage 2 faulted"},
	{8, 8, "PTW", "on the address itself|on a stage 1 walk"},
	{7, 7, "RES0"},
	{6, 1, "FST", nullptr, par_status},
	{0, 0, "F", "the translation succeeded|the translation failed"},
};

} // namespace

Decoded hcr_el2(uint64_t value, const Context &)
{
	const auto bit = [&](unsigned n) {
		return get(value, n, n) != 0;
	};
	std::string summary;

	if (bit(27))
		summary =
			bit(34) ? "a VHE host runs (E2H, TGE): interrupts go to EL2, stage 2 is off"
				: "exceptions of EL0 and interrupts go to EL2 (TGE)";
	else
		summary = std::string{"a guest's "} + (bit(31) ? "AArch64" : "AArch32") +
			  " EL1, stage 2 " + (bit(0) ? "on" : "off") +
			  (bit(46) ? " with FWB" : "") + (bit(34) ? ", under a VHE host" : "");
	return {"HCR_EL2", value, summary, fields_of(hcr_specs, value)};
}

Decoded sctlr_el1(uint64_t value, const Context &)
{
	const bool mmu = get(value, 0, 0), data = get(value, 2, 2), fetches = get(value, 12, 12);

	return {"SCTLR_EL1", value,
		std::string{"MMU "} + (mmu ? "on" : "off") + ", data caches " +
			(data ? "on" : "off") + ", instruction caches " + (fetches ? "on" : "off"),
		fields_of(sctlr_specs, value)};
}

Decoded spsr_el2(uint64_t value, const Context &)
{
	const uint64_t m = get(value, 3, 0);

	if (get(value, 4, 4))
		return {"SPSR_EL2", value,
			"AArch32 " + mode32(m, value) + (get(value, 5, 5) ? ", T32" : ", A32"),
			fields_of(spsr32_specs, value)};
	return {"SPSR_EL2", value, mode(m, value), fields_of(spsr_specs, value)};
}

Decoded hpfar_el2(uint64_t value, const Context &)
{
	return {"HPFAR_EL2", value,
		"a fault in the page of " + faulting_ipa(get(value, 47, 4), value),
		fields_of(hpfar_specs, value)};
}

Decoded par_el1(uint64_t value, const Context &)
{
	if (value & 1)
		return {"PAR_EL1", value,
			std::string{get(value, 9, 9) ? "stage 2: " : "stage 1: "} +
				fault_status(static_cast<unsigned>(get(value, 6, 1))) +
				(get(value, 8, 8) ? ", on a stage 1 walk" : ""),
			fields_of(par_failed_specs, value)};
	return {"PAR_EL1", value,
		"the page at " + par_address(get(value, 51, 12), value) + ", " +
			par_attribute(get(value, 63, 56), value),
		fields_of(par_done_specs, value)};
}

} // namespace decode
