// SPDX-License-Identifier: GPL-2.0-only
//
// What the BPF program counts of a guest (bpf/record.h), the CPUs' parts added up.
#pragma once

#include "histogram.hpp"

namespace trace
{

struct Counts {
	std::array<uint64_t, EVENTS> events{}; // by EVENT_*
	uint64_t tlbi = 0; // instructions
	Histogram fault; // how long faults took to answer
	Histogram run; // how long the guest ran until it left

	Counts &operator+=(const cpu_counts &of_cpu)
	{
		for (size_t i = 0; i < events.size(); i++)
			events[i] += of_cpu.event[i];
		tlbi += of_cpu.tlbi;
		fault += Histogram{of_cpu.fault};
		run += Histogram{of_cpu.run};
		return *this;
	}
	Counts &operator+=(const Counts &other)
	{
		for (size_t i = 0; i < events.size(); i++)
			events[i] += other.events[i];
		tlbi += other.tlbi;
		fault += other.fault;
		run += other.run;
		return *this;
	}
	// What has come since.
	Counts operator-(const Counts &before) const
	{
		Counts since = *this;

		for (size_t i = 0; i < events.size(); i++)
			since.events[i] -= before.events[i];
		since.tlbi -= before.tlbi;
		since.fault = fault - before.fault;
		since.run = run - before.run;
		return since;
	}
};

} // namespace trace
