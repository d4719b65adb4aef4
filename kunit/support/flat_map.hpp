// SPDX-License-Identifier: GPL-2.0-only
//
// FlatMap: what a mapping means, without any tree: an array with a cell for each unit (a page, or a
// block) of a window of the input space.
#pragma once

#include "suite.hpp"
#include "vmsa/attributes.hpp"
#include "vmsa/tree.hpp"

namespace support
{

class FlatMap {
    public:
	using Region = vmsa::Region<vmsa::Ipa>;

	FlatMap(struct kunit *test, vmsa::Ipa first, uint64_t unit, size_t units)
	    : first_{first}, unit_{unit}
	{
		cells_ = scratch<Cell>(test, units);
	}

	bool ready() const
	{
		return !cells_.empty();
	}

	// rule(input).pa is the output, asked for each unit on its own.
	template <class Rule>
	void map(Region region, const Rule &rule, const vmsa::Stage2Attributes &a)
	{
		for (size_t i = index(region.first); i <= index(region.last); i++)
			cells_[i] = {rule(first_ + i * unit_).pa.raw(),
				     true,
				     a.memory,
				     a.access.read,
				     a.access.write,
				     a.access.execute,
				     a.shareability,
				     a.accessed,
				     a.software};
	}

	void unmap(Region region)
	{
		for (size_t i = index(region.first); i <= index(region.last); i++)
			cells_[i] = {};
	}

	void protect(Region region, vmsa::Access access)
	{
		for (size_t i = index(region.first); i <= index(region.last); i++) {
			cells_[i].read = access.read;
			cells_[i].write = access.write;
			cells_[i].execute = access.execute;
		}
	}

	bool is_mapped(vmsa::Ipa at) const
	{
		return cells_[index(at)].mapped;
	}

	vmsa::MemoryType memory_type(vmsa::Ipa at) const
	{
		return cells_[index(at)].memory;
	}

	// From the first unit of `region` that is mapped (or is not) to the last in a row that is.
	// False when there is none.
	bool find(Region region, bool mapped, Region &found) const
	{
		size_t i = index(region.first);
		const size_t end = index(region.last);

		while (i <= end && cells_[i].mapped != mapped)
			i++;
		if (i > end)
			return false;
		const size_t begin = i;

		while (i < end && cells_[i + 1].mapped == mapped)
			i++;
		found = {first_ + begin * unit_, (i - begin + 1) * unit_};
		return true;
	}

	// Does `tree` say the same, at the first byte of every unit, and at the last where a leaf may be
	// smaller than a unit?
	template <class T> bool agrees(const T &tree, Region region) const
	{
		for (size_t i = index(region.first); i <= index(region.last); i++) {
			const vmsa::Ipa at = first_ + i * unit_;

			if (!agrees(tree, at, cells_[i], 0))
				return false;
			if (unit_ > T::Granule::page_size &&
			    !agrees(tree, at, cells_[i], unit_ - 1))
				return false;
		}
		return true;
	}

	Region all() const
	{
		return {first_, cells_.size() * unit_};
	}

    private:
	struct Cell {
		uint64_t pa;
		bool mapped;
		vmsa::MemoryType memory;
		bool read;
		bool write;
		vmsa::Execute execute;
		vmsa::Shareability shareability;
		bool accessed;
		uint8_t software;
	};

	size_t index(vmsa::Ipa at) const
	{
		return (at - first_) / unit_;
	}

	template <class T>
	static bool agrees(const T &tree, vmsa::Ipa at, const Cell &cell, uint64_t offset)
	{
		const auto found = tree.translate(at + offset);

		if (!found || !cell.mapped)
			return found.ok() == cell.mapped;
		const auto &a = found.value().attributes();

		return found.value().pa.raw() == cell.pa + offset && a.memory == cell.memory &&
		       a.access == vmsa::Access{cell.read, cell.write, cell.execute} &&
		       a.shareability == cell.shareability && a.accessed == cell.accessed &&
		       a.software == cell.software;
	}

	std::span<Cell> cells_;
	vmsa::Ipa first_;
	uint64_t unit_;
};

} // namespace support
