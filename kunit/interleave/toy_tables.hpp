// SPDX-License-Identifier: GPL-2.0-only
//
// The tables of a race, seen from beside: read by the numbers of the Arm ARM, without the library, and put into any
// state.
#pragma once

#include "exhaust/meaning.hpp"
#include "exhaust/state.hpp"
#include "interleave/pool.hpp"

namespace interleave
{

using exhaust::State;

class ToyTables {
    private:
	auto pointer() const
	{
		return [this](uint64_t address) -> const Descriptor * {
			return memory_.pointer(Pa{address});
		};
	}

    public:
	using F = exhaust::Toy<1>;

	ToyTables(Pool &memory, unsigned levels)
	    : memory_{memory}, geometry_{exhaust::toy_geometry<F>(levels)}
	{
	}

	const vmsa::Geometry &geometry() const
	{
		return geometry_;
	}

	void start(Descriptor *root)
	{
		root_ = root;
	}

	// The entry that decides the page.
	Descriptor *entry(size_t page) const
	{
		Descriptor *table = root_;

		for (Level level = geometry_.start;; level++) {
			const size_t i =
				page >> (F::Granule::shift(level) - exhaust::page_shift) & 1;

			if (!exhaust::names_table<F>(table[i], level))
				return table + i;
			table = memory_.pointer(Pa{table[i] & exhaust::arm::address});
		}
	}

	// The other leaf of two stands before it, or behind.
	const Descriptor *other_of_group(size_t page) const
	{
		const Descriptor *d = entry(page);

		return reinterpret_cast<uintptr_t>(d) & sizeof(Descriptor) ? d - 1 : d + 1;
	}

	// S2AP
	static unsigned permission(Descriptor d)
	{
		return d >> 6 & 3;
	}

	// How many tables there are, the root included.
	size_t reachable() const
	{
		return reachable(root_, geometry_.start);
	}

	exhaust::Meaning meaning() const
	{
		return exhaust::read<F>(root_, geometry_, pointer());
	}

	State state() const
	{
		State words;

		exhaust::append<F>(words, root_, geometry_.start, pointer());
		return words;
	}

	State empty()
	{
		memory_.keep_only(root_, Pool::tables);
		return state();
	}

	void come_to(const State &state)
	{
		memory_.keep_only(root_, Pool::tables);
		exhaust::restore<F>(state.data(), root_, geometry_.start, [this] {
			Descriptor *table = memory_.allocate(F::Granule::table_bytes);

			return std::pair{table, memory_.physical(table).raw()};
		});
	}

    private:
	size_t reachable(const Descriptor *table, Level level) const
	{
		size_t n = 1;

		for (size_t i = 0; i < F::Granule::entries; i++) {
			if (exhaust::names_table<F>(table[i], level))
				n += reachable(pointer()(table[i] & exhaust::arm::address),
					       level + 1);
		}
		return n;
	}

	Pool &memory_;
	vmsa::Geometry geometry_;
	Descriptor *root_ = nullptr;
};

} // namespace interleave
