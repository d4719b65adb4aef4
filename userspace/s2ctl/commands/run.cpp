// SPDX-License-Identifier: GPL-2.0-only
//
// regs, run, verify: a guest's vCPUs, where the module has an engine for them.
#include "commands.hpp"

#include "s2ctl/exit.hpp"
#include "s2ctl/module_json.hpp"
#include "s2ctl/request.hpp"
#include "s2ctl/vcpus.hpp"

#include <algorithm>
#include <optional>

namespace s2ctl
{

namespace
{

using Kind = Argument::Kind;

// What the guest printed comes as several lines of one key, and blanks in front are the guest's.
void write_section(json::Writer &json, const std::string &section)
{
	constexpr std::string_view key{"output       "};
	bool printed = false;

	json.begin_object();
	for (const auto &[name, value] : parse_key_values(section)) {
		if (name == "output")
			printed = true;
		else
			write_member(json, name, value);
	}
	if (printed) {
		json.begin_array("output");
		for (size_t at = 0; at < section.size(); at = section.find('\n', at) + 1) {
			const std::string_view line{section.data() + at,
						    section.find('\n', at) - at};

			if (line.starts_with(key))
				json.value(line.substr(key.size()));
		}
		json.end();
	}
	json.end();
}

// A vCPU's number stands out, and a register that is 0 does not.
void append_section(Output &out, const std::string &section)
{
	constexpr std::string_view zero{" 0x0000000000000000"};

	if (!out.coloured()) {
		out.text += section;
		return;
	}
	for (size_t at = 0; at < section.size();) {
		const size_t end = section.find('\n', at);
		const std::string_view line = std::string_view{section}.substr(at, end - at);

		out.text += line.starts_with("vcpu ") ? out.bold()
			    : line.ends_with(zero)    ? out.dim()
						      : std::string_view{};
		(out.text += line) += out.plain();
		out.text += '\n';
		at = end + 1;
	}
}

// The values of registers below each other.
std::string aligned(const std::string &section)
{
	size_t width = 0;
	std::string out;

	for (const auto &[name, value] : parse_key_values(section))
		width = std::max(width, name == "vcpu" ? 0 : name.size());
	for (const auto &[name, value] : parse_key_values(section))
		out += name == "vcpu" || value.empty()
			       ? name + (value.empty() ? "" : ' ' + value) + '\n'
			       : name + std::string(width - name.size() + 1, ' ') + value + '\n';
	return out;
}

void show_sections(const Invocation &in, const std::vector<std::string> &found)
{
	json::Writer json{in.out.text};

	if (in.json)
		json.begin_array();
	for (const std::string &section : found) {
		if (in.json)
			write_section(json, section);
		else
			append_section(in.out, section);
	}
	if (in.json)
		json.end();
}

void regs(const Invocation &in)
{
	const std::string file = Debugfs::guest_file(in.arguments.text("guest"), "regs");
	const std::string vcpu = in.arguments.text("--vcpu", "");

	if (!in.arguments.has("assignment")) {
		auto found = sections(in.debugfs.read(file), vcpu);

		std::ranges::transform(found, found.begin(), aligned);
		show_sections(in, found);
		return;
	}

	Request request;

	if (!vcpu.empty())
		request.add("vcpu", vcpu);
	for (const std::string &assignment : in.arguments.all("assignment")) {
		const size_t equals = assignment.find('=');

		if (equals == std::string::npos)
			throw Failure{Exit::usage, "'" + assignment + "' has no value; write " +
							   assignment + "=0x1"};
		request.add(assignment.substr(0, equals).c_str(), assignment.substr(equals + 1));
	}
	request.send(in, file);
}

void run(const Invocation &in)
{
	const std::string file = Debugfs::guest_file(in.arguments.text("guest"), "run");
	const std::string vcpu = in.arguments.text("--vcpu", "0");
	Request request;
	std::optional<Interrupted> interrupted;

	request.add("vcpu", vcpu)
		.add_given("exits", in.arguments, "--exits")
		.add_given("instructions", in.arguments, "--instructions")
		.add_given("ms", in.arguments, "--ms");
	// The guest leaves when a signal comes, too, and where it was is the answer.
	try {
		in.debugfs.write(file, request.text());
	} catch (const Interrupted &signal) {
		interrupted = signal;
	}
	show_sections(in, sections(in.debugfs.read(file), vcpu));
	if (interrupted) {
		in.out.flush_last_words();
		throw *interrupted;
	}
}

void write_verdict(json::Writer &json, const std::string &guest, const std::string &text)
{
	const size_t par = text.find("PAR_EL1 ");

	json.begin_object();
	if (!guest.empty())
		json.member("guest", guest);
	write_member(json, "verify", text.substr(0, text.find('\n')));
	if (par != std::string::npos)
		json.member("par_el1", text.substr(par + 8, text.find('\n', par) - par - 8));
	json.end();
}

// One guest's verdict has no name; of several, each has.
void verify(const Invocation &in)
{
	const std::vector<std::string> &guests = in.arguments.all("guest");
	const bool several = guests.size() > 1;
	json::Writer json{in.out.text};
	bool same = true;

	for (const std::string &guest : guests)
		(void)in.debugfs.read(Debugfs::guest_file(guest, "config")); // all of them, or none
	if (in.json && several)
		json.begin_array();
	for (const std::string &guest : guests) {
		const std::string text = in.debugfs.read(Debugfs::guest_file(guest, "verify"));

		same = same && text.find("no difference") != std::string::npos;
		if (in.json)
			write_verdict(json, several ? guest : "", text);
		else
			in.out.text += (several ? guest + ": " : "") + text;
	}
	if (in.json && several)
		json.end();
	if (!same) {
		in.out.flush();
		throw Failure{Exit::differs, "the MMU and the tables differ"};
	}
}

constexpr Argument guest_argument = {"guest", "GUEST", "whose", Kind::guest, true};

constexpr Argument regs_arguments[] = {
	guest_argument,
	{"assignment", "NAME=VALUE", "registers to set: pc=0x80000000 x0=1", Kind::text, false,
	 true},
	{"--vcpu", "N", "which vCPU (to read: all; to set: 0)"},
};

constexpr Argument run_arguments[] = {
	guest_argument,
	{"--vcpu", "N", "which vCPU (0)"},
	{"--exits", "N", "end after N exits that the guest caused"},
	{"--instructions", "N", "end after N instructions"},
	{"--ms", "N", "end after N milliseconds"},
};

constexpr Argument verify_arguments[] = {
	{"guest", "GUEST", "one or more guests", Kind::guest, true, true},
};

} // namespace

constexpr Command regs_command = {
	"regs",
	"show or set the registers of vCPUs",
	"",
	regs_arguments,
	"  s2ctl regs demo\n  s2ctl regs demo --vcpu 1 pc=0x80000000 x0=1\n",
	regs};

constexpr Command run_command = {
	"run",
	"run a vCPU until the guest stops",
	"It stops when it ends, faults, waits or is trapped, or when a limit is reached. Ctrl-C "
	"stops it, too. The output says where it stopped, and why.",
	run_arguments,
	"  s2ctl run demo\n  s2ctl run demo --ms 1000 --json\n  s2ctl run demo --instructions 1\n",
	run};

constexpr Command verify_command = {
	"verify",
	"ask the MMU about every leaf",
	"The MMU translates the addresses of each leaf with the guest's tables. The result is "
	"compared.",
	verify_arguments,
	"  s2ctl verify demo\n  s2ctl list --names | xargs s2ctl verify\n",
	verify};

} // namespace s2ctl
