// SPDX-License-Identifier: GPL-2.0-only
//
// Crowd: threads of the host's, one tree of the usual format, and the owner's lock. What is mapped at an address leads
// to one place only, whoever mapped it, so that every thread can judge what it reads.
#pragma once

#include "support/random.hpp"
#include "vmsa/vmsa.hpp"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

namespace threads
{

using vmsa::Descriptor;
using vmsa::Ipa;
using vmsa::Level;
using vmsa::Pa;

// Tables of the host's heap, which any thread may ask for.
class HeapTables {
    public:
	Descriptor *allocate(size_t bytes)
	{
		void *table = std::aligned_alloc(bytes, bytes);

		std::memset(table, 0, bytes);
		out_.fetch_add(bytes / vmsa::Granule4K::table_bytes, std::memory_order_relaxed);
		return static_cast<Descriptor *>(table);
	}
	void free(Descriptor *table, size_t bytes)
	{
		out_.fetch_sub(bytes / vmsa::Granule4K::table_bytes, std::memory_order_relaxed);
		std::free(table);
	}
	Pa physical(const Descriptor *table) const
	{
		return Pa{reinterpret_cast<uintptr_t>(table)};
	}
	Descriptor *pointer(Pa pa) const
	{
		return reinterpret_cast<Descriptor *>(pa.raw());
	}
	size_t out() const
	{
		return out_.load(std::memory_order_relaxed);
	}

    private:
	std::atomic<size_t> out_{0};
};

struct CountingTlb {
	void invalidate(vmsa::Region<Ipa>, Level, bool)
	{
		invalidations++;
	}
	void sync()
	{
		syncs++;
	}

	unsigned long invalidations = 0;
	unsigned long syncs = 0;
};

// Where pages lie, all of them in a few tables.
inline constexpr uint64_t span_bytes = 16 * vmsa::MiB;

constexpr Pa place_of(Ipa ipa)
{
	return Pa{ipa.raw() + vmsa::GiB};
}

class Crowd {
    public:
	using Format = vmsa::Stage2_4K;
	using Granule = Format::Granule;
	using Region = vmsa::Region<Ipa>;

	Crowd()
	{
		static_cast<void>(mapping_.create(vmsa::stage2_geometry<Granule>(40, 40).value()));
	}

	// body(crowd, number of the thread) in each of `count` threads.
	template <class Body> void run(unsigned count, const Body &body)
	{
		std::vector<std::thread> all;

		for (unsigned i = 0; i < count; i++)
			all.emplace_back([this, &body, i] { body(*this, i); });
		for (std::thread &t : all)
			t.join();
	}

	// operation(SharedMapping)
	template <class Operation> auto read(CountingTlb &tlb, const Operation &operation)
	{
		std::shared_lock lock{lock_};

		return operation(mapping_.shared(tlb));
	}

	// operation(Mapping)
	template <class Operation> auto write(const Operation &operation)
	{
		std::unique_lock lock{lock_};

		return operation(mapping_);
	}

	auto &mapping()
	{
		return mapping_;
	}
	const HeapTables &memory() const
	{
		return memory_;
	}

	// As the MMU would do it, by one exchange.
	static void note(const vmsa::Tree<Format, HeapTables> &tree, Ipa ipa)
	{
		const auto slot = tree.slot(ipa);

		if (Format::is_leaf(slot.descriptor, slot.level))
			__atomic_fetch_or(slot.entry(), Format::af, __ATOMIC_RELAXED);
	}

    private:
	std::shared_mutex lock_;
	HeapTables memory_;
	CountingTlb tlb_;
	vmsa::Mapping<Format, HeapTables, CountingTlb> mapping_{memory_, tlb_};
};

} // namespace threads
