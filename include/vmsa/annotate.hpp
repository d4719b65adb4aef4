// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Annotate: write an annotation (annotation.hpp) where nothing is mapped, replace it, or remove it. All three
// exchange the contents of every entry of the region:
//
//   annotate(region, a)        nothing ──> a
//   annotate(region, a, b)     a ──> b
//   unannotate(region, a)      a ──> nothing
//
// The annotation is written at the highest level that the region allows. An entry that is only partly in the region is
// replaced by a table of entries with the same contents. Tables that become empty are freed. No leaf changes, so
// nothing is invalidated, except walk caches if a table was removed.
#pragma once

#include "vmsa/annotation.hpp"
#include "vmsa/unlink.hpp"

namespace vmsa
{

template <class T> class Annotator {
	using Format = typename T::Format;
	using Granule = typename T::Granule;
	using Input = typename T::Input;

    public:
	// Descriptors, of which one may be 0: what stands there, and what shall.
	constexpr Annotator(T &tree, Region<Input> region, Descriptor from, Descriptor to)
	    : tree_{tree}, region_{region}, from_{from}, to_{to}, reserve_{tree.memory()}
	{
	}

	// How many tables will it take? Errors: as run, but for no_memory.
	constexpr Result<size_t> count()
	{
		const auto path = path_to(tree_, region_);

		if (!prepare(path.lowest(), path.level, region_.first, region_.last))
			return error_;
		return needed_;
	}

	template <class Batch> constexpr Error run(Batch &batch)
	{
		const auto path = path_to(tree_, region_);

		if (!prepare(path.lowest(), path.level, region_.first, region_.last))
			return error_;
		if (!reserve_.fill(needed_))
			return {Errc::no_memory, region_};
		if (needed_)
			batch.make(region_);
		will_fill(tree_, path, region_);
		commit(batch, path.lowest(), path.level, region_.first, region_.last);
		prune(tree_, batch, path, region_, to_);
		if (needed_)
			batch.created();
		return {};
	}

    private:
	// `table` is null for one that an entry saying `from_` will be cut into. [at, last] lies
	// within it.
	constexpr bool prepare(const Descriptor *table, Level level, Input at, Input last)
	{
		if (!table)
			pause(tree_.memory());
		if (is_cancelled(tree_.memory())) {
			error_ = {Errc::cancelled, Region<Input>::inclusive(at, last)};
			return false;
		}
		for (;;) {
			const auto part = part_in_entry(at, last, Granule::size(level));
			const Descriptor d = table ? load(table + tree_.index(level, at)) : from_;

			if (Format::is_table(d, level)) {
				if (!prepare(tree_.child(d), level + 1, part.first, part.last))
					return false;
			} else if (d != from_) {
				return refuse(part.first);
			} else if (!covers_entry<T>(part, level)) {
				needed_++;
				if (!prepare(nullptr, level + 1, part.first, part.last))
					return false;
			}
			if (part.last == last)
				return true;
			at = part.last + 1;
		}
	}

	template <class Batch>
	constexpr void commit(Batch &batch, Descriptor *table, Level level, Input at, Input last)
	{
		for (;;) {
			const auto part = part_in_entry(at, last, Granule::size(level));
			Descriptor *entry = table + tree_.index(level, at);
			const Descriptor d = load(entry);

			if (Format::is_table(d, level)) {
				commit_below(batch, entry, tree_.child(d), level, part);
			} else if (covers_entry<T>(part, level)) {
				store(entry, to_);
			} else {
				Descriptor *child = reserve_.take();

				fill(child, Granule::entries, from_, 0);
				commit(batch, child, level + 1, part.first, part.last);
				store_release(entry, Format::table(tree_.memory().physical(child)));
			}
			if (part.last == last)
				return;
			at = part.last + 1;
		}
	}

	template <class Batch>
	constexpr void commit_below(Batch &batch, Descriptor *entry, Descriptor *child, Level level,
				    Region<Input> part)
	{
		if (covers_entry<T>(part, level)) {
			unlink(tree_, batch, entry, child, level, part, to_);
			return;
		}
		will_fill(tree_, entry, child, level + 1, part);
		commit(batch, child, level + 1, part.first, part.last);
		if (!to_ && is_emptied(tree_, entry, child, level + 1, part))
			unlink(tree_, batch, entry, child, level, part);
	}

	constexpr bool refuse(Input at)
	{
		const auto rest = Region<Input>::inclusive(at, region_.last);

		error_ = tree_.at(at).descriptor
				 ? occupant(tree_, rest, from_)
				 : Error{Errc::not_annotated, same_stretch(tree_, rest)};
		return false;
	}

	T &tree_;
	Region<Input> region_;
	Descriptor from_;
	Descriptor to_;
	Reserve<typename T::Memory, Granule::table_bytes> reserve_;
	size_t needed_ = 0;
	Error error_;
};

// `from` or `to` may be null: nothing.
template <class A, class T>
constexpr Error check_annotations(const T &tree, Region<typename T::Input> region, const A *from,
				  const A *to)
{
	if (const Error e = check_region(tree, region); e.code != Errc::none)
		return e;
	if ((from && !annotation(*from)) || (to && !annotation(*to)))
		return {Errc::forbidden_annotation, region};
	return {};
}

template <class A, class T, class Batch>
constexpr Result<void> exchange_annotation(T &tree, Batch &batch, Region<typename T::Input> region,
					   const A *from, const A *to)
{
	if (const Error e = check_annotations(tree, region, from, to); e.code != Errc::none)
		return e;
	return Annotator{tree, region, from ? annotation(*from) : 0, to ? annotation(*to) : 0}.run(
		batch);
}

// Nothing in the region may be mapped or annotated. Errors: those of check_region;
// forbidden_annotation; overlap (naming what is mapped); annotated (naming where there is another annotation);
// no_memory.
template <Annotation A, AnyTree T, AnyBatch Batch>
constexpr Result<void> annotate(T &tree, Batch &batch, Region<typename T::Input> region, const A &a)
{
	return exchange_annotation<A>(tree, batch, region, nullptr, &a);
}

// All of the region must have the annotation `from`. Errors: as above; not_annotated (naming where there is none).
template <Annotation A, AnyTree T, AnyBatch Batch>
constexpr Result<void> annotate(T &tree, Batch &batch, Region<typename T::Input> region,
				const A &from, const A &to)
{
	return exchange_annotation(tree, batch, region, &from, &to);
}

// All of the region must have the annotation `a`; afterwards it has none. Errors: as above.
template <Annotation A, AnyTree T, AnyBatch Batch>
constexpr Result<void> unannotate(T &tree, Batch &batch, Region<typename T::Input> region,
				  const A &a)
{
	return exchange_annotation<A>(tree, batch, region, &a, nullptr);
}

template <class A, class T>
constexpr Result<size_t> tables_to_exchange_annotation(const T &tree,
						       Region<typename T::Input> region,
						       const A *from, const A *to)
{
	if (const Error e = check_annotations(tree, region, from, to); e.code != Errc::none)
		return e;
	return Annotator{tree, region, from ? annotation(*from) : 0, to ? annotation(*to) : 0}
		.count();
}

// How many tables would annotate(tree, batch, region, a) take? Errors: as it has, but for no_memory.
template <Annotation A, AnyTree T>
constexpr Result<size_t> tables_to_annotate(const T &tree, Region<typename T::Input> region,
					    const A &a)
{
	return tables_to_exchange_annotation<A>(tree, region, nullptr, &a);
}

// How many tables would annotate(tree, batch, region, from, to) take? Errors: as it has, but for no_memory.
template <Annotation A, AnyTree T>
constexpr Result<size_t> tables_to_annotate(const T &tree, Region<typename T::Input> region,
					    const A &from, const A &to)
{
	return tables_to_exchange_annotation(tree, region, &from, &to);
}

// How many tables would unannotate take? Errors: as it has, but for no_memory.
template <Annotation A, AnyTree T>
constexpr Result<size_t> tables_to_unannotate(const T &tree, Region<typename T::Input> region,
					      const A &a)
{
	return tables_to_exchange_annotation<A>(tree, region, &a, nullptr);
}

} // namespace vmsa
