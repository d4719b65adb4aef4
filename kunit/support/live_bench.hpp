// SPDX-License-Identifier: GPL-2.0-only
//
// A map of every regime, as a CPU that takes the minutes sees it: 39 bits of input, 40 of output, 4K,
// ASID or VMID 5 where the regime has one. The map's root is the first table of the bench's memory.
#pragma once

#include "support/cpu_recorder.hpp"
#include "vmsa/id_map.hpp"
#include "vmsa/linear_map.hpp"

namespace support
{

template <class Stage, unsigned OutputBits = 48>
using RecordedIdMap = vmsa::IdMap<Stage, vmsa::Granule4K, OutputBits, ScratchMemory, CpuRecorder>;
template <class Stage>
using RecordedLinearMap = vmsa::LinearMap<Stage, vmsa::Granule4K, 48, ScratchMemory, CpuRecorder>;

template <class Stage> constexpr vmsa::MapConfig usual_config()
{
	vmsa::MapConfig config{.va_bits = 39, .asid = 5, .pa_bits = 40};

	if constexpr (vmsa::Stage1Regime<Stage>) {
		if (!Stage::has_el0)
			config.asid = 0;
	} else {
		config.tlbi.range = true; // or no page goes by its address
	}
	return config;
}

// Normal memory to read and write, not global where that can be said.
template <class Stage> constexpr auto usual_attributes()
{
	typename vmsa::Format<Stage, vmsa::Granule4K>::Attributes a = vmsa::normal | vmsa::rw;

	if constexpr (vmsa::Stage1Regime<Stage>)
		a.global = !Stage::has_el0;
	return a;
}

struct LiveBench {
	static constexpr uint64_t usual_base = ScratchMemory::usual_base;

	explicit LiveBench(struct kunit *test, uint64_t base = usual_base)
	    : verdict{test}, memory{test, verdict, vmsa::Granule4K::table_bytes, 32, base},
	      log{test}
	{
		log.listen(memory);
	}

	Verdict verdict;
	ScratchMemory memory;
	CpuLog log;
};

} // namespace support
