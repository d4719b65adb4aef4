// SPDX-License-Identifier: GPL-2.0-only
//
// Parts of s2ctl that read what others wrote: error_log, and programs to load.
#include "s2ctl/debugfs.hpp"
#include "s2ctl/exit.hpp"
#include "s2ctl/program.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <elf.h>

using namespace s2ctl;

namespace
{

constexpr const char *log_text =
	"[   8.001] guests/a/map: unknown word (known: ipa size prot attr max)\n"
	"           ipa=0 size=4k prto=rw\n"
	"                         ^\n"
	"[   8.002] create: no memory for a guest\n"
	"[   8.003] guests/a/map: 0x0-0xfff is mapped already\n"
	"           ipa=0 size=4k\n"
	"               ^\n"
	"[   8.004] guests/b/map: size must be a multiple of 4K, and not 0\n"
	"           ipa=0 size=0\n"
	"                      ^\n"
	"[   8.005] guests/a/verify: this machine has no EL2 for guests\n";

TEST(error_log, the_last_entry_of_a_file_and_request_is_found)
{
	EXPECT_EQ(last_entry(log_text, "guests/a/map", "ipa=0 size=4k"),
		  "guests/a/map: 0x0-0xfff is mapped already\n"
		  "           ipa=0 size=4k\n"
		  "               ^");
	EXPECT_EQ(last_entry(log_text, "guests/a/map", "ipa=0 size=4k prto=rw\n"),
		  "guests/a/map: unknown word (known: ipa size prot attr max)\n"
		  "           ipa=0 size=4k prto=rw\n"
		  "                         ^");
	EXPECT_EQ(last_entry(log_text, "guests/a/verify", ""),
		  "guests/a/verify: this machine has no EL2 for guests");
	EXPECT_EQ(last_entry(log_text, "create", "name=x"), "create: no memory for a guest");
}

TEST(error_log, another_request_is_not_taken_for_it)
{
	EXPECT_EQ(last_entry(log_text, "guests/a/map", "ipa=1 size=8k"), "");
	EXPECT_EQ(last_entry(log_text, "guests/a/unmap", "ipa=0 size=4k"), "");
	EXPECT_EQ(last_entry("", "guests/a/map", "ipa=0 size=4k"), "");
	EXPECT_EQ(last_entry("\n", "guests/a/map", "x"), "");
	EXPECT_EQ(last_entry("[", "", ""), "");
}

TEST(error_log, unprintable_characters_were_shown_as_dots)
{
	EXPECT_EQ(last_entry("[ 1.000] create: unknown word\n           na.e=x\n           ^\n",
			     "create",
			     "na\x01"
			     "e=x"),
		  "create: unknown word\n           na.e=x\n           ^");
}

TEST(key_values, are_parsed)
{
	const KeyValues values =
		parse_key_values("name       demo\nstart      level 1, 2 tables\nlast\n\nx y");

	EXPECT_EQ(value_of(values, "name"), "demo");
	EXPECT_EQ(value_of(values, "start"), "level 1, 2 tables");
	EXPECT_EQ(value_of(values, "last"), "");
	EXPECT_EQ(value_of(values, "x"), "y");
	EXPECT_EQ(value_of(values, "none"), "");
	EXPECT_EQ(values.size(), 4u);
}

// A program of two segments, the second with zeros behind it.
struct Elf {
	Elf64_Ehdr header{};
	Elf64_Phdr segments[3]{};
	char contents[24] = "0123456789abcdefABCDEFG";

