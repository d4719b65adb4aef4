// SPDX-License-Identifier: GPL-2.0-only
//
// demand, dirty, accessed: what is mapped when a guest uses it, and what it has used.
#include "commands.hpp"

#include "s2ctl/exit.hpp"
#include "s2ctl/request.hpp"

#include "text/text.hpp"

#include <cstdio>

namespace s2ctl
{

namespace
{

using Kind = Argument::Kind;

std::string file_of(const Invocation &in, const char *name)
{
	return Debugfs::guest_file(in.arguments.text("guest"), name);
}

// The region of the arguments, both parts of it or none. Throws a Failure.
bool has_region(const Invocation &in)
{
	if (!in.arguments.has("ipa"))
		return false;
	if (in.arguments.text("ipa") == "off")
		throw Failure{Exit::usage, "'off' is not an address; use --off"};
	if (!in.arguments.has("size"))
		throw Failure{Exit::usage, "SIZE is required with an IPA"};
	return true;
}

Request region(const Invocation &in)
{
	return Request{}
		.add("ipa", in.arguments.text("ipa"))
		.add("size", in.arguments.text("size"));
}

// Each line of a file, in JSON by `write` as members of an object.
template <class Write>
void show_lines(const Invocation &in, const std::string &file, const Write &write)
{
	const std::string text = in.debugfs.read(file);
	json::Writer json{in.out.text};

	if (!in.json) {
		in.out.text = text;
		return;
	}
	json.begin_array();
	for (size_t at = 0; at < text.size();) {
		const size_t end = std::min(text.find('\n', at), text.size());

		json.begin_object();
		if (!write(json, text.substr(at, end - at)))
			throw Failure{Exit::bad_file,
				      file + ": unexpected line: " + text.substr(at, end - at)};
		json.end();
		at = end + 1;
	}
	json.end();
}

// "0090003000-0090005fff"
bool write_range(json::Writer &json, const std::string &line)
{
	unsigned long long first, last;

	if (std::sscanf(line.c_str(), "%llx-%llx", &first, &last) != 2)
		return false;
	json.member("first", text::hex(first));
	json.member("last", text::hex(last));
	return true;
}

// "0090000000-00900fffff rw- normal  max 4K  2 pages"
bool write_demand(json::Writer &json, const std::string &line)
{
	char access[16], memory[16], largest[16];
	unsigned long long pages;

	if (!write_range(json, line) || std::sscanf(line.c_str(), "%*s %15s %15s max %15s %llu",
						    access, memory, largest, &pages) != 4)
		return false;
	json.member("access", access);
	json.member("memory", memory);
	json.member("max", text::parse_number(largest).value);
	json.member("pages", uint64_t{pages});
	return true;
}

void off(const Invocation &in, const std::string &file)
{
	if (in.arguments.has("ipa"))
		throw Failure{Exit::usage, "--off is for all regions, so it takes no IPA"};
	Request::word("off").send(in, file);
}

void demand(const Invocation &in)
{
	const std::string file = file_of(in, "demand");

	if (in.arguments.has("--off"))
		off(in, file);
	else if (has_region(in))
		region(in)
			.add_given("prot", in.arguments, "--prot")
			.add_given("attr", in.arguments, "--attr")
			.add_given("max", in.arguments, "--max")
			.send(in, file);
	else
		show_lines(in, file, write_demand);
}

void dirty(const Invocation &in)
{
	const std::string file = file_of(in, "dirty");

	if (in.arguments.has("--off"))
		off(in, file);
	else if (has_region(in))
		region(in).send(in, file);
	else
		show_lines(in, file, write_range);
}

void accessed(const Invocation &in)
{
	const std::string file = file_of(in, "accessed");

	if (in.arguments.has("--faults"))
		Request{}.add_given("faults", in.arguments, "--faults").send(in, file);
	else
		show_lines(in, file, write_range);
}

constexpr const char *prots[] = {"none", "r", "w", "rw", "rx", "rwx"};
constexpr const char *attrs[] = {"normal", "nc", "device"};
constexpr const char *leaves[] = {"4k", "16k", "64k", "2m", "32m", "512m", "1g"};
constexpr const char *reactions[] = {"note", "report"};

constexpr Argument guest_argument = {"guest", "GUEST", "whose", Kind::guest, true};
constexpr Argument ipa_argument = {
	"ipa", "IPA", "first address of a region; must be a multiple of the guest's page"};
constexpr Argument size_argument = {"size", "SIZE",
				    "its size in bytes; must be a multiple of the guest's page"};

constexpr Argument demand_arguments[] = {
	guest_argument,
	ipa_argument,
	size_argument,
	{"--prot", "PROT", "none, r, w, rw, rx or rwx (rw)", Kind::choice, false, false, prots},
	{"--attr", "TYPE", "normal, nc or device (normal)", Kind::choice, false, false, attrs},
	{"--max", "SIZE",
	 "the largest leaf: 4k, 2m, 1g; of other granules 16k, 32m, 64k, 512m (a page)",
	 Kind::choice, false, false, leaves},
	{"--off", nullptr, "forget all regions; mappings stay", Kind::flag},
};

constexpr Argument dirty_arguments[] = {
	guest_argument,
	ipa_argument,
	size_argument,
	{"--off", nullptr, "stop logging in all regions", Kind::flag},
};

constexpr Argument accessed_arguments[] = {
	guest_argument,
	{"--faults", "WHAT",
	 "if hardware does not set the access flag: note a first access, or report it as an exit",
	 Kind::choice, false, false, reactions},
};

} // namespace

constexpr Command demand_command = {
	"demand",
	"map a region on its first use; show such regions",
	"When the guest accesses a hole in such a region, the module maps memory there. Without a "
	"region, it shows all regions, and how many pages were mapped in each.",
	demand_arguments,
	"  s2ctl demand demo 0x90000000 1M\n  s2ctl demand demo 0xa0000000 64M --prot rwx --max "
	"2m\n"
	"  s2ctl demand demo\n  s2ctl demand demo --off\n",
	demand};

constexpr Command dirty_command = {
	"dirty",
	"log what the guest writes in a region; show the log",
	"Without a region, it shows what was written since the last time, and clears the log.",
	dirty_arguments,
	"  s2ctl dirty demo 0x90000000 1M\n  s2ctl dirty demo\n  s2ctl dirty demo --off\n",
	dirty};

constexpr Command accessed_command = {
	"accessed",
	"show what was accessed since the last time",
	"This clears the access flags of what it shows.",
	accessed_arguments,
	"  s2ctl accessed demo\n  s2ctl accessed demo --json | jq length\n"
	"  s2ctl accessed demo --faults report\n",
	accessed};

} // namespace s2ctl
