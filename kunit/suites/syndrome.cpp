// SPDX-License-Identifier: GPL-2.0-only
//
// ESR_EL2 in words: values as CPUs report them, put together from the Arm ARM's tables.
#include "module/guest/exit.hpp"
#include "suite.hpp"

using namespace stage2;
using namespace arm64;

namespace
{

constexpr uint64_t esr(unsigned ec, uint64_t iss)
{
	return uint64_t{ec} << 26 | uint64_t{1} << 25 | iss;
}

// A trapped MRS or MSR, as the Arm ARM lays out its ISS.
constexpr uint64_t sysreg(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2,
			  unsigned rt, bool read)
{
	return esr(0x18, op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | rt << 5 | crm << 1 | read);
}

constexpr uint64_t data_abort = 0x24;
constexpr uint64_t instruction_abort = 0x20;

} // namespace

TEST(an_abort_says_fault_and_level)
{
	constexpr struct {
		unsigned status;
		Fault fault;
		int level;
		Reason reason;
	} codes[] = {
		{0x00, Fault::address_size, 0, Reason::stage2_address_size},
		{0x03, Fault::address_size, 3, Reason::stage2_address_size},
		{0x29, Fault::address_size, -1, Reason::stage2_address_size},
		{0x04, Fault::translation, 0, Reason::stage2_translation},
		{0x06, Fault::translation, 2, Reason::stage2_translation},
		{0x07, Fault::translation, 3, Reason::stage2_translation},
		{0x2b, Fault::translation, -1, Reason::stage2_translation},
		{0x08, Fault::access_flag, 0, Reason::stage2_access_flag},
		{0x0b, Fault::access_flag, 3, Reason::stage2_access_flag},
		{0x0c, Fault::permission, 0, Reason::stage2_permission},
		{0x0f, Fault::permission, 3, Reason::stage2_permission},
	};

	for (const auto &code : codes) {
		for (unsigned ec : {0x20u, 0x24u}) {
			const Syndrome s{esr(ec, code.status)};

			EXPECT(s.is_abort());
			EXPECT_EQ(s.fault(), code.fault);
			EXPECT_EQ(s.level(), code.level);
			EXPECT_EQ(reason_of(s), code.reason);
		}
	}
	for (unsigned status : {0x10u, 0x13u, 0x17u, 0x18u, 0x1bu, 0x1fu})
		EXPECT_EQ(reason_of(Syndrome{esr(0x24, status)}), Reason::external_abort);
	EXPECT_EQ(reason_of(Syndrome{esr(0x24, 0x21)}), Reason::alignment);
	for (unsigned status : {0x11u, 0x30u, 0x31u, 0x34u})
		EXPECT_EQ(reason_of(Syndrome{esr(0x24, status)}), Reason::unknown_exception);
}

TEST(an_abort_says_read_write_or_fetch)
{
	const Syndrome read{esr(data_abort, 0x07)};
	const Syndrome write{esr(data_abort, 0x47)};
	const Syndrome fetch{esr(instruction_abort, 0x07)};
	const Syndrome maintenance{esr(data_abort, 0x147)};

	EXPECT(!read.is_write() && !read.is_fetch());
	EXPECT(write.is_write() && !write.is_fetch());
	EXPECT(fetch.is_fetch() && !fetch.is_write());
	EXPECT(maintenance.is_cache_maintenance() && !write.is_cache_maintenance());
	// Bit 6 is WnR of data aborts only.
	EXPECT(!Syndrome{esr(instruction_abort, 0x47)}.is_write());
}

TEST(an_abort_on_a_walk_is_a_write_only_where_permission_was_missing)
{
	constexpr unsigned s1ptw = 0x80;

	EXPECT(!Syndrome{esr(data_abort, s1ptw | 0x47)}.is_write());
	EXPECT(Syndrome{esr(data_abort, s1ptw | 0x0f)}.is_write());
	EXPECT(Syndrome{esr(instruction_abort, s1ptw | 0x0f)}.is_write());
	EXPECT(Syndrome{esr(data_abort, s1ptw | 0x07)}.on_stage1_walk());
}

