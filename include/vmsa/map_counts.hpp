// SPDX-License-Identifier: MIT OR Apache-2.0
//
// How many tables a change of a LiveMap would take: as for Mapping. Errors: as Mapping's, or created().
#pragma once

#include "vmsa/mapping.hpp"

namespace vmsa
{

// `Map` is the LiveMap, which is one of these.
template <class Map, class Format> class MapCounts {
	using Input = typename Format::Input;
	using Attributes = typename Format::Attributes;

    public:
	// For map().
	Result<size_t> tables_to_map(Region<Input> region, const Attributes &attributes,
				     MapLimits limits = {})
	{
		return count([&](auto &m) {
			return m.tables_to_map(region, map().translation(), attributes, limits);
		});
	}

	// For remap().
	Result<size_t> tables_to_remap(Region<Input> region, const Attributes &attributes,
				       MapLimits limits = {})
	{
		return count([&](auto &m) {
			return m.tables_to_remap(region, map().translation(),
						 map().of_map(attributes), limits);
		});
	}

	// For unmap().
	Result<size_t> tables_to_unmap(Region<Input> region)
	{
		return count([&](auto &m) { return m.tables_to_unmap(region); });
	}

	// For protect().
	Result<size_t> tables_to_protect(Region<Input> region, typename Format::Access access)
	{
		return count([&](auto &m) { return m.tables_to_protect(region, access); });
	}

	// For modify().
	template <AttributeUpdate<Format> Update>
	Result<size_t> tables_to_modify(Region<Input> region, const Update &update)
	{
		return count([&](auto &m) { return m.tables_to_modify(region, update); });
	}

	// For cut().
	Result<size_t> tables_to_cut(Region<Input> region, Level level = last_level)
	{
		return count([&](auto &m) { return m.tables_to_cut(region, level); });
	}

	// For annotate().
	template <Annotation... A>
	Result<size_t> tables_to_annotate(Region<Input> region, const A &...a)
	{
		return count([&](auto &m) { return m.tables_to_annotate(region, a...); });
	}

	// For unannotate().
	template <Annotation A>
	Result<size_t> tables_to_unannotate(Region<Input> region, const A &a)
	{
		return count([&](auto &m) { return m.tables_to_unannotate(region, a); });
	}

    private:
	Map &map()
	{
		return static_cast<Map &>(*this);
	}

	template <class Count> Result<size_t> count(const Count &of)
	{
		return map().created() ? of(map().change()) : map().created().error();
	}
};

} // namespace vmsa
