// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Annotations of a LiveMap (annotate.hpp): as for Mapping. Errors: as Mapping's, or created().
#pragma once

#include "vmsa/mapping.hpp"

namespace vmsa
{

// `Map` is the LiveMap, which is one of these.
template <class Map, class Format> class MapAnnotations {
	using Input = typename Format::Input;

    public:
	// Writes an annotation where nothing is; with two, replaces the first by the second.
	template <Annotation... A> Result<void> annotate(Region<Input> region, const A &...a)
	{
		return doing([&](auto &m) { return m.annotate(region, a...); });
	}

	// Removes an annotation.
	template <Annotation A> Result<void> unannotate(Region<Input> region, const A &a)
	{
		return doing([&](auto &m) { return m.unannotate(region, a); });
	}

	// Unmaps and annotates in one.
	template <Annotation A> Result<void> unmap(Region<Input> region, const A &a)
	{
		return doing([&](auto &m) { return m.unmap(region, a); });
	}

	// The annotation at `input`.
	template <Annotation A> Result<A> annotation(Input input) const
	{
		const Map &map = static_cast<const Map &>(*this);

		if (!map.created())
			return map.created().error();
		return annotation_at<A>(map.tree(), input);
	}

    private:
	template <class Change> Result<void> doing(const Change &change)
	{
		Map &map = static_cast<Map &>(*this);

		return map.created() ? change(map.change()) : map.created();
	}
};

} // namespace vmsa
