// SPDX-License-Identifier: GPL-2.0-only
//
// Runs of descriptors, in pairs and one at a time: each is looked at and changed once, in order, and none beside. Pairs
// are of AArch64 (memory.hpp); elsewhere two accesses stand for the instruction, and what goes by pairs is the same.
#include "vmsa/runs.hpp"
#include "suite.hpp"

#include <algorithm>

using namespace vmsa;

namespace
{

constexpr size_t most = 50; // three times sixteen, a pair, and one more
constexpr Descriptor untouched = 0x5555'5555'5555'5555;

struct Table {
	explicit Table(struct kunit *test) : words{scratch<Descriptor>(test, most + 4)}
	{
	}

	Descriptor *clear(size_t offset)
	{
		std::fill(words.begin(), words.end(), untouched);
		return words.data() + 2 + offset;
	}

	// f(i) is entry `i` of `n` from there on, and nothing else was touched.
	template <class F> bool says(size_t offset, size_t n, const F &f) const
	{
		for (size_t i = 0; i < words.size(); i++) {
			const size_t k = i - 2 - offset;

			if (words[i] != (k < n ? f(k) : untouched))
				return false;
		}
		return true;
	}

	std::span<Descriptor> words;
};

template <bool Pairs> void go_through(struct kunit *test)
{
	Table table{test};

	ASSERT(!table.words.empty());
	for (size_t n = 0; n <= most; n++) {
		for (size_t offset : {0, 1}) {
			Descriptor *entry = table.clear(offset);
			size_t seen = 0;
			bool in_order = true;

			fill<Pairs>(entry, n, 7, 4096);
			ASSERT(table.says(offset, n, [](size_t i) { return 7 + i * 4096; }));
			look_at<Pairs>(entry, n, [&](Descriptor d) {
				in_order = in_order && d == 7 + seen++ * 4096;
			});
			ASSERT(in_order && seen == n);
			for (Beside who : {Beside::nobody, Beside::readers, Beside::hardware}) {
				toggle<Pairs>(entry, n, bit(7) | bit(0), who);
				ASSERT(table.says(offset, n, [](size_t i) {
					return (7 + i * 4096) ^ (bit(7) | bit(0));
				}));
				toggle<Pairs>(entry, n, bit(7) | bit(0), who);
				ASSERT(table.says(offset, n,
						  [](size_t i) { return 7 + i * 4096; }));
			}
		}
	}
}

} // namespace

TEST(in_pairs)
{
	go_through<true>(test);
}

TEST(one_at_a_time)
{
	go_through<false>(test);
}

TEST(one_that_does_not_count_up_is_found)
{
	constexpr Descriptor first = bit(63) | 7;
	Table table{test};

	ASSERT(!table.words.empty());
	for (size_t n = 0; n <= most; n++) {
		for (size_t offset : {0, 1}) {
			Descriptor *entry = table.clear(offset);

			fill(entry, n, first, 4096);
			ASSERT(count_up(entry, n, first, 4096));
			for (size_t i = 0; i < n; i++) {
				for (unsigned b : {0, 12, 63}) {
					entry[i] ^= bit(b);
					ASSERT(!count_up(entry, n, first, 4096));
					entry[i] ^= bit(b);
				}
			}
			ASSERT(!n || !count_up(entry, n, first + 4096, 4096));
			ASSERT(n < 2 || !count_up(entry, n, first, 8192));
		}
	}
}

SUITE(runs, in_pairs, one_at_a_time, one_that_does_not_count_up_is_found);
