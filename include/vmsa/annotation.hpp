// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Annotations: notes of software where nothing is mapped. Hardware ignores bits [63:1] of an invalid descriptor (rule
// I_WZBGY), so 63 bits can say, for example, who owns the memory, or where its contents were swapped to.
//
//   63                                          1   0
//  +----------------------------------------------+---+
//  |               annotation, not 0              | 0 |
//  +----------------------------------------------+---+
//
// An annotation has a type of yours that converts explicitly to uint64_t and back. An entry of any level holds it for
// all addresses that the entry covers. A call can replace it, remove it, or map over it (MapLimits::over) only if it
// names the annotation that is there now.
//
// A leaf in the middle of break-before-make is also invalid and not 0. Nobody sees it: the operation makes it valid
// again before it ends, and a tree has one writer.
#pragma once

#include "vmsa/tree.hpp"

namespace vmsa
{

template <class A>
concept Annotation = requires(const A a, uint64_t bits)
{
	static_cast<uint64_t>(a);
	static_cast<A>(bits);
};

// The descriptor that holds it; 0 if it cannot be an annotation, because it is 0 or has more than 63 bits.
template <Annotation A> constexpr Descriptor annotation(const A &a)
{
	const uint64_t bits = static_cast<uint64_t>(a);

	return bits >> 63 ? 0 : bits << 1;
}

// The annotation at `input`. Errors: beyond_input; not_annotated, with the region of the entry.
template <Annotation A, AnyTree T>
constexpr Result<A> annotation_at(const T &tree, typename T::Input input)
{
	if (!tree.space().contains(input))
		return Error{Errc::beyond_input, input.raw(), tree.geometry().last_input()};

	const auto e = tree.at(input);

	if (!e.is_annotated())
		return Error{Errc::not_annotated, e.region};
	return e.template annotation<A>();
}

// From `region.first` on: how far does every entry say what the first one says?
template <AnyTree T>
constexpr Region<typename T::Input> same_stretch(const T &tree, Region<typename T::Input> region)
{
	const Descriptor d = tree.at(region.first).descriptor;
	auto last = region.first;

	for (;;) {
		const auto e = tree.at(last);

		if (e.descriptor != d)
			return Region<typename T::Input>::inclusive(region.first, last - 1);
		if (e.region.last >= region.last)
			return region;
		last = tree.after(e);
	}
}

// What stands in the way of a change that needs all of `region` to be empty, or to say `allowed`:
// overlap, annotated, or none, each with the first place where it is so.
template <AnyTree T>
constexpr Error occupant(const T &tree, Region<typename T::Input> region, Descriptor allowed)
{
	using Part = Region<typename T::Input>;

	for (auto at = region.first;;) {
		const auto e = tree.at(at);

		if (e.descriptor && e.descriptor != allowed) {
			const Part rest = Part::inclusive(at, region.last);

			if (e.is_leaf())
				return {Errc::overlap, tree.stretch(rest, true)};
			if (e.is_annotated())
				return {Errc::annotated, same_stretch(tree, rest)};
			return {Errc::overlap, rest.intersect(e.region)}; // reserved
		}
		if (e.region.last >= region.last)
			return {};
		at = tree.after(e);
	}
}

} // namespace vmsa
