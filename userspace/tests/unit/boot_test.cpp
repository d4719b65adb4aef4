// SPDX-License-Identifier: GPL-2.0-only
//
// What `s2ctl features --boot` goes by. Whole configurations are in userspace/s2ctl/golden/boot.txt.
#include "s2ctl/boot.hpp"

#include <gtest/gtest.h>

using namespace s2ctl;

namespace
{

TEST(boot, the_option_is_the_last_word_and_within_the_quotes)
{
	EXPECT_EQ(boot::with_option("append root=/dev/mmcblk0p1 rw"),
		  "append root=/dev/mmcblk0p1 rw kvm-arm.mode=none");
	EXPECT_EQ(boot::with_option("\tappend root=/dev/sda  \r\n"),
		  "\tappend root=/dev/sda kvm-arm.mode=none");
	EXPECT_EQ(boot::with_option("A=\"quiet\""), "A=\"quiet kvm-arm.mode=none\"");
	EXPECT_EQ(boot::with_option("A='quiet '"), "A='quiet kvm-arm.mode=none'");
	EXPECT_EQ(boot::with_option("A=\"\""), "A=\"kvm-arm.mode=none\"");
	EXPECT_EQ(boot::with_option("extraargs="), "extraargs=kvm-arm.mode=none");
	EXPECT_EQ(boot::with_option("A=quiet"), "A=quiet kvm-arm.mode=none");
}

TEST(boot, it_helps_where_kvm_is_in_the_way)
{
	const auto helps = [](KeyValues features, const char *command_line) {
		return boot::judge(features, command_line).helps;
	};

	EXPECT_TRUE(
		helps({{"engine", "soft (KVM has EL2: ...)"}, {"kernel", "at EL1, 4K pages"}}, ""));
	EXPECT_TRUE(helps({{"engine", "nvhe (...)"}, {"kernel", "at EL1, 4K pages"}}, "quiet"));
	EXPECT_TRUE(helps({}, "quiet kvm-arm.mode=nvhe"));
	EXPECT_FALSE(helps({{"engine", "vhe (...)"}, {"kernel", "at EL2 (VHE), 4K pages"}}, ""));
	EXPECT_FALSE(helps({{"engine", "soft (the kernel was started at EL1; ...)"},
			    {"kernel", "at EL1, 4K pages"}},
			   ""));
	EXPECT_FALSE(helps({}, "quiet kvm-arm.mode=none rw"));
	EXPECT_TRUE(helps({}, "quiet xkvm-arm.mode=none"));
}

// A program reads a word of a fixed set, and no sentence.
TEST(boot, each_verdict_has_a_name)
{
	const auto name = [](KeyValues features, const char *command_line = "") {
		return std::string{boot::judge(features, command_line).name};
	};

	EXPECT_EQ(name({{"kernel", "at EL2 (VHE), 4K pages"}}), "at-el2");
	EXPECT_EQ(name({{"engine", "soft (the kernel was started at EL1; ...)"}}),
		  "started-at-el1");
	EXPECT_EQ(name({}, "quiet kvm-arm.mode=none"), "option-is-set");
	EXPECT_EQ(name({{"engine", "nvhe (...)"}}), "turns-with-kvm");
	EXPECT_EQ(name({}), "not-loaded");
	EXPECT_EQ(name({{"engine", "soft (KVM has EL2: ...)"}}), "kvm-has-el2");
}

} // namespace
