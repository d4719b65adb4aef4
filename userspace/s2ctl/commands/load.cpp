// SPDX-License-Identifier: GPL-2.0-only
//
// load: a program into a guest's memory, through its own tables.
#include "commands.hpp"

#include "s2ctl/exit.hpp"
#include "s2ctl/guest_memory.hpp"
#include "s2ctl/program.hpp"
#include "s2ctl/source.hpp"

#include "text/text.hpp"

#include <algorithm>
#include <fcntl.h>

namespace s2ctl
{

namespace
{

using text::hex;

// Before a byte is written.
void check_mapped(const Invocation &in, const std::string &guest, const Program &program)
{
	const dump::Dump dump = read_tables(in.debugfs, guest);

	for (const elf::Segment &segment : program.segments) {
		const uint64_t last = segment.last();
		const auto hole = first_hole(dump, segment.address, last);

		if (hole)
			throw Failure{Exit::refused,
				      hex(*hole) + " is not mapped, and the program takes " +
					      hex(segment.address) + "-" + hex(last) +
					      ": nothing was written (s2ctl map --help)"};
	}
}

void write_program(const Invocation &in, const std::string &guest, const Program &program)
{
	constexpr size_t at_once = 1 << 20;
	static const std::string zeros(at_once, '\0');
	const GuestMemory memory{in.debugfs, guest, O_WRONLY};
	Progress progress{"load", program.bytes()};
	uint64_t done = 0;

	for (const elf::Segment &segment : program.segments) {
		for (uint64_t at = 0; at < segment.bytes;) {
			std::string_view piece = zeros;

			if (at < segment.contents.size())
				piece = segment.contents.substr(at);
			piece = piece.substr(0, std::min<uint64_t>(at_once, segment.bytes - at));
			memory.write(segment.address + at, piece);
			at += piece.size();
			progress.at(done += piece.size());
		}
	}
}

// As a vCPU is that has never run: one that has may have left its MMU on. What somebody asks for comes behind.
std::string first_state(const Invocation &in, unsigned vcpu, uint64_t entry)
{
	const std::vector<std::string> &words = in.arguments.all("assignment");
	std::string state = "vcpu=" + std::to_string(vcpu) + " pstate=0x3c5 sctlr_el1=0x30d00800";
	const auto is_given = [&](const std::string &name) {
		return std::ranges::any_of(
			words, [&](const std::string &w) { return w.starts_with(name + '='); });
	};

	if (!is_given("pc"))
		state += " pc=" + hex(entry);
	for (unsigned n = 0; n <= 6; n++) {
		const std::string name = 'x' + std::to_string(n);

		if (!is_given(name))
			state += ' ' + name + '=' + std::to_string(n ? 0 : vcpu);
	}
	for (const std::string &word : words)
		state += ' ' + word;
	return state;
}

// A module that says nothing of vCPUs has one.
unsigned vcpus_of(const Invocation &in, const std::string &guest)
{
	const KeyValues config =
		parse_key_values(in.debugfs.read(Debugfs::guest_file(guest, "config")));
	const std::string vcpus = value_of(config, "vcpus");

	return vcpus.empty() ? 1 : static_cast<unsigned>(parse_number("vcpus", vcpus));
}

// The program is there by now: a refusal is not that nothing has changed.
void set_registers(const Invocation &in, const std::string &regs, unsigned vcpus, uint64_t entry)
{
	try {
		for (unsigned vcpu = 0; vcpu < vcpus; vcpu++)
			in.debugfs.write(regs, first_state(in, vcpu, entry));
	} catch (const Failure &failure) {
		throw Failure{Exit::incomplete,
			      std::string{"the program was loaded; then "} + failure.what()};
	}
}

// Before a byte is written.
void check_words(const Arguments &arguments)
{
	for (const std::string &word : arguments.all("assignment")) {
		if (arguments.has("--keep-pc"))
			throw Failure{Exit::usage, "--keep-pc leaves registers alone: " + word +
							   " is not for it"};
		if (word.find('=') == std::string::npos || word.find(' ') != std::string::npos)
			throw Failure{Exit::usage,
				      "'" + word + "' sets no register; write x1=0x80200000"};
	}
}

void load(const Invocation &in)
{
	const std::string guest = in.arguments.text("guest");
	const std::string name = in.arguments.text("file");
	const std::string regs = Debugfs::guest_file(guest, "regs");
	const std::string contents = read_program(name);
	const Program program = in.arguments.has("--at")
					? flat_program(contents, in.arguments.number("--at"))
					: program_of(name, contents);
	// A module without vCPUs has no such file.
	const bool sets_pc = !in.arguments.has("--keep-pc") && in.debugfs.has(regs);

	check_words(in.arguments);

	const unsigned vcpus = vcpus_of(in, guest);

	check_mapped(in, guest, program);
	write_program(in, guest, program);
	if (sets_pc)
		set_registers(in, regs, vcpus, program.entry);
	if (!in.json) {
		in.out.text = text::size(program.bytes()) + " loaded, entry " + hex(program.entry) +
			      (!sets_pc	    ? "\n"
			       : vcpus == 1 ? ", where vcpu 0 will start\n"
					    : ", where all " + std::to_string(vcpus) +
						      " vcpus will start\n");
		return;
	}

	json::Writer json{in.out.text};

	json.begin_object();
	json.member("entry", hex(program.entry));
	json.member("pc_set", sets_pc);
	json.begin_array("segments");
	for (const elf::Segment &segment : program.segments) {
		json.begin_object();
		json.member("ipa", hex(segment.address));
		json.member("bytes", segment.bytes);
		json.end();
	}
	json.end();
	json.end();
}

constexpr Argument arguments[] = {
	{"guest", "GUEST", "whose memory", Argument::Kind::guest, true},
	{"file", "FILE", "an ELF program for arm64, or a flat binary", Argument::Kind::file, true},
	{"assignment", "NAME=VALUE", "registers to set: x1=0x90000000", Argument::Kind::text, false,
	 true},
	{"--at", "IPA", "load it as a flat binary at this address (0x80000000)"},
	{"--keep-pc", nullptr, "leave the vCPUs as they are", Argument::Kind::flag},
};

} // namespace

constexpr Command load_command = {
	"load",
	"load a program into a guest's memory",
	"An ELF program is loaded at the physical addresses of its segments, any other file at "
	"0x80000000. If some of that memory is not mapped, nothing is written. Then each vCPU is "
	"reset: EL1 with the MMU off, pc at the entry, its number in x0, and 0 in x1 to x6, "
	"unless NAME=VALUE sets another value.",
	arguments,
	"  s2ctl load demo hello.elf\n  s2ctl load demo touch.elf x1=0x80200000 x2=64K\n  s2ctl "
	"load demo image.bin --at 0x40000000\n",
	load};

} // namespace s2ctl
