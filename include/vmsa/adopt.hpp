// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Adopt: continue with tables of a boot loader, another kernel or EDK2, live or not.
//
//   map.adopt(Pa{ttbr & ~low_bits(12)}, stage1_geometry<Granule4K>(48, 48).value(),
//             [&](Pa table) { return boot_memory.contains(table); });
//
// They are checked first (table_check.hpp), and on any error nothing has changed. Afterwards the tree uses them like
// its own: they are changed, folded, and freed through its TableMemory. Two things to know: the contents of their
// invalid entries count as annotations, and if they use a software bit, ChangeRules::dirty_note must be another one.
#pragma once

#include "vmsa/occupancy.hpp"
#include "vmsa/table_check.hpp"

namespace vmsa
{

namespace detail
{

// What others have left where occupancy.hpp looks says nothing.
template <class T> constexpr void forget_occupancy(const T &tree, Descriptor *table, Level level)
{
	if (level == last_level)
		return;
	for (size_t i = 0; i < tree.entries(level); i++) {
		const Descriptor d = load(table + i);

		if (!T::Format::is_table(d, level))
			continue;
		if (d & occupancy.mask())
			know(table + i, 0);
		forget_occupancy(tree, tree.child(d), level + 1);
	}
}

} // namespace detail

// `root` is the physical address of the root; it must be aligned to Geometry::root_bytes. owns(Pa) must say whether the
// tree may have a table at that address; its TableMemory must know the address. The tree must have no root yet. Cost:
// that of check_tables. Locking: a writer; hardware may be walking. Errors: input_bits; unaligned_base; those of
// check_tables, with the address of the entry and its descriptor. `bad` also gets its level and region.
template <AnyTree T, TableOwner Owns>
constexpr Result<void> adopt(T &tree, Pa root, const Geometry &geometry, const Owns &owns,
			     BadEntry<typename T::Format> *bad = nullptr)
{
	const Error unaligned{Errc::unaligned_base, root.raw(), root.raw()};

	if (!root.is_aligned(geometry.template root_bytes<typename T::Granule>()))
		return unaligned;
	if (!owns(root))
		return Error{Errc::stray_table, root.raw(), root.raw()};
	if (const auto attached = tree.attach(tree.memory().pointer(root), geometry); !attached)
		return attached;

	const auto found = check_tables(tree, owns);

	if (bad)
		*bad = found;
	if (found.why != Errc::none) {
		tree.release();
		return found.error();
	}
	detail::forget_occupancy(tree, tree.root(), geometry.start);
	return {};
}

} // namespace vmsa
