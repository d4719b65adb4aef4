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

// The program is there by now: a refusal is not that nothing has changed.
void set_pc(const Invocation &in, const std::string &regs, uint64_t entry)
{
	try {
		in.debugfs.write(regs, "vcpu=0 pc=" + hex(entry));
	} catch (const Failure &failure) {
		throw Failure{Exit::incomplete,
			      std::string{"the program was loaded; then "} + failure.what()};
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

	check_mapped(in, guest, program);
	write_program(in, guest, program);
	if (sets_pc)
		set_pc(in, regs, program.entry);
	if (!in.json) {
		in.out.text = text::size(program.bytes()) + " loaded, entry " + hex(program.entry) +
			      (sets_pc ? ", where vcpu 0 will start\n" : "\n");
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
	{"--at", "IPA", "take it as a flat binary for this address (0x80000000)"},
	{"--keep-pc", nullptr, "leave the vCPUs alone", Argument::Kind::flag},
};

} // namespace

constexpr Command load_command = {
	"load",
	"load a program into a guest's memory",
	"An ELF program goes to the physical addresses of its segments, anything else to "
	"0x80000000. All of\n"
	"it has to be mapped, or nothing is written. vcpu 0 is told to start at the entry.",
	arguments,
	"  s2ctl load demo hello.elf\n  s2ctl load demo image.bin --at 0x40000000\n",
	load};

} // namespace s2ctl
