// SPDX-License-Identifier: GPL-2.0-only
//
// features, list, create, remove: the machine and its guests.
#include "commands.hpp"

#include "s2ctl/boot.hpp"
#include "s2ctl/exit.hpp"
#include "s2ctl/machine.hpp"
#include "s2ctl/module_json.hpp"
#include "s2ctl/request.hpp"

#include "text/text.hpp"

#include <algorithm>

namespace s2ctl
{

namespace
{

using Kind = Argument::Kind;

// What the module says, if it is there.
KeyValues features_if_loaded(const Invocation &in)
{
	try {
		return parse_key_values(in.debugfs.read("features"));
	} catch (const Failure &) {
		return {};
	}
}

// A text in words, with its lines as they are to be: nothing of it is done here.
std::string explain(const boot::Verdict &verdict, const boot::Place &place)
{
	std::string text = verdict.why + ".\n";

	if (!verdict.helps)
		return text;
	if (place.file.empty())
		return text +
		       "s2ctl found no configuration of a boot loader that it knows. Add this word "
		       "to the kernel's command line:\n    " +
		       boot::option +
		       "\nIn U-Boot, for one start or, with saveenv, for all:\n    "
		       "setenv bootargs \"${bootargs} " +
		       boot::option + "\"\n";
	text += "In " + place.file + ", ";
	if (place.now.empty())
		text += "add the line\n    " + place.then + '\n';
	else if (place.now == place.then)
		text += "the option is there already, in the line\n    " + place.then + '\n';
	else
		text += "make the line\n    " + place.now + "\nthis one:\n    " + place.then + '\n';
	if (!place.afterwards.empty())
		text += "Then run, as root:\n    " + place.afterwards + '\n';
	return text + "The option is used from the next start on.\n";
}

void show_boot(const Invocation &in)
{
	const std::string root = in.arguments.text("--root", "");

	if (root.empty() && !elsewhere().empty())
		throw Failure{Exit::usage, "--boot: only arm64 kernels have the option; --root DIR "
					   "reads the files of another machine"};

	const boot::Verdict verdict =
		boot::judge(features_if_loaded(in), small_file(root + "/proc/cmdline"));
	const boot::Place place = boot::find_place(root);

	if (!in.json) {
		in.out.text = explain(verdict, place);
		return;
	}

	json::Writer json{in.out.text};

	json.begin_object();
	write_members(json, {{"verdict", verdict.name},
			     {"option", verdict.helps ? boot::option : ""},
			     {"file", place.file},
			     {"now", place.now},
			     {"then", place.then},
			     {"afterwards", place.afterwards}});
	json.end();
}

void features(const Invocation &in)
{
	if (in.arguments.has("--boot")) {
		show_boot(in);
		return;
	}

	const std::string text = in.debugfs.read("features");

	if (!in.json) {
		in.out.text = text;
		return;
	}

	json::Writer json{in.out.text};

	json.begin_object();
	write_members(json, parse_key_values(text));
	json.end();
}

// A line of `list`. A guest may go while it is looked at: then there is none.
bool describe(const Invocation &in, const std::string &guest, KeyValues &config, KeyValues &stats)
{
	try {
		config = parse_key_values(in.debugfs.read(Debugfs::guest_file(guest, "config")));
		stats = parse_key_values(in.debugfs.read(Debugfs::guest_file(guest, "stats")));
		return true;
	} catch (const Failure &failure) {
		if (failure.code() == Exit::unreachable)
			throw;
		return false;
	}
}

std::string size_of(const std::string &bytes)
{
	const text::Number n = text::parse_number(bytes);

	return n.trouble == text::Number::Trouble::none ? text::size(n.value) : bytes;
}

void pad(std::string &out, size_t width, const std::string &text)
{
	out += text;
	out.append(text.size() < width ? width - text.size() : 1, ' ');
}

// All, or those that were named: each of them has to be there.
std::vector<std::string> guests_to_list(const Invocation &in)
{
	if (!in.arguments.has("guest"))
		return in.debugfs.guests();
	for (const std::string &guest : in.arguments.all("guest"))
		(void)in.debugfs.read(Debugfs::guest_file(guest, "config"));
	return in.arguments.all("guest");
}

void list(const Invocation &in)
{
	std::string &out = in.out.text;
	const std::vector<std::string> guests = guests_to_list(in);
	json::Writer json{out};
	size_t name_width = 17;

	for (const std::string &guest : guests)
		name_width = std::max(name_width, guest.size() + 1);
	if (in.arguments.has("--names")) {
		for (const std::string &guest : guests)
			out += guest + '\n';
		return;
	}
	if (in.json)
		json.begin_array();
	else if (guests.empty() && terminal_size())
		out += "there is no guest (s2ctl create makes one)\n";
	else if (!guests.empty()) {
		out += in.out.bold();
		pad(out, name_width, "NAME");
		(out += "IPA BITS  RAM     MAPPED    TABLES") += in.out.plain();
		out += '\n';
	}
	for (const std::string &guest : guests) {
		KeyValues config, stats;

		if (!describe(in, guest, config, stats))
			continue;
		if (in.json) {
			json.begin_object();
			write_members(json, config);
			write_members(json, stats);
			json.end();
			continue;
		}
		pad(out, name_width, guest);
		pad(out, 10, value_of(config, "ipa_bits"));
		pad(out, 8, value_of(config, "ram"));
		pad(out, 10, size_of(value_of(stats, "mapped_bytes")));
		out += value_of(stats, "tables") + " (" + size_of(value_of(stats, "table_bytes")) +
		       ")\n";
	}
	if (in.json)
		json.end();
}

void create(const Invocation &in)
{
	Request{}
		.add("name", in.arguments.text("guest"))
		.add_given("granule", in.arguments, "--granule")
		.add_given("ipa_bits", in.arguments, "--ipa-bits")
		.add_given("ram", in.arguments, "--ram")
		.add_given("tables", in.arguments, "--tables")
		.add_given("vcpus", in.arguments, "--vcpus")
		.send(in, "create");
}

// All, or none: who is not there, or is named twice, is known before the first one goes.
void remove(const Invocation &in)
{
	const std::vector<std::string> &guests = in.arguments.all("guest");
	std::string removed;

	for (auto guest = guests.begin(); guest != guests.end(); guest++) {
		if (std::find(guests.begin(), guest, *guest) != guest)
			throw Failure{Exit::usage, "guest '" + *guest + "' is named twice"};
		(void)in.debugfs.read(Debugfs::guest_file(*guest, "config"));
	}
	for (const std::string &guest : guests) {
		try {
			Request{}.add("name", guest).send(in, "remove");
		} catch (const Failure &failure) {
			if (removed.empty())
				throw;
			throw Failure{Exit::incomplete,
				      "removed" + removed + "; then " + failure.what()};
		}
		removed += ' ' + guest;
	}
}

constexpr Argument features_arguments[] = {
	{"--boot", nullptr, "show the boot option that guests need, and where to write it",
	 Kind::flag},
	{"--root", "DIR", "with --boot: the root folder of the machine's files (/)"},
};

constexpr Argument list_arguments[] = {
	{"guest", "GUEST", "only these (all)", Kind::guest, false, true},
	{"--names", nullptr, "only their names", Kind::flag},
};

constexpr const char *granules[] = {"4k", "16k", "64k"};

constexpr Argument create_arguments[] = {
	{"guest", "GUEST", "its name: letters, digits, _ - .", Kind::text, true},
	{"--granule", "SIZE", "the page of its tables: 4k, 16k or 64k (4k)", Kind::choice, false,
	 false, granules},
	{"--ipa-bits", "N", "bits of its addresses, 32 or more (40)"},
	{"--ram", "SIZE", "bytes of RAM (64M)"},
	{"--tables", "N", "how many tables it may use (no limit)"},
	{"--vcpus", "N", "how many vCPUs (1)"},
};

constexpr Argument remove_arguments[] = {
	{"guest", "GUEST", "which", Kind::guest, true, true},
};

} // namespace

constexpr Command features_command = {
	"features",
	"show what this machine can do",
	"On a CPU without VHE, guests can run only if a boot option keeps KVM away from EL2. "
	"--boot says whether this machine needs the option, and shows which line of the boot "
	"loader's configuration to change, and how. It changes nothing.",
	features_arguments,
	"  s2ctl features\n  s2ctl features --json\n  s2ctl features --boot\n",
	features};

constexpr Command list_command = {"list",
				  "list the guests",
				  "",
				  list_arguments,
				  "  s2ctl list\n  s2ctl list demo other\n  s2ctl list --names\n  "
				  "s2ctl list --json | jq '.[].mapped_bytes'\n",
				  list};

constexpr Command create_command = {
	"create",
	"make a guest",
	"Sizes are 4096, 0x1000, 4K, 64M, 1G. The kernel gives the guest's RAM at once, filled "
	"with zeroes.",
	create_arguments,
	"  s2ctl create demo\n  s2ctl create small --ipa-bits 32 --ram 1M\n"
	"  s2ctl create wide --granule 64k --ipa-bits 48\n",
	create};

constexpr Command remove_command = {
	"remove",
	"remove guests",
	"If one of them does not exist, none is removed. Files of a removed guest that are still "
	"open return ENODEV.",
	remove_arguments,
	"  s2ctl remove demo\n  s2ctl list --names | xargs s2ctl remove\n",
	remove};

} // namespace s2ctl
