// SPDX-License-Identifier: GPL-2.0-only
//
// TlbModel: a TLB that forgets only what it must. Whatever was once valid stays cached, leaf or
// table entry, until
//
//   an invalidation covers it   every byte of a leaf, because a TLB may hold it in pieces, and of the
//                               whole group where the leaf had the contiguous hint, because a TLB may
//                               hold that as one (a table entry is used for each of its addresses, so
//                               any will do); with the level of the leaf, or none, as hint; with
//                               `tables` for a table entry, and without hint
//   and a sync follows. A block that became a table without a break may be cached beside leaves of
//   that: no hint fits both.
//
// Each entry is of one ASID or VMID, that of the tree it came from, or global; an invalidation reaches those of
// one, or of all.
//
// What the tables still hold is no concern of it: only what they no longer say is remembered.
#pragma once

#include "support/shadow.hpp"
#include "vmsa/tlb.hpp"

namespace support
{

// Bits as the Arm ARM numbers them, on purpose not the library's. Stage 2: [7:6] S2AP, 10 AF, 51
// DBM, [54:53] XN. Stage 1: [7:6] AP, 10 AF, 50 GP, 51 DBM, 53 PXN, 54 UXN. [63:55]: ignored, or
// software's.
template <class Format>
inline constexpr vmsa::Descriptor may_change_in_place = 0xffe8'0000'0000'04c0 |
							(requires { Format::gp; } ? vmsa::bit(50)
										  : 0);

// Whose entries an invalidation reaches: those of every ASID or VMID, or of one, and then global ones, or not.
struct TlbReach {
	bool all = true;
	unsigned id = 0;
	bool and_global = true;
};

template <class Format> class TlbModel {
    public:
	using Granule = typename Format::Granule;
	using Region = vmsa::Region<typename Format::Input>;

	TlbModel(struct kunit *test, Verdict &verdict, size_t capacity) : verdict_{verdict}
	{
		stale_ = scratch<Stale>(test, capacity);
	}

	// In a tree of that ASID or VMID.
	void changed(const Change<Format> &c, unsigned id = 0)
	{
		// Software's bits are ignored: [58:55], or [58:56] at stage 2.
		if (Format::is_leaf(c.before, c.level) && Format::is_leaf(c.after, c.level) &&
		    !((c.before ^ c.after) & ~Format::software.mask()))
			return;
		// And so are those of an entry that names the same table.
		if (Format::is_table(c.before, c.level) && Format::is_table(c.after, c.level) &&
		    !((c.before ^ c.after) & ~vmsa::Field{58, 53}.mask()))
			return;
		// What was invalid and is so again is nobody's business.
		published_ &= !((c.before | c.after) & 1);
		if (Format::is_table(c.before, c.level)) {
			const uint64_t names = Format::next_table(c.before).raw();

			remember({c.region.first.raw(), c.region.last.raw(), names, 0, 0, c.level,
				  Kind::table, false, id, false, false});
		} else if (Format::is_leaf(c.before, c.level) && may_cache(c.before)) {
			remember_leaf(c, id);
		}
	}

	void invalidate(Region region, vmsa::Level level, bool tables, TlbReach reach = {})
	{
		const bool hinted = level != vmsa::unknown_level;

		invalidations_++;
		// Trap 8: below the level that is hinted at, address bits must be zero.
		verdict_.expect(!hinted || (region.first.is_aligned(Granule::size(level)) &&
					    (region.last + 1).is_aligned(Granule::size(level))),
				"a hint fits its region", region.first.raw(), region.last.raw());
		for (size_t i = count_; i-- > 0;) {
			Stale &s = stale_[i];

			if (!reach.all && (s.global ? !reach.and_global : s.id != reach.id))
				continue;
			if (s.invalidated || s.last < region.first.raw() ||
			    s.first > region.last.raw())
				continue;
			if (s.kind == Kind::table)
				s.invalidated = tables && !hinted;
			else if (!hinted || (s.level == level && !s.mixed))
				invalidate_part(s, region);
		}
	}

	// Stores are visible to every walk that begins from here on.
	void publish()
	{
		published_ = true;
	}

	void sync()
	{
		size_t kept = 0;

		for (size_t i = 0; i < count_; i++) {
			if (!stale_[i].invalidated)
				stale_[kept++] = stale_[i];
		}
		count_ = kept;
		published_ = true;
		syncs_++;
	}

	// What must hold when an operation is over.
	void expect_settled()
	{
		const Stale s = count_ ? stale_[0] : Stale{};

		verdict_.expect(!count_, "no TLB holds what the tables no longer say", s.first,
				s.last);
		verdict_.expect(published_, "new descriptors are visible before the caller goes on",
				0, 0);
		count_ = 0;
		published_ = true;
	}

	bool may_hold(Region region) const
	{
		for (const Stale &s : stale_.first(count_)) {
			if (s.first <= region.last.raw() && region.first.raw() <= s.last)
				return true;
		}
		return false;
	}

	// May it hold a leaf in `region` that leads elsewhere, or with other attributes (other than those
	// that change in place), than a leaf `d` of `level` there?
	bool may_contradict(Region region, vmsa::Level level, vmsa::Descriptor d) const
	{
		for (const Stale &s : stale_.first(count_)) {
			if (s.kind == Kind::table || s.last < region.first.raw() ||
			    region.last.raw() < s.first)
				continue;
			if (s.kind == Kind::leaves || ((s.leaf ^ d) & attributes) ||
			    Format::output(s.leaf, s.level).raw() - s.origin !=
				    Format::output(d, level).raw() - region.first.raw())
				return true;
		}
		return false;
	}

	// May a walk cache lead past the entry at `region` to a table that no longer stands there?
	bool may_walk_from(Region region, vmsa::Level level) const
	{
		for (const Stale &s : stale_.first(count_)) {
			if (s.kind == Kind::table && s.level == level &&
			    s.first <= region.last.raw() && region.first.raw() <= s.last)
				return true;
		}
		return false;
	}

	bool may_walk(vmsa::Pa table) const
	{
		for (const Stale &s : stale_.first(count_)) {
			if (s.kind == Kind::table && s.names == table.raw())
				return true;
		}
		return false;
	}

	size_t invalidations() const
	{
		return invalidations_;
	}
	size_t syncs() const
	{
		return syncs_;
	}

    private:
	// Whatever would give an access flag fault, bit 10 being clear, is never cached. A group may be,
	// for another leaf in it.
	static constexpr bool may_cache(vmsa::Descriptor leaf)
	{
		return leaf & (vmsa::bit(10) | Format::contiguous);
	}

	// `leaves`: side by side and of one level, but with nothing else in common.
	enum class Kind : uint8_t { leaf, leaves, table };

	struct Stale {
		uint64_t first;
		uint64_t last;
		uint64_t names; // a table entry: the table
		vmsa::Descriptor leaf; // a leaf, and the address that its output belongs to
		uint64_t origin;
		vmsa::Level level;
		Kind kind;
		bool invalidated; // but not yet for certain: the sync is missing
		unsigned id;
		bool global;
		bool mixed; // leaves below it may be cached, too
	};

	// Stage 1, bit 11, nG. Where there is one ASID only, nothing is global.
	static constexpr bool is_global(vmsa::Descriptor leaf)
	{
		if constexpr (requires { Format::ng; })
			return Format::Stage::has_el0 && !(leaf & vmsa::bit(11));
		return false;
	}

	// What two leaves that say the same have in common, besides their output.
	static constexpr vmsa::Descriptor attributes =
		Format::attribute_mask & ~may_change_in_place<Format> & ~Format::contiguous;

	// A run of leaves is remembered as one.
	void remember_leaf(const Change<Format> &c, unsigned id)
	{
		Region region = c.region;

		if (c.before & Format::contiguous) {
			const uint64_t size = Format::contiguous_run(c.level) * region.size();

			region = {region.first.align_down(size), size};
		}

		const uint64_t output = Format::output(c.before, c.level).raw();
		Stale *s = count_ ? &stale_[count_ - 1] : nullptr;

		const bool global = is_global(c.before);
		const bool mixed = Format::is_table(c.after, c.level);

		if (s && !(s->kind != Kind::table && !s->invalidated && s->level == c.level &&
			   s->id == id && s->global == global && s->mixed == mixed))
			s = nullptr;
		if (s && s->kind == Kind::leaf && s->first <= region.first.raw() &&
		    region.last.raw() <= s->last && !((s->leaf ^ c.before) & attributes) &&
		    Format::output(s->leaf, s->level).raw() - s->origin ==
			    output - c.region.first.raw())
			return; // another leaf of the same group, or the same again
		if (s && s->last + 1 == region.first.raw()) {
			const uint64_t expected = Format::output(s->leaf, s->level).raw() +
						  (c.region.first.raw() - s->origin);
			const bool same = s->kind == Kind::leaf && expected == output &&
					  !((s->leaf ^ c.before) & attributes);
			// Of a block or a group it must be known later what it says, and of pages
			// that become one: only pages of one group mix.
			const uint64_t group = Format::contiguous_run(3) * region.size();
			const bool may_mix = c.level == 3 && region == c.region &&
					     !(s->leaf & Format::contiguous) &&
					     s->first >= region.first.align_down(group).raw();

			if (same || may_mix) {
				s->last = region.last.raw();
				s->kind = same ? s->kind : Kind::leaves;
				return;
			}
		}
		remember({region.first.raw(), region.last.raw(), 0, c.before, c.region.first.raw(),
			  c.level, Kind::leaf, false, id, global, mixed});
	}

	void remember(Stale s)
	{
		if (verdict_.expect(count_ < stale_.size(), "the model has room", s.first, s.last))
			stale_[count_++] = s;
	}

	// What sticks out of the region stays.
	void invalidate_part(Stale &s, Region region)
	{
		Stale before = s;
		Stale after = s;

		before.last = region.first.raw() - 1;
		after.first = region.last.raw() + 1;
		s.invalidated = true;
		if (s.first < region.first.raw()) {
			s.first = region.first.raw();
			remember(before);
		}
		if (s.last > region.last.raw()) {
			s.last = region.last.raw();
			remember(after);
		}
	}

	Verdict &verdict_;
	std::span<Stale> stale_;
	size_t count_ = 0;
	size_t invalidations_ = 0;
	size_t syncs_ = 0;
	bool published_ = true;
};

} // namespace support
