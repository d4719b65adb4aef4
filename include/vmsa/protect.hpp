// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Protect: change the permissions of a region, in place. Permissions are the one thing a live
// descriptor may change without break-before-make (rule R_FPXKC names what may not); the old ones
// may stay in a TLB until the batch has invalidated them.
#pragma once

#include "vmsa/attributes.hpp"
#include "vmsa/edit.hpp"

namespace vmsa
{

template <class Format> struct ChangeAccess {
	static constexpr bool removes = false;

	Access access;

	constexpr Errc accepts(Descriptor d) const
	{
		auto attributes = Format::attributes(d);

		attributes.access = access;
		return Format::is_legal(attributes) ? Errc::none : Errc::forbidden_attributes;
	}

	// The hardware may be setting AF at the same moment, so each descriptor is exchanged, not
	// written back.
	constexpr bool apply(Descriptor *entry, size_t n) const
	{
		const Descriptor bits = Format::encode(access);
		bool changed = false;

		for (; n; n--, entry++) {
			Descriptor old = load(entry);

			if ((old & Format::access_bits) == bits)
				continue;
			while (!compare_exchange(entry, old, (old & ~Format::access_bits) | bits))
				;
			changed = true;
		}
		return changed;
	}
};

// Errors: those of check_region; not_mapped (naming the hole); forbidden_attributes (naming the
// leaf whose memory type forbids it); no_memory.
template <class T, class Batch>
constexpr Result<void> protect(T &tree, Batch &batch, Region<typename T::Input> region,
			       Access access)
{
	using Operation = ChangeAccess<typename T::Format>;

	if (const Error e = check_region(tree, region); e.code != Errc::none)
		return e;
	if (const Error e = Editor{tree, batch, Operation{access}}.run(region);
	    e.code != Errc::none)
		return e;
	return {};
}

} // namespace vmsa
