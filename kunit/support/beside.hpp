// SPDX-License-Identifier: GPL-2.0-only
//
// What others do to tables, beside the library: hardware notes accesses, and somebody takes them over.
#pragma once

#include "support/scratch_memory.hpp"
#include "vmsa/mapping.hpp"

namespace support
{

// What the hardware notes when `region` is accessed, or written: in every leaf of it.
template <class T>
[[gnu::noinline]] void access_leaves(const T &tree, vmsa::Region<typename T::Input> region,
				     bool write)
{
	using F = typename T::Format;

	for (auto at = region.first;;) {
		vmsa::Descriptor *d = tree.slot(at).entry();

		*d |= F::af;
		if (write && (*d & F::dbm))
			*d = (*d & ~F::dirty_bit) | F::dirty_when;

		const auto last = tree.at(at).region.last;

		if (last >= region.last)
			return;
		at = last + 1;
	}
}

// A mapping gives its tables away, and takes them over.
template <class M>
[[gnu::noinline]] vmsa::Result<void> adopt_own(M &mapping, const ScratchMemory &memory)
{
	const vmsa::Geometry shape = mapping.tree().geometry();
	const vmsa::Pa root = memory.physical(mapping.release());

	return mapping.adopt(root, shape, [&](vmsa::Pa pa) { return memory.has(pa); });
}

} // namespace support