TEST(a_stage2_fault_has_an_ipa)
{
	for (unsigned status : {0x00u, 0x07u, 0x0bu, 0x0fu, 0x2bu})
		EXPECT(Syndrome{esr(data_abort, status)}.is_stage2_fault());
	for (unsigned status : {0x10u, 0x17u, 0x21u, 0x30u, 0x31u})
		EXPECT(!Syndrome{esr(data_abort, status)}.is_stage2_fault());
	// HPFAR_EL2[43:4] is the IPA from bit 12 on; bit 63 is NS.
	EXPECT_EQ(fault_ipa(0x0000'0000'0080'1230, 0xffff'0000'0000'0abc), 0x8'0123'abc);
	EXPECT_EQ(fault_ipa(0x8000'0fff'ffff'fff0, 0), 0x000f'ffff'ffff'f000);
}

TEST(an_access_is_described_where_isv_is_set)
{
	// ISV, SAS = 3, SRT = x7, WnR
	const Syndrome s{esr(data_abort, 1u << 24 | 3u << 22 | 7u << 16 | 0x47)};

	EXPECT(s.has_access());
	EXPECT_EQ(s.access_bytes(), 8);
	EXPECT_EQ(s.access_register(), 7);
	EXPECT_EQ(Syndrome{esr(data_abort, 1u << 24 | 0x07)}.access_bytes(), 1);
	EXPECT(!Syndrome{esr(data_abort, 0x47)}.has_access());
	EXPECT(!Syndrome{esr(instruction_abort, 1u << 24 | 0x07)}.has_access());
}

TEST(a_trapped_register_has_its_name)
{
	const Syndrome write{sysreg(3, 0, 12, 11, 5, 3, false)};
	const Syndrome read{sysreg(3, 3, 14, 0, 1, 30, true)};

	EXPECT_EQ(reason_of(write), Reason::sysreg);
	EXPECT_EQ(sysreg_name(write.sysreg()).name, "ICC_SGI1R_EL1");
	EXPECT(!write.is_sysreg_read());
	EXPECT_EQ(write.sysreg_register(), 3);
	EXPECT_EQ(sysreg_name(read.sysreg()).name, "CNTPCT_EL0");
	EXPECT(read.is_sysreg_read());
	EXPECT_EQ(read.sysreg_register(), 30);
	EXPECT_EQ(sysreg_name(Syndrome{sysreg(1, 0, 7, 14, 2, 0, false)}.sysreg()).name, "DC CISW");
	EXPECT_EQ(sysreg_name({3, 0, 2, 1, 0}).name, "APIAKeyLo_EL1");
}

TEST(numbered_registers_have_their_number)
{
	constexpr struct {
		SysregCode code;
		const char *name;
		int number;
		const char *suffix;
	} names[] = {
		{{2, 0, 0, 0, 4}, "DBGBVR", 0, "_EL1"},
		{{2, 0, 0, 15, 7}, "DBGWCR", 15, "_EL1"},
		{{3, 3, 14, 8, 0}, "PMEVCNTR", 0, "_EL0"},
		{{3, 3, 14, 11, 6}, "PMEVCNTR", 30, "_EL0"},
		{{3, 3, 14, 12, 0}, "PMEVTYPER", 0, "_EL0"},
		{{3, 0, 12, 9, 3}, "ICC_AP1R", 3, "_EL1"},
		{{3, 0, 12, 8, 4}, "ICC_AP0R", 0, "_EL1"},
		{{3, 3, 13, 5, 1}, "AMEVCNTR0", 9, "_EL0"},
		{{3, 3, 13, 14, 0}, "AMEVTYPER1", 0, "_EL0"},
	};

	for (const auto &n : names) {
		const SysregName got = sysreg_name(n.code);

		ASSERT(got.name);
		EXPECT_EQ(got.name, n.name);
		EXPECT_EQ(got.number, n.number);
		EXPECT_EQ(got.suffix, n.suffix);
	}
	// The last of them is no event's.
	EXPECT_EQ(sysreg_name({3, 3, 14, 15, 7}).name, "PMCCFILTR_EL0");
	EXPECT_EQ(sysreg_name({3, 3, 14, 15, 7}).number, -1);
}

TEST(what_has_no_name_says_so)
{
	EXPECT(!sysreg_name({3, 0, 15, 2, 0}).name);
	EXPECT(!sysreg_name({3, 1, 11, 0, 0}).name);
	EXPECT(!sysreg_name({0, 0, 0, 0, 0}).name);
	EXPECT(!sysreg_name({3, 3, 13, 8, 0}).name);
	EXPECT(!sysreg_name({3, 7, 15, 15, 7}).name);
}

TEST(every_exception_class_has_a_name_and_a_reason)
{
	unsigned reserved = 0;

	for (unsigned ec = 0; ec < 64; ec++) {
		const bool named = ec_text(ec) != std::string_view{"reserved"};

		reserved += !named;
		EXPECT(text(reason_of(Syndrome{esr(ec, 0)})));
		if (!named)
			EXPECT_EQ(reason_of(Syndrome{esr(ec, 0)}), Reason::unknown_exception);
	}
	EXPECT_EQ(reserved, 15);
	EXPECT_EQ(ec_text(0x24), "Data Abort from a lower Exception level");
	EXPECT_EQ(reason_of(Syndrome{esr(0x01, 0)}), Reason::wfi);
	EXPECT_EQ(reason_of(Syndrome{esr(0x01, 1)}), Reason::wfe);
	EXPECT_EQ(reason_of(Syndrome{esr(0x01, 2)}), Reason::wfi);
	EXPECT_EQ(reason_of(Syndrome{esr(0x17, 0)}), Reason::smc);
	EXPECT_EQ(reason_of(Syndrome{esr(0x07, 0)}), Reason::fp);
	EXPECT_EQ(reason_of(Syndrome{esr(0x0e, 0)}), Reason::illegal_state);
	EXPECT_EQ(text(Reason::stage2_translation), "stage2-translation");
	EXPECT_EQ(text(Reason::unknown_exception), "unknown-exception");
}

SUITE(syndrome, an_abort_says_fault_and_level, an_abort_says_read_write_or_fetch,
      an_abort_on_a_walk_is_a_write_only_where_permission_was_missing, a_stage2_fault_has_an_ipa,
      an_access_is_described_where_isv_is_set, a_trapped_register_has_its_name,
      numbered_registers_have_their_number, what_has_no_name_says_so,
      every_exception_class_has_a_name_and_a_reason);
