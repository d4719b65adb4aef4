// SPDX-License-Identifier: GPL-2.0-only
//
// Trace events, from the bytes that the BPF program leaves to what is read; histograms; durations.
#include "trace/counts.hpp"
#include "trace/event.hpp"

#include "text/text.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

using namespace trace;

namespace
{

// A record, as it lies in the ring.
class Bytes {
    public:
	Bytes(unsigned kind, const char *guest, std::vector<uint64_t> arguments)
	    : bytes_(sizeof(record) + 8 * arguments.size())
	{
		record head{};

		head.time = 2000000000;
		head.cpu = 3;
		head.event = kind;
		std::memcpy(bytes_.data(), &head, sizeof(head));
		std::strncpy(reinterpret_cast<char *>(bytes_.data()) + offsetof(record, guest),
			     guest, STAGE2_GUEST_NAME_BYTES);
		std::memcpy(bytes_.data() + sizeof(head), arguments.data(), 8 * arguments.size());
	}

	std::span<const std::byte> all() const
	{
		return bytes_;
	}

    private:
	std::vector<std::byte> bytes_;
};

std::string line(const Bytes &bytes)
{
	Event event;
	std::string out;

	if (!parse(bytes.all(), event))
		return "no record";
	append_line(out, event, 500000000);
	return out;
}

std::string object(const Bytes &bytes)
{
	Event event;
	std::string out;
	json::Writer json{out, json::Writer::Layout::line};

	if (!parse(bytes.all(), event))
		return "no record";
	write_object(json, event);
	return out;
}

TEST(trace_event, is_a_line_for_people)
{
	EXPECT_EQ(line({EVENT_map,
			"demo",
			{0x80000000, 6 << 20, STAGE2_PROT_RW, STAGE2_ATTR_DEVICE, 0, 12288}}),
		  "1.500000 3 demo        map         ipa=0x80000000 size=6M prot=rw attr=device "
		  "error=0 table_bytes=12K\n");
	EXPECT_EQ(line({EVENT_fault,
			"demo",
			{1, 0x90000010, STAGE2_FAULT_TRANSLATION, STAGE2_ACCESS_WRITE, 2,
			 STAGE2_OUTCOME_PAGE, 12345}}),
		  "1.500000 3 demo        fault       vcpu=1 ipa=0x90000010 kind=translation "
		  "access=write level=2 outcome=demand-page ns=12.3us\n");
	EXPECT_EQ(
		line({EVENT_tlbi,
		      "a-name-of-31-characters-as-it-is",
		      {STAGE2_TLBI_VMID, 0, 1ull << 40, 1}}),
		"1.500000 3 a-name-of-31-characters-as-it-is tlbi        kind=vmid ipa=0x0 size=1T "
		"operations=1\n");
}

TEST(trace_event, is_an_object_for_programs)
{
	EXPECT_EQ(
		object({EVENT_exit, "demo", {0, STAGE2_REASON_FAULT, 0x80000000, 0x93c20006, 500}}),
		"{\"event\": \"exit\", \"time_ns\": 2000000000, \"cpu\": 3, \"guest\": \"demo\", "
		"\"vcpu\": 0, \"reason\": \"fault\", \"pc\": \"0x80000000\", "
		"\"esr\": \"0x93c20006\", \"ns\": 500}\n");
	EXPECT_EQ(
		object({EVENT_unmap, "q\"", {0x1000, 4096, 0xffffffea, 8192}}),
		"{\"event\": \"unmap\", \"time_ns\": 2000000000, \"cpu\": 3, \"guest\": \"q\\\"\", "
		"\"ipa\": \"0x1000\", \"size\": 4096, \"error\": -22, \"table_bytes\": 8192}\n");
}

// Numbers that are narrow there come zero-extended.
TEST(trace_event, numbers_may_be_negative)
{
	EXPECT_NE(line({EVENT_map, "x", {0, 0, 0, 0, 0xffffffef, 0}}).find("error=EEXIST"),
		  std::string::npos);
	EXPECT_NE(line({EVENT_map, "x", {0, 0, 0, 0, 0xfffff000, 0}}).find("error=-4096"),
		  std::string::npos);
	EXPECT_NE(line({EVENT_map, "x", {0, 0, 0, 0, 0x80000000, 0}}).find("error=-2147483648"),
		  std::string::npos);
	EXPECT_NE(line({EVENT_cut, "x", {0, 0, 0xffffffff}}).find("level=-1"), std::string::npos);
}

TEST(trace_event, values_of_a_newer_module_are_shown_as_numbers)
{
	EXPECT_NE(line({EVENT_fault, "x", {0, 0, 5, 3, 0, 99, 0}})
			  .find("kind=5 access=3 level=0 outcome=99 "),
		  std::string::npos);
}

TEST(trace_event, bytes_that_are_no_record_are_refused)
{
	const Bytes whole{EVENT_map, "demo", {1, 2, 3, 4, 5, 6}};
	Event event;

	for (size_t n = 0; n < whole.all().size(); n++) {
		// A copy without a byte behind it: the sanitizer sees what reads on.
		const std::vector<std::byte> cut{whole.all().begin(),
						 whole.all().begin() + static_cast<long>(n)};

		EXPECT_FALSE(parse(cut, event)) << n;
	}
	EXPECT_TRUE(parse(whole.all(), event));
	EXPECT_FALSE(parse(Bytes{EVENTS, "demo", {1, 2, 3, 4, 5, 6, 7, 8}}.all(), event));
}

TEST(trace_event, kinds_are_found_by_name)
{
	for (unsigned i = 0; i < EVENTS; i++)
		EXPECT_EQ(find_kind(kinds()[i].name), i);
	EXPECT_EQ(find_kind("nothing"), unsigned{EVENTS});
}

// What the BPF program does with a value.
void observe(histogram &h, uint64_t ns)
{
	const uint64_t eighths = 1 << HISTOGRAM_EIGHTHS;
	uint64_t bucket = ns;

	if (ns >= eighths) {
		const auto power =
			static_cast<unsigned>(63 - std::countl_zero(ns)) - HISTOGRAM_EIGHTHS;

		bucket = power * eighths + (ns >> power);
	}
	h.bucket[std::min<uint64_t>(bucket, HISTOGRAM_BUCKETS - 1)]++;
	h.sum += ns;
	h.max = std::max<uint64_t>(h.max, ns);
}

TEST(trace_histogram, buckets_lie_side_by_side_and_hold_what_belongs_there)
{
	EXPECT_EQ(Histogram::first(0), 0u);
	for (size_t i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
		EXPECT_EQ(Histogram::first(i + 1), Histogram::last(i) + 1) << i;
		EXPECT_LE(Histogram::last(i) - Histogram::first(i), Histogram::first(i) / 8) << i;
		for (const uint64_t ns : {Histogram::first(i), Histogram::last(i)}) {
			histogram h{};

			observe(h, ns);
			EXPECT_EQ(Histogram{h}.in(i), 1u) << ns;
		}
	}
	EXPECT_EQ(Histogram::last(HISTOGRAM_BUCKETS - 1), ~uint64_t{0});
}

TEST(trace_histogram, percentiles_are_an_eighth_off_at_most)
{
	histogram h{};

	for (uint64_t ns = 1; ns <= 100000; ns++)
		observe(h, ns);

	const Histogram all{h};

	EXPECT_EQ(all.count(), 100000u);
	EXPECT_EQ(all.mean(), 50000u);
	EXPECT_EQ(all.max(), 100000u);
	for (const unsigned p : {1u, 10u, 500u, 900u, 990u, 999u}) {
		const uint64_t exact = 100 * p;

		EXPECT_GE(all.percentile(p), exact) << p;
		EXPECT_LE(all.percentile(p), exact + exact / 8) << p;
	}
	EXPECT_EQ(all.percentile(1000), 100000u);
}

TEST(trace_histogram, of_few_values_percentiles_are_of_those)
{
	histogram h{};

	EXPECT_EQ(Histogram{h}.percentile(500), 0u);
	EXPECT_EQ(Histogram{h}.mean(), 0u);
	observe(h, 5000);
	EXPECT_EQ(Histogram{h}.percentile(1), 5000u);
	EXPECT_EQ(Histogram{h}.percentile(990), 5000u);
	observe(h, 3);
	EXPECT_EQ(Histogram{h}.percentile(500), 3u);
	EXPECT_EQ(Histogram{h}.percentile(501), 5000u);
}

TEST(trace_histogram, is_added_up_and_taken_apart)
{
	histogram a{}, b{};
	cpu_counts cpu{};

	observe(a, 10);
	observe(b, 10);
	observe(b, 1000);

	Histogram sum{a};

	sum += Histogram{b};
	EXPECT_EQ(sum.count(), 3u);
	EXPECT_EQ(sum.mean(), 340u);
	EXPECT_EQ((sum - Histogram{b}).count(), 1u);
	EXPECT_EQ((sum - Histogram{b}).mean(), 10u);

	cpu.event[EVENT_tlbi] = 2;
	cpu.tlbi = 7;
	cpu.fault = b;

	Counts counts, before;

	counts += cpu;
	before = counts;
	counts += cpu;
	EXPECT_EQ(counts.events[EVENT_tlbi], 4u);
	EXPECT_EQ((counts - before).tlbi, 7u);
	EXPECT_EQ((counts - before).fault.count(), 2u);
}

TEST(trace_histogram, has_bars_from_the_first_value_to_the_last)
{
	histogram h{};
	std::string out;

	append_bars(out, Histogram{h});
	EXPECT_EQ(out, "");
	observe(h, 5);
	for (int i = 0; i < 400; i++)
		observe(h, 20);
	append_bars(out, Histogram{h});
	EXPECT_EQ(out,
		  "       0ns ..     8ns         1  #\n"
		  "       8ns ..    16ns         0\n"
		  "      16ns ..    32ns       400  ########################################\n");
	EXPECT_EQ(summary(Histogram{h}), "p50 20ns  p90 20ns  p99 20ns  max 20ns");
}

TEST(text, durations_have_three_digits_or_so)
{
	EXPECT_EQ(text::duration(0), "0ns");
	EXPECT_EQ(text::duration(999), "999ns");
	EXPECT_EQ(text::duration(1000), "1.0us");
	EXPECT_EQ(text::duration(12345), "12.3us");
	EXPECT_EQ(text::duration(123456), "123us");
	EXPECT_EQ(text::duration(1500000000), "1.5s");
	EXPECT_EQ(text::duration(7200000000000), "7200s");
}

} // namespace
