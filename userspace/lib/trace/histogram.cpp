// SPDX-License-Identifier: GPL-2.0-only
#include "histogram.hpp"

#include "text/text.hpp"

#include <algorithm>
#include <numeric>

namespace trace
{

namespace
{

constexpr size_t per_power = 1 << HISTOGRAM_EIGHTHS;
constexpr unsigned percentiles[] = {500, 900, 990};

// The power of two a bucket belongs to; all values up to 7 are one.
size_t power_of(size_t bucket)
{
	return bucket / per_power;
}

void pad_left(std::string &out, size_t width, const std::string &text)
{
	out.append(text.size() < width ? width - text.size() : 0, ' ');
	out += text;
}

} // namespace

Histogram::Histogram(const histogram &h) : sum_{h.sum}, max_{h.max}
{
	std::ranges::copy(h.bucket, buckets_.begin());
}

Histogram &Histogram::operator+=(const Histogram &other)
{
	sum_ += other.sum_;
	max_ = std::max(max_, other.max_);
	for (size_t i = 0; i < buckets_.size(); i++)
		buckets_[i] += other.buckets_[i];
	return *this;
}

Histogram Histogram::operator-(const Histogram &before) const
{
	Histogram since = *this;

	since.sum_ -= before.sum_;
	for (size_t i = 0; i < buckets_.size(); i++)
		since.buckets_[i] -= before.buckets_[i];
	return since;
}

uint64_t Histogram::count() const
{
	return std::accumulate(buckets_.begin(), buckets_.end(), uint64_t{0});
}

uint64_t Histogram::mean() const
{
	const uint64_t n = count();

	return n ? sum_ / n : 0;
}

uint64_t Histogram::percentile(unsigned thousandths) const
{
	const uint64_t n = count();
	// So many values, the smallest ones, are to be within the bound: at least one.
	const uint64_t wanted = std::max<uint64_t>((n * thousandths + 999) / 1000, 1);
	uint64_t seen = 0;

	for (size_t i = 0; i < buckets_.size(); i++) {
		seen += buckets_[i];
		if (seen >= wanted)
			return std::min(last(i), max_);
	}
	return 0;
}

uint64_t Histogram::first(size_t bucket)
{
	const size_t power = power_of(bucket);

	return power ? (per_power + bucket % per_power) << (power - 1) : bucket;
}

uint64_t Histogram::last(size_t bucket)
{
	return bucket + 1 < HISTOGRAM_BUCKETS ? first(bucket + 1) - 1 : ~uint64_t{0};
}

std::string summary(const Histogram &h)
{
	std::string out;

	for (const unsigned p : percentiles)
		out += 'p' + std::to_string(p / 10) + ' ' + text::duration(h.percentile(p)) + "  ";
	return out + "max " + text::duration(h.max());
}

void append_bars(std::string &out, const Histogram &h)
{
	constexpr uint64_t longest = 40;
	std::array<uint64_t, HISTOGRAM_BUCKETS / per_power> powers{};
	size_t begin = powers.size(), end = 0;

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		powers[power_of(i)] += h.in(i);
		if (h.in(i)) {
			begin = std::min(begin, power_of(i));
			end = power_of(i) + 1;
		}
	}

	const uint64_t most = *std::ranges::max_element(powers);

	for (size_t i = begin; i < end; i++) {
		// What is there at all has a bar.
		const uint64_t length = (powers[i] * longest + most - 1) / most;

		pad_left(out, 10, text::duration(Histogram::first(i * per_power)));
		out += " .. ";
		pad_left(out, 7,
			 i + 1 < powers.size()
				 ? text::duration(Histogram::first((i + 1) * per_power))
				 : std::string{});
		pad_left(out, 10, std::to_string(powers[i]));
		out += length ? "  " + std::string(length, '#') : "";
		out += '\n';
	}
}

void write_members(json::Writer &json, const Histogram &h)
{
	json.member("count", h.count());
	json.member("mean_ns", h.mean());
	for (const unsigned p : percentiles)
		json.member('p' + std::to_string(p / 10) + "_ns", h.percentile(p));
	json.member("max_ns", h.max());
	json.begin_array("buckets");
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (!h.in(i))
			continue;
		json.begin_object();
		json.member("from_ns", Histogram::first(i));
		json.member("to_ns", Histogram::last(i));
		json.member("count", h.in(i));
		json.end();
	}
	json.end();
}

} // namespace trace
