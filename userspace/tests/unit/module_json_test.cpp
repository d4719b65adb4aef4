// SPDX-License-Identifier: GPL-2.0-only
//
// What the module says, as JSON: numbers and words of a known set, and nothing that has to be taken apart.
#include "s2ctl/module_json.hpp"

#include <gtest/gtest.h>

namespace
{

std::string json_of(const char *text)
{
	std::string out;
	json::Writer json{out, json::Writer::Layout::line};

	json.begin_object();
	s2ctl::write_members(json, s2ctl::parse_key_values(text));
	json.end();
	return out;
}

TEST(module_json, what_a_machine_offers)
{
	EXPECT_EQ(
		json_of("engine         vhe (at EL2, beside the kernel)\n"
			"el2            the kernel's\n"
			"kernel         at EL2 (VHE), 4K pages\n"
			"ipa_bits       32..48\n"
			"granules       4K 16K \n"
			"access_flag    by faults\n"
			"bbm            level 2\n"
			"errata         Cortex-A55:1024718,Cortex-A510:2051678\n"
			"branch_history loop of 24\n"
			"branch_targets not affected\n"),
		R"({"engine": "vhe", "el2": "kernel", "kernel_el": 2, "page_bytes": 4096, "ipa_bits_min": 32, )"
		R"("ipa_bits_max": 48, "granules": [4096, 16384], "access_flag": "faults", "bbm": 2, )"
		R"("errata": "Cortex-A55:1024718,Cortex-A510:2051678", "branch_history": "loop", )"
		R"("branch_history_rounds": 24, "branch_targets": "not-affected"})"
		"\n");
	EXPECT_EQ(json_of("el2            KVM's now\nkernel         at EL1, 64K pages\n"),
		  R"({"el2": "kvm", "kernel_el": 1, "page_bytes": 65536})"
		  "\n");
}

TEST(module_json, how_a_guest_is)
{
	EXPECT_EQ(
		json_of("engine     vhe\n"
			"granule    4K\n"
			"ipa_bits   40\n"
			"start      level 1, 2 concatenated tables\n"
			"vtcr_el2   0x0000000080023558\n"
			"ram        64M\n"
			"accessed   by faults, reported\n"
			"dirty      hardware, 3 regions\n"
			"demand     0 regions\n"),
		R"({"engine": "vhe", "granule": 4096, "ipa_bits": 40, "start_level": 1, "root_tables": 2, )"
		R"("vtcr_el2": "0x0000000080023558", "ram": 67108864, "accessed": "faults", )"
		R"("accesses_reported": true, "dirty": "hardware", "dirty_regions": 3, "demand_regions": 0})"
		"\n");
	EXPECT_EQ(
		json_of("start level 1, 1 table\naccessed hardware\n"),
		R"({"start_level": 1, "root_tables": 1, "accessed": "hardware", "accesses_reported": false})"
		"\n");
}

TEST(module_json, a_name_stays_a_name)
{
	for (const char *name : {"123", "yes", "64M", "0x1"})
		EXPECT_EQ(json_of((std::string{"name "} + name).c_str()),
			  std::string{R"({"name": ")"} + name + "\"}\n");
}

TEST(module_json, how_a_guest_left)
{
	constexpr struct {
		const char *detail;
		const char *json;
	} details[] = {
		{"status -1", R"({"status": -1})"},
		{"SMC #0, function 0x84000000", R"({"immediate": 0, "function": "0x84000000"})"},
		{"BRK #1", R"({"immediate": 1})"},
		{"read of 0x90000010 at level 2, 8 bytes, x2",
		 R"({"access": "read", "level": 2, "bytes": 8, "register": "x2"})"},
		{"write of 0x90000010 at level -1, 1 byte, xzr",
		 R"({"access": "write", "level": -1, "bytes": 1, "register": "xzr"})"},
		{"stage 1 walk of 0x90000000 at level 3",
		 R"({"access": "stage1-walk", "level": 3})"},
		{"write of 0x90000000 at level 2, 8 bytes, x1: no memory for another table",
		 R"({"access": "write", "level": 2, "bytes": 8, "register": "x1", "note": "no memory for another table"})"},
		{"cache maintenance", R"({"access": "cache-maintenance"})"},
		{"read, 4 bytes, x0", R"({"access": "read", "bytes": 4, "register": "x0"})"},
		{"write of ICC_SGI1R_EL1 from x3",
		 R"({"sysreg": "ICC_SGI1R_EL1", "register": "x3"})"},
		{"read of S3_0_C15_C2_0 into x0",
		 R"({"sysreg": "S3_0_C15_C2_0", "register": "x0"})"},
		{"DC CISW with x0", R"({"instruction": "DC CISW", "register": "x0"})"},
	};

	for (const auto &d : details)
		EXPECT_EQ(json_of((std::string{"detail "} + d.detail).c_str()),
			  std::string{d.json} + '\n');
	EXPECT_EQ(json_of("esr 0x0000000093c20006 (Data Abort from a lower Exception "
			  "level)\ntruncated 12 bytes\n"),
		  R"({"esr": "0x0000000093c20006", "truncated_bytes": 12})"
		  "\n");
	EXPECT_EQ(json_of("vcpu 0\nrunning\n"), R"({"vcpu": 0, "running": true})"
						"\n");
}

} // namespace
