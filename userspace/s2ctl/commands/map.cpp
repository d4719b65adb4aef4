// SPDX-License-Identifier: GPL-2.0-only
//
// map, unmap, protect, fold: requests about a region.
#include "commands.hpp"

#include "s2ctl/request.hpp"

namespace s2ctl
{

namespace
{

using Kind = Argument::Kind;

constexpr Argument guest_argument = {"guest", "GUEST", "whose", Kind::guest, true};
constexpr Argument ipa_argument = {"ipa", "IPA", "first address, a multiple of 4K", Kind::text,
				   true};
constexpr Argument size_argument = {"size", "SIZE", "bytes, a multiple of 4K", Kind::text, true};

// Known here for the shell's completion and an early word; what they mean is the module's business.
constexpr const char *prots[] = {"none", "r", "w", "rw", "rx", "rwx"};
constexpr const char *attrs[] = {"normal", "nc", "device"};
constexpr const char *leaves[] = {"4k", "2m", "1g"};

constexpr Argument map_arguments[] = {
	guest_argument,
	ipa_argument,
	size_argument,
	{"--prot", "PROT", "none, r, w, rw, rx or rwx (rw)", Kind::choice, false, false, prots},
	{"--attr", "TYPE", "normal, nc or device (normal)", Kind::choice, false, false, attrs},
	{"--max", "SIZE", "the largest leaf: 4k, 2m or 1g (1g)", Kind::choice, false, false,
	 leaves},
};

constexpr Argument region_arguments[] = {guest_argument, ipa_argument, size_argument};

constexpr Argument protect_arguments[] = {
	guest_argument,
	ipa_argument,
	size_argument,
	{"prot", "PROT", "none, r, w, rw, rx or rwx", Kind::choice, true, false, prots},
};

Request region(const Invocation &in)
{
	return Request{}
		.add("ipa", in.arguments.text("ipa"))
		.add("size", in.arguments.text("size"));
}

void send(const Invocation &in, const Request &request, const char *file)
{
	request.send(in, Debugfs::guest_file(in.arguments.text("guest"), file));
}

void map(const Invocation &in)
{
	send(in,
	     region(in)
		     .add_given("prot", in.arguments, "--prot")
		     .add_given("attr", in.arguments, "--attr")
		     .add_given("max", in.arguments, "--max"),
	     "map");
}

void unmap(const Invocation &in)
{
	send(in, region(in), "unmap");
}

void protect(const Invocation &in)
{
	send(in, region(in).add_given("prot", in.arguments, "prot"), "protect");
}

void fold(const Invocation &in)
{
	send(in, region(in), "fold");
}

} // namespace

constexpr Command map_command = {
	"map",
	"map a region of a guest to its RAM",
	"The largest leaves that fit are taken. Nothing of the region may be mapped already.",
	map_arguments,
	"  s2ctl map demo 0x80000000 6M\n  s2ctl map demo 0x40000000 64K --prot rx --max 4k\n"
	"  s2ctl map demo 0x9000000 4K --attr device\n",
	map};

constexpr Command unmap_command = {
	"unmap",
	"unmap a region",
	"All of it has to be mapped. A block that sticks out is cut. RAM goes back to the guest.",
	region_arguments,
	"  s2ctl unmap demo 0x80500000 1M\n",
	unmap};

constexpr Command protect_command = {
	"protect",
	"change what a region may be used for",
	"All of it has to be mapped. A block that sticks out is cut, by break-before-make.",
	protect_arguments,
	"  s2ctl protect demo 0x80100000 4K r\n",
	protect};

constexpr Command fold_command = {
	"fold",
	"make blocks of pages, where pages are as one block would be",
	"Nobody sees a difference, but for a guest that waits at such a block meanwhile. What does "
	"not fit\n"
	"stays as it is.",
	region_arguments,
	"  s2ctl fold demo 0x80000000 2M\n",
	fold};

} // namespace s2ctl
