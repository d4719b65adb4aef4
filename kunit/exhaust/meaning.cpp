// SPDX-License-Identifier: GPL-2.0-only
//
// What each operation makes of pages, and which page it is refused for.
#include "exhaust/meaning.hpp"

namespace exhaust
{

using vmsa::Errc;

namespace
{

// What stands in the way where `o` needs the page as it is not.
Errc obstacle(const Operation &o, const Page &page)
{
	const uint64_t from = static_cast<uint64_t>(o.from);
	const bool is_from = page.kind == Page::note && page.value == from;

	switch (o.verb) {
	case Verb::map:
		if (page.kind == Page::mapped)
			return Errc::overlap;
		[[fallthrough]];
	case Verb::remap:
		return page.kind == Page::note && !is_from ? Errc::annotated : Errc::none;
	case Verb::annotate:
	case Verb::reannotate:
	case Verb::unannotate:
		if (page.kind == Page::mapped)
			return Errc::overlap;
		if (page.kind == Page::note)
			return is_from ? Errc::none : Errc::annotated;
		return o.from == Note::none ? Errc::none : Errc::not_annotated;
	case Verb::fold:
	case Verb::harvest_accessed:
	case Verb::harvest_dirty:
		return Errc::none;
	case Verb::note_dirty:
		if (page.kind == Page::mapped && !(page.bits & arm::dbm))
			return Errc::forbidden_attributes;
		[[fallthrough]];
	default:
		return page.kind == Page::mapped ? Errc::none : Errc::not_mapped;
	}
}

Page noted(Note note)
{
	return note == Note::none ? Page{} : Page{Page::note, static_cast<uint64_t>(note), 0};
}

Descriptor protected_as(Descriptor bits, Kind kind)
{
	const Descriptor to = bits_of(kind) & arm::permissions;
	const bool was_dirty = (bits & arm::dbm) && (bits & arm::writable);

	bits = (bits & ~arm::permissions) | to;
	if (!(to & arm::writable))
		bits = (bits & ~arm::dbm) | (was_dirty ? arm::was_dirty : 0);
	return bits;
}

Page changed(const Operation &o, size_t i, Page page)
{
	constexpr Descriptor memory = 0xf << 2;
	constexpr Descriptor software = Descriptor{1} << 56;
	const bool is_dirty = (page.bits & arm::dbm) && (page.bits & arm::writable);

	switch (o.verb) {
	case Verb::map:
	case Verb::remap:
		return encode(o, i);
	case Verb::unmap:
	case Verb::unmap_showing:
		return {};
	case Verb::unmap_saying:
	case Verb::annotate:
	case Verb::reannotate:
	case Verb::unannotate:
		return noted(o.to);
	case Verb::protect:
		page.bits = protected_as(page.bits, o.attributes);
		return page;
	case Verb::retype:
		page.bits = (page.bits & ~memory) | (bits_of(o.attributes) & memory);
		return page;
	case Verb::mark:
		page.bits = (page.bits & ~software) | (o.to == Note::none ? 0 : software);
		return page;
	case Verb::harvest_accessed:
		page.bits &= ~arm::access_flag;
		return page;
	case Verb::harvest_dirty:
		page.bits &= ~((is_dirty ? arm::writable : 0) | arm::was_dirty);
		return page;
	case Verb::note_accessed:
	case Verb::access:
		page.bits |= arm::access_flag;
		return page;
	case Verb::note_dirty:
		page.bits |= arm::writable;
		return page;
	case Verb::write:
	case Verb::write_noted_beside:
		page.bits |= arm::access_flag | (page.bits & arm::dbm ? arm::writable : 0);
		return page;
	default:
		return page;
	}
}

} // namespace

Outcome foretell(const Operation &o, const Meaning &before)
{
	Outcome outcome{Errc::none, 0, before};

	for (size_t i = o.first; i <= o.last; i++) {
		outcome.code = obstacle(o, before.page[i]);
		outcome.at = i;
		if (outcome.code != Errc::none) {
			outcome.after = before;
			return outcome;
		}
		if (before.page[i].kind == Page::mapped || o.verb < Verb::harvest_accessed)
			outcome.after.page[i] = changed(o, i, before.page[i]);
	}
	return outcome;
}

} // namespace exhaust
