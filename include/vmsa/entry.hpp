// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The results of a walk of a tree (tree.hpp): an entry, or the translation of an address; and visitors.
#pragma once

#include "vmsa/format.hpp"

namespace vmsa
{

// Where a walk of one input address ended: a leaf, or an entry that maps nothing.
template <class Format> struct Entry {
	Region<typename Format::Input> region; // all that this entry covers
	Descriptor descriptor; // as it was read
	Level level; // of the table that it is in
	Descriptor above = 0; // the table descriptors on the way that restrict, or-ed

	// What is left of a leaf's attributes below those tables.
	constexpr typename Format::Attributes attributes() const
	{
		return Format::below(Format::attributes(descriptor), above);
	}

	// Does it map something?
	constexpr bool is_leaf() const
	{
		return Format::is_leaf(descriptor, level);
	}

	// The output address of a leaf.
	constexpr Pa output() const
	{
		return Format::output(descriptor, level);
	}

	// Does it have an annotation (annotation.hpp)?
	constexpr bool is_annotated() const
	{
		return descriptor && !Format::is_valid(descriptor);
	}

	// What it says; only if is_annotated().
	template <class A> constexpr A annotation() const
	{
		return static_cast<A>(descriptor >> 1);
	}
};

template <class V, class Format>
concept EntryVisitor = requires(const V &visit, const Entry<Format> &entry)
{
	visit(entry);
};

// The visitor that does nothing.
struct ShowNothing {
	// Does nothing.
	constexpr void operator()(const auto &) const
	{
	}
};

// Where an input address leads.
template <class Format> struct Translation {
	Pa pa; // the output address
	Level level; // of the leaf
	Descriptor descriptor; // of the leaf
	Descriptor above; // the table descriptors on the way, or-ed

	// What is left of the leaf's attributes below those tables.
	constexpr typename Format::Attributes attributes() const
	{
		return Format::below(Format::attributes(descriptor), above);
	}
};

template <class V>
concept StepVisitor = requires(V &visit, Level level, size_t index, Pa table, Descriptor d)
{
	visit(level, index, table, d);
};

} // namespace vmsa
