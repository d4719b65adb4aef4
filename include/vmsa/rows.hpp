// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Rows: the parts of a dump. Other code makes text, JSON and pictures of them.
//
//   Row            leaves side by side that have the same size and attributes; from next_piece, their outputs are
//                  contiguous, too
//   AnnotationRow  entries side by side that map nothing and have the same annotation
//   TableStep      one descriptor; each table comes before the tables below it
//
// They come one at a time, from a cursor that is only an address. So a dump can stop, release the lock, and continue
// later. It may or may not see what changed meanwhile, but it has no pointer to a freed table.
#pragma once

#include "vmsa/annotation.hpp"
#include "vmsa/runs.hpp"

namespace vmsa
{

// Leaves side by side that have the same size and attributes.
template <class Format> struct Row {
	Region<typename Format::Input> region; // of all of them
	typename Format::Attributes attributes; // of each
	Level level; // of each
	uint64_t leaves; // how many
	Pa output; // of the first leaf
};

namespace detail
{

template <AnyTree T>
constexpr bool next_row(const T &tree, typename T::Input from, Row<typename T::Format> &row,
			bool one_piece)
{
	const auto end = tree.space().last;

	if (!tree.space().contains(from))
		return false;
	for (auto at = from;;) {
		const auto e = tree.at(at);

		if (!e.is_leaf()) {
			if (e.region.last >= end)
				return false;
			at = tree.after(e);
			continue;
		}
		row = {e.region, e.attributes(), e.level, 1, e.output()};
		for (auto last = e; row.region.last < end;) {
			const auto next = tree.at(tree.after(last));

			if (!next.is_leaf() || next.level != row.level ||
			    next.attributes() != row.attributes ||
			    (one_piece && next.output() != row.output + row.region.size()))
				break;
			row.region.last = next.region.last;
			row.leaves++;
			last = next;
		}
		return true;
	}
}

} // namespace detail

// The first row at or after `from`. False when there is none.
template <AnyTree T>
constexpr bool next_row(const T &tree, typename T::Input from, Row<typename T::Format> &row)
{
	return detail::next_row(tree, from, row, false);
}

// The same, but the row ends where outputs are not contiguous: all of it maps one piece, which begins at row.output.
template <AnyTree T>
constexpr bool next_piece(const T &tree, typename T::Input from, Row<typename T::Format> &row)
{
	return detail::next_row(tree, from, row, true);
}

// Entries side by side that have the same annotation (annotation.hpp).
template <class Format> struct AnnotationRow {
	Region<typename Format::Input> region; // of all of them
	Descriptor descriptor; // of each

	// What they say.
	template <class A> constexpr A annotation() const
	{
		return static_cast<A>(descriptor >> 1);
	}
};

// The first of these at or after `from`. False when there is none.
template <AnyTree T>
constexpr bool next_annotation(const T &tree, typename T::Input from,
			       AnnotationRow<typename T::Format> &row)
{
	const auto end = tree.space().last;

	if (!tree.space().contains(from))
		return false;
	for (auto at = from;;) {
		const auto e = tree.at(at);

		if (e.is_annotated()) {
			row = {same_stretch(tree, {e.region.first, end - e.region.first + 1}),
			       e.descriptor};
			return true;
		}
		if (e.region.last >= end)
			return false;
		at = tree.after(e);
	}
}

// One descriptor of a dump.
template <AnyTree T> struct TableStep {
	typename T::Input first; // lowest input address the descriptor decides
	Level level; // of its table
	size_t index; // in its table
	Descriptor descriptor; // as it was read
	const Descriptor *table; // the one it stands in
};

// The position of a pre-order walk over all descriptors.
template <AnyTree T> struct TableCursor {
	typename T::Input at{}; // the next input address
	Level level = unset; // the level to go on at
	bool done = false; // nothing is left

	static constexpr Level unset = -2; // at the beginning
};

namespace detail
{

// The next descriptor that is wanted(descriptor, level); moves the cursor behind it. Looks into no table
// below `deepest`. False at the end.
template <class T, class Wanted>
constexpr bool advance(const T &tree, TableCursor<T> &cursor, TableStep<T> &step, Level deepest,
		       const Wanted &wanted)
{
	using Format = typename T::Format;
	using Granule = typename T::Granule;
	const Level start = tree.geometry().start;
	const auto end = tree.space().last;

	if (!tree.root())
		return false;

	// Behind the last byte of an entry or a table of `level`: its parent's next entry, if the
	// parent does not end there too.
	const auto pass = [&](auto last, Level level) {
		cursor.done = last >= end;
		cursor.at = last + 1;
		while (level > start && cursor.at.is_aligned(Granule::size(level - 1)))
			level--;
		cursor.level = level;
	};

	if (cursor.level == TableCursor<T>::unset)
		cursor = {tree.space().first, start};
	while (!cursor.done) {
		const Descriptor *table = tree.root();
		Level level = start;

		// The table it stood in may be gone: then its parent's entry is next.
		for (; level < cursor.level; level++) {
			const Descriptor d = load(table + tree.index(level, cursor.at));

			if (!Format::is_table(d, level))
				break;
			table = tree.child(d);
		}

		const uint64_t size = Granule::size(level);
		const size_t count = tree.entries(level);
		const auto base = cursor.at.align_down(size) - size * tree.index(level, cursor.at);
		size_t i = tree.index(level, cursor.at);
		Descriptor d = 0;

		while (i < count && !wanted(d = load(table + i), level))
			i++;
		if (i == count) {
			pass(base + (size * count - 1), level);
			continue;
		}

		const auto here = base + i * size;

		step = {here, level, i, d, table};
		if (level < deepest && Format::is_table(d, level))
			cursor = {here, level + 1};
		else
			pass(here + (size - 1), level);
		return true;
	}
	return false;
}

} // namespace detail

// The next descriptor that is not zero; moves the cursor behind it. False at the end.
template <AnyTree T>
constexpr bool next_step(const T &tree, TableCursor<T> &cursor, TableStep<T> &step)
{
	return detail::advance(tree, cursor, step, last_level,
			       [](Descriptor d, Level) { return d != 0; });
}

// The next descriptor that points to a table. It does not read tables of the last level, which are most.
template <AnyTree T>
constexpr bool next_table(const T &tree, TableCursor<T> &cursor, TableStep<T> &step)
{
	return detail::advance(tree, cursor, step, last_level - 1, [](Descriptor d, Level level) {
		return T::Format::is_table(d, level);
	});
}

// Leaves and tables by level, the root's tables included.
struct Census {
	uint64_t leaves[last_level + 1] = {}; // by level
	uint64_t tables = 0; // with those of the root

	// Of all levels.
	constexpr uint64_t all_leaves() const
	{
		return leaves[0] + leaves[1] + leaves[2] + leaves[3];
	}
};

template <AnyTree T>
constexpr void count_below(const T &tree, Descriptor *table, Level level, Census &census)
{
	if (level >= 0 && level <= last_level) // no format has a leaf above
		census.leaves[level] +=
			count_leaves<typename T::Format>(table, tree.entries(level), level);
	tree.for_each_child(table, level, [&](Descriptor *child, Level l) {
		census.tables++;
		count_below(tree, child, l, census);
	});
}

// Counts them. Cost: a look at each descriptor.
template <AnyTree T> constexpr Census census(const T &tree)
{
	Census c;

	if (!tree.root())
		return c;
	c.tables = tree.geometry().root_tables;
	count_below(tree, tree.root(), tree.geometry().start, c);
	return c;
}

} // namespace vmsa
