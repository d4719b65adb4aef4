// SPDX-License-Identifier: MIT OR Apache-2.0
//
// A Mapping is what most users hold: a tree and the TLBs that may remember it, so that no change
// can be made without its invalidation.
//
//   Mapping<Stage2_4K, MyMemory, MyTlb> guest{memory, tlb};
//   guest.create(stage2_geometry<Granule4K>(40, 48).value());
//   guest.map({Ipa{0x8000'0000}, 2 * MiB}, Linear{Ipa{0x8000'0000}, ram}, normal | rwx);
//
// Locking: one writer, or any number of readers; the owner holds the lock.
#pragma once

#include "vmsa/map.hpp"
#include "vmsa/modify.hpp"
#include "vmsa/protect.hpp"
#include "vmsa/unmap.hpp"

namespace vmsa
{

template <class Format, TableMemory Memory, TlbSink<typename Format::Input> Sink> class Mapping {
    public:
	using Input = typename Format::Input;
	using Attributes = typename Format::Attributes;

	constexpr Mapping(Memory &memory, Sink &sink) : tree_{memory}, sink_{sink}
	{
	}

	constexpr Result<void> create(const Geometry &geometry)
	{
		return tree_.create(geometry);
	}

	// No CPU may be using the tables any more.
	constexpr void destroy()
	{
		tree_.destroy();
	}

	template <class Rule>
	constexpr Result<void> map(Region<Input> region, const Rule &rule,
				   const Attributes &attributes, MapLimits limits = {})
	{
		return changing([&](auto &batch) {
			return vmsa::map(tree_, batch, region, rule, attributes, limits);
		});
	}

	constexpr Result<void> unmap(Region<Input> region)
	{
		return changing([&](auto &batch) { return vmsa::unmap(tree_, batch, region); });
	}

	constexpr Result<void> protect(Region<Input> region, typename Format::Access access)
	{
		return changing(
			[&](auto &batch) { return vmsa::protect(tree_, batch, region, access); });
	}

	constexpr Result<Translation<Format>> translate(Input input) const
	{
		return tree_.translate(input);
	}

	constexpr const Tree<Format, Memory> &tree() const
	{
		return tree_;
	}

	// Live descriptors broken and made anew, since the beginning.
	constexpr uint64_t breaks() const
	{
		return breaks_;
	}

    private:
	// One batch a change: when this returns, what the change needed is complete.
	template <class Change> constexpr Result<void> changing(Change &&change)
	{
		Batch<Format, Memory, Sink> batch{tree_.memory(), sink_};
		const Result<void> result = change(batch);

		breaks_ += batch.breaks();
		return result;
	}

	Tree<Format, Memory> tree_;
	Sink &sink_;
	uint64_t breaks_ = 0;
};

} // namespace vmsa
