// SPDX-License-Identifier: GPL-2.0-only
//
// OpenBatch: a tree and a batch that somebody else closes, with the words of a Mapping.
#pragma once

#include "vmsa/mapping.hpp"

namespace support
{

template <class T, class Batch> struct OpenBatch {
	using Region = vmsa::Region<typename T::Input>;

	T &tree;
	Batch &batch;

	template <class... Args> auto map(Region region, const Args &...args)
	{
		return vmsa::map(tree, batch, region, args...);
	}
	template <class... Args> auto remap(Region region, const Args &...args)
	{
		return vmsa::remap(tree, batch, region, args...);
	}
	template <class... Args> auto unmap(Region region, const Args &...args)
	{
		return vmsa::unmap(tree, batch, region, args...);
	}
	template <class... Args> auto protect(Region region, const Args &...args)
	{
		return vmsa::protect(tree, batch, region, args...);
	}
	template <class... Args> auto modify(Region region, const Args &...args)
	{
		return vmsa::modify(tree, batch, region, args...);
	}
	template <class... Args> auto cut(Region region, const Args &...args)
	{
		return vmsa::cut(tree, batch, region, args...);
	}
	template <class... Args> auto fold(Region region, const Args &...args)
	{
		return vmsa::fold(tree, batch, region, args...);
	}
	template <class... Args> auto annotate(Region region, const Args &...args)
	{
		return vmsa::annotate(tree, batch, region, args...);
	}
	template <class... Args> auto unannotate(Region region, const Args &...args)
	{
		return vmsa::unannotate(tree, batch, region, args...);
	}
	template <class... Args> auto harvest_accessed(Region region, const Args &...args)
	{
		return vmsa::harvest_accessed(tree, batch, region, args...);
	}
	template <class... Args> auto harvest_dirty(Region region, const Args &...args)
	{
		return vmsa::harvest_dirty(tree, batch, region, args...);
	}
	auto note_accessed(typename T::Input input)
	{
		return vmsa::note_accessed(tree, batch, input);
	}
	auto note_dirty(typename T::Input input)
	{
		return vmsa::note_dirty(tree, batch, input);
	}
};

} // namespace support
