// SPDX-License-Identifier: GPL-2.0-only
//
// walk --va: stage 1 of a guest through its stage 2, each load a line.
#include "commands.hpp"

#include "s2ctl/access.hpp"
#include "s2ctl/exit.hpp"
#include "s2ctl/fields.hpp"
#include "s2ctl/guest_memory.hpp"
#include "s2ctl/source.hpp"
#include "s2ctl/vcpus.hpp"

#include "decode/decode.hpp"
#include "text/text.hpp"
#include "translate/nested.hpp"

#include <cstring>
#include <fcntl.h>

namespace s2ctl
{

namespace
{

using text::hex;
using translate::Load;
using translate::Nested;

struct Regs {
	translate::Registers registers;
	std::string vcpu;
};

Regs registers_of(const Invocation &in, const std::string &guest)
{
	const std::string file = Debugfs::guest_file(guest, "regs");
	const std::string vcpu = in.arguments.text("--vcpu", "0");
	const KeyValues values = parse_key_values(sections(in.debugfs.read(file), vcpu).front());
	const auto number = [&](const char *name) {
		return parse_number(file, value_of(values, name));
	};

	if (value_of(values, "sctlr_el1").empty())
		throw Failure{Exit::refused, "vcpu " + vcpu +
						     " runs: its registers can be read when it "
						     "has left its guest"};
	return {{number("sctlr_el1"), number("tcr_el1"), number("ttbr0_el1"), number("ttbr1_el1"),
		 number("mair_el1")},
		vcpu};
}

decode::Decoded decoded(const Load &load, const dump::Dump &dump, const Nested &nested,
			const translate::Registers &registers)
{
	const dump::Step &step = load.step;

	return load.stage == 2 ? decode::descriptor(dump.format(), step.level, step.descriptor)
			       : decode::descriptor(nested.stage1.shape.format, step.level,
						    step.descriptor, registers.mair);
}

std::string root_text(const translate::Stage1 &stage1)
{
	const vmsa::Geometry &g = stage1.shape.geometry;

	return std::string{stage1.upper ? "TTBR1_EL1" : "TTBR0_EL1"} + ", " +
	       std::to_string(g.input_bits) + "-bit addresses, " +
	       text::size(vmsa::bit(stage1.shape.format.page_shift)) + " granule, from level " +
	       std::to_string(g.start) + ", root at IPA " + hex(stage1.root);
}

// "  3  stage 1  level 1 [0x002]  0x0000000080201003  table -> 0x80201000"
void append_load(Output &out, const Load &load, size_t number, const std::string &summary)
{
	std::string &text = out.text;
	const std::string n = std::to_string(number);

	text.append(n.size() < 4 ? 4 - n.size() : 0, ' ');
	text += n + "  ";
	text += load.stage == 1 ? out.bold() : std::string_view{};
	text += "stage " + std::to_string(load.stage) + "  level " +
		std::to_string(load.step.level) + " [" + hex(load.step.index, 3) + "]  " +
		hex(load.step.descriptor, 16) + "  " + summary;
	text += load.stage == 1 ? out.plain() : std::string_view{};
	text += '\n';
}

void append_text(const Invocation &in, const dump::Dump &dump, const Nested &nested,
		 const translate::Registers &registers, uint64_t va)
{
	Output &out = in.out;
	std::string &text = out.text;
	uint64_t before = ~uint64_t{0};
	size_t number = 0;

	text += "VA " + hex(va) + ": " + root_text(nested.stage1) + '\n';
	for (const Load &load : nested.loads) {
		if (load.stage == 2 && load.input != before) {
			text += "IPA " + hex(load.input) +
				(nested.ipa == load.input ? ", the output of stage 1\n"
							  : ", a descriptor of stage 1\n");
			before = load.input;
		}
		append_load(out, load, ++number, decoded(load, dump, nested, registers).summary);
	}
	if (nested.pa) {
		((text += out.bold()) += "VA " + hex(va) + " -> IPA " + hex(*nested.ipa) +
					 " -> PA " + hex(*nested.pa)) += out.plain();
		text += ", " + std::to_string(number) + " loads\n";
		return;
	}
	((text += out.red()) += "VA " + hex(va) + " -> " + translate::describe(*nested.fault)) +=
		out.plain();
	text += '\n';
}

void write_json(json::Writer &json, const dump::Dump &dump, const Nested &nested,
		const translate::Registers &registers, uint64_t va)
{
	json.member("va", hex(va));
	json.member("root", hex(nested.stage1.root));
	json.member("upper", nested.stage1.upper);
	json.begin_array("loads");
	for (const Load &load : nested.loads) {
		json.begin_object();
		json.member("stage", load.stage);
		json.member("level", load.step.level);
		json.member("index", load.step.index);
		json.member("table", hex(load.step.table));
		if (load.stage == 1)
			json.member("pa", hex(load.at_pa));
		else
			json.member("input", hex(load.input));
		json.member("descriptor", hex(load.step.descriptor, 16));
		write_fields(json, decoded(load, dump, nested, registers));
		json.end();
	}
	json.end();
	if (nested.ipa)
		json.member("ipa", hex(*nested.ipa));
	if (nested.pa)
		json.member("output", hex(*nested.pa));
	if (nested.fault) {
		json.member("fault", translate::name_of(nested.fault->type));
		json.member("stage", nested.fault->stage);
		json.member("level", nested.fault->level);
		json.member("on_walk", nested.fault->on_walk);
	}
}

} // namespace

void show_nested_walk(const Invocation &in)
{
	const std::string guest = in.arguments.text("guest");
	const auto asked = access_of(in.arguments);

	if (is_file(guest))
		throw Failure{Exit::usage, "--va needs a live guest: a dump has neither its "
					   "registers nor its memory"};

	const Regs regs = registers_of(in, guest);
	const translate::Registers &registers = regs.registers;
	const dump::Dump dump = read_tables(in.debugfs, guest);
	const GuestMemory memory{in.debugfs, guest, O_RDONLY};
	const auto read = [&](uint64_t ipa) {
		vmsa::Descriptor d;
		char bytes[sizeof(d)];

		memory.read(ipa, bytes, sizeof(bytes));
		std::memcpy(&d, bytes, sizeof(d));
		return d;
	};
	json::Writer json{in.out.text};

	if (!(registers.sctlr & 1))
		throw Failure{Exit::refused, "the MMU of vcpu " + regs.vcpu +
						     " is off (SCTLR_EL1.M is 0): its addresses "
						     "are IPAs; leave out --va"};
	if (in.json)
		json.begin_array();
	for (const std::string &word : in.arguments.all("ipa")) {
		const uint64_t va = parse_number("VA", word);
		const std::string wrong = translate::stage1_of(registers, va).shape.wrong;

		if (!wrong.empty())
			throw Failure{Exit::refused, hex(va) + ": " + wrong};

		const Nested nested = translate::walk(dump, registers, va, read);
		const auto fault =
			asked && nested.ipa
				? translate::check(nested, dump.header().vtcr, registers, *asked)
				: nested.fault;

		if (in.json) {
			json.begin_object();
			write_json(json, dump, nested, registers, va);
			if (asked)
				write_verdict(json, *asked, fault);
			json.end();
			continue;
		}
		if (&word != in.arguments.all("ipa").data())
			in.out.text += '\n';
		append_text(in, dump, nested, registers, va);
		if (asked)
			append_verdict(in.out, *asked, fault, "");
	}
	if (in.json)
		json.end();
}

} // namespace s2ctl
