// SPDX-License-Identifier: GPL-2.0-only
//
// What a guest's stage 2 faults are answered with, besides being reported:
//
//   demand    a hole in a declared region is filled, and the guest goes on
//   dirty     writes to a region are noted: leaves there are writable-clean (DBM) until written
//   accessed  AF is set again after a read of `accessed` has cleared it
//
// Where the CPU notes writes or accesses by itself, the last two need no fault. Where it does not, the
// descriptors are the same, and the fault handler does what the CPU would.
#pragma once

#include "kernel/kernel.h"
#include "words/request.hpp"

#include "vmsa/vmsa.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

namespace stage2
{

// A few regions, apart from each other, in ascending order. T has a `region`.
template <class T> class RegionList {
    public:
	using Region = vmsa::Region<vmsa::Ipa>;
	static constexpr size_t most = 16;

	std::span<T> all()
	{
		return {list_.data(), count_};
	}
	std::span<const T> all() const
	{
		return {list_.data(), count_};
	}
	bool full() const
	{
		return count_ == most;
	}
	void clear()
	{
		count_ = 0;
	}

	// The first that has a byte in common, or null.
	const T *overlap(Region region) const
	{
		for (const T &entry : all()) {
			if (entry.region.first <= region.last && region.first <= entry.region.last)
				return &entry;
		}
		return nullptr;
	}
	T *find(vmsa::Ipa ipa)
	{
		for (T &entry : all()) {
			if (entry.region.contains(ipa))
				return &entry;
		}
		return nullptr;
	}

	// Neither full, nor an overlap.
	void insert(const T &entry)
	{
		size_t i = count_++;

		for (; i && list_[i - 1].region.first > entry.region.first; i--)
			list_[i] = list_[i - 1];
		list_[i] = entry;
	}

    private:
	std::array<T, most> list_{};
	size_t count_ = 0;
};

struct DemandRegion {
	vmsa::Region<vmsa::Ipa> region;
	vmsa::Stage2Attributes attributes;
	vmsa::Level largest; // of its leaves
	uint64_t bytes; // that faults have mapped
	vmsa::Descriptor leaf; // what the attributes are in a page (Space::leaf_bits)
};

struct LoggedRegion {
	vmsa::Region<vmsa::Ipa> region;
};

struct Policy {
	RegionList<DemandRegion> demand;
	RegionList<LoggedRegion> dirty;
	bool report_accesses = false; // access flag faults are exits

	bool logs(vmsa::Region<vmsa::Ipa> region) const
	{
		return dirty.overlap(region) != nullptr;
	}

	// A software bit of a leaf: it was written, and is no longer writable, and nobody has read
	// that in `dirty` yet.
	static constexpr uint8_t was_written = 1;

	// What a new leaf gets where it was asked to have `attributes`; `written` when it is mapped
	// for a write.
	vmsa::Stage2Attributes of_new(vmsa::Region<vmsa::Ipa> region,
				      vmsa::Stage2Attributes attributes, bool written) const;
	// What a leaf becomes whose access changes.
	vmsa::Stage2Attributes of_protected(vmsa::Region<vmsa::Ipa> region,
					    vmsa::Stage2Attributes leaf, vmsa::Access access) const;
};

// Under the guest's lock; 0, or -error, and then nothing changed.
int policy_set_demand(stage2_guest &guest, const Request &request);
int policy_set_dirty(stage2_guest &guest, const Request &request);
int policy_set_accessed(stage2_guest &guest, const Request &request);

// A read of the logs begins: takes what there is into Ranges.
int policy_take_dirty(stage2_guest &guest, const Request &request, void **taken);
int policy_take_accessed(stage2_guest &guest, const Request &request, void **taken);

} // namespace stage2
