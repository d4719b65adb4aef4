// SPDX-License-Identifier: GPL-2.0-only
//
// FlatMap: what a mapping means, without any tree: an array with a cell for each unit (a page, or a
// block) of a window of the input space.
//
// Hardware may note an access or a write at any time, and a fold or a contiguous group makes a note of
// one page one of all. So the map accepts a note it does not know, and never that one is lost.
#pragma once

#include "suite.hpp"
#include "vmsa/attributes.hpp"
#include "vmsa/tree.hpp"

#include <bit>

namespace support
{

template <class F> class FlatMap {
    public:
	using Input = typename F::Input;
	using Attributes = typename F::Attributes;
	using Region = vmsa::Region<Input>;

	FlatMap(struct kunit *test, Input first, uint64_t unit, size_t units)
	    : first_{first}, unit_{unit}
	{
		cells_ = scratch<Cell>(test, units);
	}

	bool ready() const
	{
		return !cells_.empty();
	}

	// rule(input).pa is the output, asked for each unit on its own.
	template <class Rule> void map(Region region, const Rule &rule, Attributes a)
	{
		a.contiguous = false;
		for (size_t i = index(region.first); i <= index(region.last); i++)
			cells_[i] = {rule(first_ + i * unit_).pa.raw(),
				     true,
				     std::bit_cast<Bytes>(a),
				     {}};
	}

	void unmap(Region region)
	{
		for (size_t i = index(region.first); i <= index(region.last); i++)
			cells_[i] = {};
	}

	// change(attributes) -> attributes
	template <class Change> void edit(Region region, const Change &change)
	{
		const Region inside = region.intersect(all());

		for (size_t i = index(inside.first); i <= index(inside.last); i++) {
			set_attributes(i, change(attributes(i)));
		}
	}

	bool is_mapped(Input at) const
	{
		return cells_[index(at)].mapped;
	}

	Attributes attributes(Input at) const
	{
		return attributes(index(at));
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
	template <class T> bool agrees(const T &tree, Region region)
	{
		for (size_t i = index(region.first); i <= index(region.last); i++) {
			if (!agrees(tree, i, 0, cells_[i].agreed[0]))
				return false;
			if (unit_ > T::Granule::page_size &&
			    !agrees(tree, i, unit_ - 1, cells_[i].agreed[1]))
				return false;
		}
		return true;
	}

	Region all() const
	{
		return {first_, cells_.size() * unit_};
	}

    private:
	struct Bytes {
		uint8_t byte[sizeof(Attributes)];
	};

	// A leaf, and the tables above it, that said the same as the cell when it was last looked at: it
	// need not be decoded again. No leaf is 0.
	struct Agreed {
		vmsa::Descriptor leaf;
		vmsa::Descriptor above;

		bool operator==(const Agreed &) const = default;
	};

	struct Cell {
		uint64_t pa;
		bool mapped;
		Bytes attributes;
		Agreed agreed[2];
	};

	size_t index(Input at) const
	{
		return (at - first_) / unit_;
	}

	Attributes attributes(size_t i) const
	{
		return std::bit_cast<Attributes>(cells_[i].attributes);
	}

	void set_attributes(size_t i, const Attributes &a)
	{
		if (a == attributes(i))
			return;
		cells_[i].attributes = std::bit_cast<Bytes>(a);
		cells_[i].agreed[0] = cells_[i].agreed[1] = {};
	}

	template <class T> bool agrees(const T &tree, size_t i, uint64_t offset, Agreed &agreed)
	{
		const auto found = tree.translate(first_ + i * unit_ + offset);

		if (!found || !cells_[i].mapped)
			return found.ok() == cells_[i].mapped;

		const auto &t = found.value();
		const Agreed now{t.descriptor, t.above};

		if (!(now == agreed)) {
			if (!agree(t.attributes(), i))
				return false;
			agreed = now;
		}
		return t.pa.raw() == cells_[i].pa + offset;
	}

	// Takes over what hardware noted.
	bool agree(Attributes now, size_t i)
	{
		Attributes want = attributes(i);

		now.contiguous = false;
		want.accessed |= now.accessed;
		want.access.write |= want.dbm && now.access.write;
		// Dirty state that was spread in a group, and ended in the same operation: bit 58 says so.
		want.software |=
			now.software & static_cast<uint8_t>(F::software.get(vmsa::bit(58)));
		set_attributes(i, want);
		return now == want;
	}

	std::span<Cell> cells_;
	Input first_;
	uint64_t unit_;
};

} // namespace support
