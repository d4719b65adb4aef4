// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Annotations: what software may write where nothing is mapped. Hardware ignores bits [63:1] of an
// invalid descriptor (rule I_WZBGY), so 63 bits say who owns the memory, or where its contents went.
//
//   63                                          1   0
//  +----------------------------------------------+---+
//  |               annotation, not 0              | 0 |
//  +----------------------------------------------+---+
//
// An annotation has a type of the user's: whatever converts explicitly to uint64_t and back. One
// entry of any level holds it for all that the entry covers, and no walk, leaf or fold is made of it.
// Whoever names an annotation owns the place: it can be replaced, removed, or mapped over
// (MapLimits::over), by the call that says what stands there now, and by no other.
//
// A leaf in the midst of break-before-make is invalid and not 0 either. It is never seen: an
// operation does not end before it is made again, and a tree has one writer.
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

// How an entry says it; 0, and so nothing, for what is no annotation: 0, or more than 63 bits.
template <Annotation A> constexpr Descriptor annotation(const A &a)
{
	const uint64_t bits = static_cast<uint64_t>(a);

	return bits >> 63 ? 0 : bits << 1;
}

// At the entry that decides `input`. Errors: beyond_input; not_annotated, with the extent of the entry.
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
		last = e.region.last + 1;
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
		at = e.region.last + 1;
	}
}

} // namespace vmsa
