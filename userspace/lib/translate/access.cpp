// SPDX-License-Identifier: GPL-2.0-only
#include "access.hpp"

namespace translate
{

namespace
{

using Kind = Access::Kind;
using Type = Fault::Type;
using Stage1 = vmsa::Format<vmsa::El1And0, vmsa::Granule4K>;
using Stage2 = vmsa::Stage2_4K;

constexpr vmsa::Field ha_of_vtcr{21, 21}, hd_of_vtcr{22, 22};
constexpr vmsa::Field ha_of_tcr{39, 39}, hd_of_tcr{40, 40}, hpd0{41, 41}, hpd1{42, 42};
constexpr vmsa::Field wxn{19, 19}; // of SCTLR
constexpr vmsa::Field pxn_table{59, 59}, uxn_table{60, 60}, no_el0_table{61, 61},
	no_write_table{62, 62};

constexpr unsigned number_of(vmsa::Descriptor one_bit)
{
	return static_cast<unsigned>(__builtin_ctzll(one_bit));
}

Fault one_bit(Type type, int stage, int level, const char *field, unsigned bit, const char *why)
{
	return {type, stage, level, field, bit, bit, why};
}

} // namespace

std::string name_of(const Access &access)
{
	constexpr const char *kinds[] = {"read", "write", "exec"};

	return std::string{kinds[static_cast<unsigned>(access.kind)]} + " at EL" +
	       (access.el0 ? '0' : '1');
}

const char *name_of(Fault::Type type)
{
	constexpr const char *names[] = {"translation", "access-flag", "permission",
					 "address-size"};

	return names[static_cast<unsigned>(type)];
}

std::string describe(const Fault &fault)
{
	std::string name = name_of(fault.type);
	std::string text;

	if (name == "access-flag" || name == "address-size")
		name[name.find('-')] = ' ';
	text = name + " fault, stage " + std::to_string(fault.stage) + ", level " +
	       std::to_string(fault.level);
	if (fault.on_walk)
		text += ", on the walk of stage 1";
	if (*fault.field)
		text += std::string{"; "} + fault.field +
			(fault.high == fault.low ? " (bit " : " (bits ") +
			std::to_string(fault.high) +
			(fault.high == fault.low ? "" : ':' + std::to_string(fault.low)) + ") " +
			fault.why;
	else if (*fault.why)
		text += std::string{"; "} + fault.why;
	return text;
}

std::optional<Fault> check_stage2(uint64_t vtcr, int level, vmsa::Descriptor leaf,
				  const Access &access)
{
	const auto refuse = [&](Type type, const char *field, vmsa::Descriptor bit,
				const char *why) {
		return one_bit(type, 2, level, field, number_of(bit), why);
	};
	const uint64_t xn = Stage2::xn.get(leaf);

	if (!(leaf & Stage2::af) && !ha_of_vtcr.get(vtcr))
		return refuse(Type::access_flag, "AF", Stage2::af,
			      "is 0, and VTCR_EL2.HA is 0: only software sets it");
	if (access.kind == Kind::read && !(leaf & Stage2::s2ap_read))
		return refuse(Type::permission, "S2AP[0]", Stage2::s2ap_read,
			      "is 0: nobody may read");
	if (access.kind == Kind::write && !(leaf & Stage2::s2ap_write)) {
		if (!(leaf & Stage2::dbm))
			return refuse(Type::permission, "S2AP[1]", Stage2::s2ap_write,
				      "is 0: nobody may write");
		if (!ha_of_vtcr.get(vtcr) || !hd_of_vtcr.get(vtcr))
			return refuse(
				Type::permission, "S2AP[1]", Stage2::s2ap_write,
				"is 0; DBM is 1, but VTCR_EL2.HD is 0: only software sets it");
	}
	if (access.kind == Kind::execute && (xn == 2 || xn == (access.el0 ? 3 : 1)))
		return Fault{Type::permission,
			     2,
			     level,
			     "XN",
			     Stage2::xn.high,
			     Stage2::xn.low,
			     xn == 2	  ? "is 0b10: nobody may execute"
			     : access.el0 ? "is 0b11: only EL1 may execute"
					  : "is 0b01: only EL0 may execute"};
	return std::nullopt;
}

std::string stage2_update(uint64_t vtcr, vmsa::Descriptor leaf, const Access &access)
{
	std::string text;

	if (!(leaf & Stage2::af) && ha_of_vtcr.get(vtcr))
		text = "hardware sets AF";
	if (access.kind == Kind::write && !(leaf & Stage2::s2ap_write) && (leaf & Stage2::dbm))
		text += text.empty() ? "hardware sets S2AP[1], because DBM is 1"
				     : " and S2AP[1], because DBM is 1";
	return text;
}

std::optional<Fault> check_stage1(const Stage1Control &control, int level, vmsa::Descriptor leaf,
				  vmsa::Descriptor above, const Access &access)
{
	const auto refuse = [&](const char *field, unsigned bit, const char *why) {
		return one_bit(Type::permission, 1, level, field, bit, why);
	};
	const bool hierarchical = !(control.upper ? hpd1 : hpd0).get(control.tcr);
	const auto restricts = [&](vmsa::Field field) {
		return hierarchical && field.get(above);
	};
	const bool hardware = ha_of_tcr.get(control.tcr) && hd_of_tcr.get(control.tcr);
	const bool read_only = (leaf & Stage1::ap_read_only) && !((leaf & Stage1::dbm) && hardware);
	const bool writable = !read_only && !restricts(no_write_table);
	const bool for_el0 = (leaf & Stage1::ap_el0) && !restricts(no_el0_table);

	if (!(leaf & Stage1::af) && !ha_of_tcr.get(control.tcr))
		return one_bit(Type::access_flag, 1, level, "AF", number_of(Stage1::af),
			       "is 0, and TCR_EL1.HA is 0: only software sets it");
	if (access.kind != Kind::execute) {
		if (access.el0 && !(leaf & Stage1::ap_el0))
			return refuse("AP[1]", number_of(Stage1::ap_el0), "is 0: not for EL0");
		if (access.el0 && !for_el0)
			return refuse("APTable[0]", no_el0_table.low,
				      "of a table above is 1: not for EL0");
		if (access.kind == Kind::write && read_only)
			return refuse("AP[2]", number_of(Stage1::ap_read_only), "is 1: read-only");
		if (access.kind == Kind::write && !writable)
			return refuse("APTable[1]", no_write_table.low,
				      "of a table above is 1: read-only");
		return std::nullopt;
	}
	if (leaf & (access.el0 ? Stage1::uxn : Stage1::pxn))
		return refuse(access.el0 ? "UXN" : "PXN",
			      number_of(access.el0 ? Stage1::uxn : Stage1::pxn),
			      access.el0 ? "is 1: EL0 may not execute"
					 : "is 1: EL1 may not execute");
	if (restricts(access.el0 ? uxn_table : pxn_table))
		return refuse(access.el0 ? "UXNTable" : "PXNTable",
			      (access.el0 ? uxn_table : pxn_table).low,
			      access.el0 ? "of a table above is 1: EL0 may not execute"
					 : "of a table above is 1: EL1 may not execute");
	if (!access.el0 && for_el0 && writable)
		return refuse("AP[1]", number_of(Stage1::ap_el0),
			      "is 1 and AP[2] is 0: EL0 may write it, so EL1 may not execute it");
	if (wxn.get(control.sctlr) && writable && (!access.el0 || for_el0))
		return refuse(
			"AP[2]", number_of(Stage1::ap_read_only),
			"is 0: what may be written may not be executed, as SCTLR_EL1.WXN is 1");
	return std::nullopt;
}

} // namespace translate
