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
constexpr Argument ipa_argument = {
	"ipa", "IPA", "first address; must be a multiple of the guest's page", Kind::text, true};
constexpr Argument size_argument = {
	"size", "SIZE", "size in bytes; must be a multiple of the guest's page", Kind::text, true};

// Known here for the shell's completion and an early word; what they mean is the module's business.
constexpr const char *prots[] = {"none", "r", "w", "rw", "rx", "rwx"};
constexpr const char *attrs[] = {"normal", "nc", "device"};
constexpr const char *leaves[] = {"4k", "16k", "64k", "2m", "32m", "512m", "1g"};

constexpr Argument map_arguments[] = {
	guest_argument,
	ipa_argument,
	size_argument,
	{"--prot", "PROT", "none, r, w, rw, rx or rwx (rw)", Kind::choice, false, false, prots},
	{"--attr", "TYPE", "normal, nc or device (normal)", Kind::choice, false, false, attrs},
	{"--max", "SIZE",
	 "the largest leaf: 4k, 2m, 1g; of other granules 16k, 32m, 64k, 512m (any)", Kind::choice,
	 false, false, leaves},
	{"--contiguous", nullptr, "give aligned groups of leaves the contiguous hint", Kind::flag},
};

constexpr Argument region_arguments[] = {guest_argument, ipa_argument, size_argument};

constexpr Argument fold_arguments[] = {
	guest_argument,
	ipa_argument,
	size_argument,
	{"--contiguous", nullptr, "give groups that stay leaves the contiguous hint", Kind::flag},
};

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
		     .add_given("max", in.arguments, "--max")
		     .add_flag("contiguous", in.arguments, "--contiguous"),
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
	send(in, region(in).add_flag("contiguous", in.arguments, "--contiguous"), "fold");
}

} // namespace

constexpr Command map_command = {
	"map",
	"map a region of a guest to its RAM",
	"It uses the largest leaves that fit. Nothing in the region may be mapped.",
	map_arguments,
	"  s2ctl map demo 0x80000000 6M\n  s2ctl map demo 0x40000000 64K --prot rx --max 4k\n"
	"  s2ctl map demo 0x9000000 4K --attr device\n",
	map};

constexpr Command unmap_command = {"unmap",
				   "unmap a region",
				   "All of the region must be mapped. A block that is only partly "
				   "in it is cut. The guest gets its RAM back.",
				   region_arguments,
				   "  s2ctl unmap demo 0x80500000 1M\n",
				   unmap};

constexpr Command protect_command = {"protect",
				     "change the permissions of a region",
				     "All of the region must be mapped. A block that is only "
				     "partly in it is cut, by break-before-make.",
				     protect_arguments,
				     "  s2ctl protect demo 0x80100000 4K r\n",
				     protect};

constexpr Command fold_command = {
	"fold",
	"replace pages by blocks where that means the same",
	"A table of pages becomes one block if all pages have the same attributes and their RAM is "
	"contiguous and aligned. Other tables stay as they are. If the guest accesses such a "
	"block meanwhile, it waits.",
	fold_arguments,
	"  s2ctl fold demo 0x80000000 2M\n",
	fold};

} // namespace s2ctl