	Elf()
	{
		std::memcpy(header.e_ident, ELFMAG, SELFMAG);
		header.e_ident[EI_CLASS] = ELFCLASS64;
		header.e_ident[EI_DATA] = ELFDATA2LSB;
		header.e_type = ET_EXEC;
		header.e_machine = EM_AARCH64;
		header.e_entry = 0x80000004;
		header.e_phoff = offsetof(Elf, segments);
		header.e_phentsize = sizeof(Elf64_Phdr);
		header.e_phnum = 3;
		segments[0] = {PT_LOAD, PF_R, offsetof(Elf, contents), 0x80000000, 0x80000000, 16,
			       16,	16};
		segments[1] = {PT_NOTE, 0, ~0ull, 0, 0, ~0ull, 0, 0};
		segments[2] = {PT_LOAD,	   PF_R,       offsetof(Elf, contents) + 16,
			       0x90001000, 0x80001000, 8,
			       32,	   8};
	}
	std::string_view text() const
	{
		return {reinterpret_cast<const char *>(this), sizeof(*this)};
	}
};

std::string complaint(const Elf &elf)
{
	try {
		(void)program_of("x", elf.text());
		return "";
	} catch (const Failure &failure) {
		EXPECT_EQ(failure.code(), Exit::bad_file);
		return failure.what();
	}
}

TEST(program, segments_go_to_their_physical_addresses)
{
	const Elf elf;
	const Program program = program_of("x", elf.text());

	ASSERT_EQ(program.segments.size(), 2u);
	EXPECT_EQ(program.entry, 0x80000004u);
	EXPECT_EQ(program.bytes(), 48u);
	EXPECT_EQ(program.segments[0].address, 0x80000000u);
	EXPECT_EQ(program.segments[0].contents, "0123456789abcdef");
	EXPECT_EQ(program.segments[1].address, 0x80001000u);
	EXPECT_EQ(program.segments[1].contents.substr(0, 7), "ABCDEFG");
	EXPECT_EQ(program.segments[1].bytes, 32u);
}

TEST(program, what_is_no_elf_is_flat)
{
	EXPECT_EQ(program_of("x", "hello").segments[0].address, 0x80000000u);
	EXPECT_EQ(program_of("x", "hello").entry, 0x80000000u);
	EXPECT_EQ(flat_program("hello", 0x1000).segments[0].bytes, 5u);
	EXPECT_THROW((void)flat_program("hello", ~uint64_t{0}), Failure);
}

TEST(program, a_bad_elf_is_refused)
{
	Elf elf;

	elf.header.e_machine = EM_X86_64;
	EXPECT_EQ(complaint(elf), "x: not for little-endian arm64");
	elf = {};
	elf.header.e_type = ET_REL;
	EXPECT_EQ(complaint(elf), "x: not an ELF program (link an object first)");
	elf = {};
	elf.header.e_phoff = ~0ull;
	EXPECT_EQ(complaint(elf), "x: the file ends within its program headers");
	elf = {};
	elf.segments[0].p_offset = ~0ull - 8;
	EXPECT_EQ(complaint(elf), "x: the file ends within a segment");
	elf = {};
	elf.segments[0].p_filesz = ~0ull;
	EXPECT_EQ(complaint(elf), "x: the file ends within a segment");
	elf = {};
	elf.segments[0].p_memsz = 8;
	EXPECT_EQ(complaint(elf), "x: a segment has an impossible size");
	elf = {};
	elf.segments[0].p_paddr = ~0ull - 8;
	EXPECT_EQ(complaint(elf), "x: a segment has an impossible size");
	elf = {};
	elf.segments[1].p_type = PT_INTERP;
	EXPECT_EQ(complaint(elf), "x: a program for an operating system (it has an interpreter)");
	elf = {};
	elf.header.e_phnum = 0;
	EXPECT_EQ(complaint(elf), "x: there is nothing to load in it");
	elf = {};
	elf.header.e_entry = 0x80000010;
	EXPECT_EQ(complaint(elf), "x: its entry is outside of its segments");
}

TEST(program, an_elf_that_was_cut_short_is_refused)
{
	const Elf elf;

	for (size_t length = SELFMAG; length + 1 < sizeof(elf); length++) {
		// A copy without a byte behind it: the sanitizer sees what reads on.
		const std::vector<char> cut{elf.text().begin(),
					    elf.text().begin() + static_cast<long>(length)};

		EXPECT_THROW((void)program_of("x", {cut.data(), cut.size()}), Failure) << length;
	}
}

} // namespace
