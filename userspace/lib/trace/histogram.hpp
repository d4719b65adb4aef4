// SPDX-License-Identifier: GPL-2.0-only
//
// Histograms of latencies, as the BPF program keeps them (bpf/record.h): sums of several, percentiles,
// and bars for people.
#pragma once

#include "bpf/record.h"

#include "text/json.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace trace
{

class Histogram {
    public:
	Histogram() = default;
	explicit Histogram(const histogram &h);

	Histogram &operator+=(const Histogram &other);
	// What has come since: `before` is of the same histogram. The largest value stays the largest of all.
	Histogram operator-(const Histogram &before) const;

	uint64_t count() const;
	uint64_t max() const
	{
		return max_;
	}
	// 0 when there is nothing.
	uint64_t mean() const;
	// The least bound that `thousandths` of all values do not exceed: 500 is the median. It is at most an
	// eighth more than the value itself. 0 when there is nothing.
	uint64_t percentile(unsigned thousandths) const;

	// The smallest and largest value of a bucket.
	static uint64_t first(size_t bucket);
	static uint64_t last(size_t bucket);
	uint64_t in(size_t bucket) const
	{
		return buckets_[bucket];
	}

    private:
	uint64_t sum_ = 0;
	uint64_t max_ = 0;
	std::array<uint64_t, HISTOGRAM_BUCKETS> buckets_{};
};

// "p50 12us  p90 20us  p99 24us  max 31us"
std::string summary(const Histogram &h);

// A line for each power of two from the first to the last that has a value, with a bar:
//
//        8us .. 16us          5  ########
void append_bars(std::string &out, const Histogram &h);

// {"count": 5, "mean_ns": ..., "p50_ns": ..., "buckets": [{"from_ns": ..., "to_ns": ..., "count": ...}]}
void write_members(json::Writer &json, const Histogram &h);

} // namespace trace
