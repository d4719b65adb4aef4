// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Protect: change the permissions of a region, in place. A live descriptor may change its permissions without
// break-before-make (rule R_FPXKC lists what may not change). A TLB may keep the old ones until the batch has
// invalidated them. If a leaf with dirty state (DBM) loses the permission to write, its dirty state ends; if it was
// dirty, ChangeRules::dirty_note is set.
#pragma once

#include "vmsa/attributes.hpp"
#include "vmsa/edit.hpp"

namespace vmsa
{

template <class Format> struct ChangeAccess : LeafOperation {
	typename Format::Access access;
	const ChangeRules &rules;
	Descriptor bits = Format::encode(access);
	// With DBM left set, hardware would take "read-only" for "clean", and allow the write.
	Descriptor mask = Format::access_bits | (access.write ? 0 : Format::dbm);

	constexpr Errc check(Descriptor d, auto, Level) const
	{
		auto attributes = rules.mair.decode(Format::attributes(d));

		attributes.access = access;
		attributes.dbm &= access.write;
		return Format::check(attributes);
	}

	constexpr Descriptor edit(Descriptor d, auto, Level) const
	{
		return (d & ~mask) | bits |
		       ((mask & Format::dbm) && Format::is_dirty(d) ? rules.dirty_note : 0);
	}
};

// Changes the permissions of `region`, and nothing else. Errors: those of check_region; not_mapped (naming the hole);
// reserved_attributes, forbidden_attributes (naming the leaf: its memory type may forbid it); no_feature; no_memory and
// needs_break (if a block must be cut).
template <AnyTree T, AnyBatch Batch>
constexpr Result<void> protect(T &tree, Batch &batch, Region<typename T::Input> region,
			       typename T::Format::Access access)
{
	if (const Error e = check_region(tree, region); e.code != Errc::none)
		return e;
	if (const uint32_t missing = batch.rules().missing(access))
		return missing_feature(missing);

	const ChangeAccess<typename T::Format> operation{{}, access, batch.rules()};

	return edit(tree, batch, operation, region);
}

// How many tables would that take? Errors: as protect, but for no_memory.
template <AnyTree T>
constexpr Result<size_t> tables_to_protect(const T &tree, const ChangeRules &rules,
					   Region<typename T::Input> region,
					   typename T::Format::Access access)
{
	if (const uint32_t missing = rules.missing(access))
		return missing_feature(missing);
	return tables_to_edit(tree, rules, ChangeAccess<typename T::Format>{{}, access, rules},
			      region);
}

} // namespace vmsa
