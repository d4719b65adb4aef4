// SPDX-License-Identifier: GPL-2.0-only
//
// Every operation that a mapping has, as data: what is asked, of which pages.
#pragma once

#include "exhaust/toy.hpp"
#include "vmsa/fold.hpp"
#include "vmsa/map.hpp"

#include <string>

namespace exhaust
{

using vmsa::Descriptor;

enum class Verb : uint8_t {
	map,
	remap,
	unmap,
	unmap_saying, // and leaves an annotation
	unmap_showing,
	protect,
	retype, // modify: another memory type
	mark, // modify: a software bit
	annotate,
	reannotate,
	unannotate,
	cut,
	fold,
	harvest_accessed,
	harvest_dirty,
	note_accessed,
	note_dirty,
	access, // by hardware
	write,
	write_noted_beside, // in the other leaf of its group
};

inline constexpr const char *verbs[] = {
	"map",		 "remap",
	"unmap",	 "unmap_saying",
	"unmap_showing", "protect",
	"retype",	 "mark",
	"annotate",	 "reannotate",
	"unannotate",	 "cut",
	"fold",		 "harvest_accessed",
	"harvest_dirty", "note_accessed",
	"note_dirty",	 "access",
	"write",	 "write_noted_beside",
};

// A leaf's attributes, few enough to be listed.
enum class Kind : uint8_t {
	rw, // Write-Back
	r,
	nc_rw, // Non-cacheable
	logged, // DBM set, clean, not accessed yet
	read, // as logged, and accessed
	written, // and dirty
};

inline constexpr const char *kinds[] = {"rw", "r", "nc_rw", "logged", "read", "written"};

// An annotation; 0 stands for none. The first has a leaf's hint and its note among its bits, when it stands in an
// entry.
enum class Note : uint64_t { none, a = vmsa::bit(57) | vmsa::bit(51) | 1, b = 2 };

struct Operation {
	Verb verb;
	uint8_t first = 0; // pages
	uint8_t last = 0;
	Kind attributes = Kind::rw;
	bool shifted = false; // the output is a page off: no block can lead there
	Level largest = -1; // or the level to cut to
	bool contiguous = false;
	Note from = Note::none; // what may stand there, or what is there
	Note to = Note::none;
};

// Those of hardware and of fault handlers.
constexpr bool of_one_page(const Operation &o)
{
	return o.verb >= Verb::note_accessed;
}

constexpr bool by_hardware(const Operation &o)
{
	return o.verb >= Verb::access;
}

inline constexpr uint64_t ram = 0x4000'0000;

constexpr uint64_t output_of(const Operation &o, size_t page)
{
	return ram + ((page + o.shifted) << page_shift);
}

constexpr vmsa::Stage2Attributes attributes_of(Kind kind)
{
	switch (kind) {
	case Kind::r:
		return vmsa::normal | vmsa::r;
	case Kind::nc_rw:
		return vmsa::nc | vmsa::rw;
	case Kind::logged:
	case Kind::read:
	case Kind::written: {
		vmsa::Stage2Attributes a = vmsa::normal | vmsa::r;

		a.dbm = true;
		a.accessed = kind != Kind::logged;
		a.access.write = kind == Kind::written;
		return a;
	}
	default:
		return vmsa::normal | vmsa::rw;
	}
}

// What the descriptor of a leaf says of it: written down from the Arm ARM's picture, not encoded.
constexpr Descriptor bits_of(Kind kind)
{
	constexpr Descriptor never = Descriptor{2} << 53; // XN
	constexpr Descriptor inner = 3 << 8; // SH
	constexpr Descriptor write_back = 0xf << 2;
	constexpr Descriptor readable = 1 << 6;

	switch (kind) {
	case Kind::r:
		return never | inner | write_back | readable | 1 << 10;
	case Kind::nc_rw:
		return never | inner | 0x5 << 2 | 3 << 6 | 1 << 10;
	case Kind::logged:
		return never | inner | write_back | readable | Descriptor{1} << 51;
	case Kind::read:
		return bits_of(Kind::logged) | 1 << 10;
	case Kind::written:
		return bits_of(Kind::read) | 1 << 7;
	default:
		return never | inner | write_back | 3 << 6 | 1 << 10;
	}
}

inline std::string text(const Operation &o)
{
	std::string s = verbs[static_cast<unsigned>(o.verb)];

	s += " pages " + std::to_string(o.first) + "-" + std::to_string(o.last);
	s += std::string{" "} + kinds[static_cast<unsigned>(o.attributes)];
	if (o.shifted)
		s += " shifted";
	s += " largest " + std::to_string(o.largest);
	if (o.contiguous)
		s += " contiguous";
	if (o.from != Note::none)
		s += std::string{" from "} + (o.from == Note::a ? 'a' : 'b');
	if (o.to != Note::none)
		s += std::string{" to "} + (o.to == Note::a ? 'a' : 'b');
	return s;
}

} // namespace exhaust
