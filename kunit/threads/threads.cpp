// SPDX-License-Identifier: GPL-2.0-only
//
// Readers and writers of one tree, as threads of the host's. ThreadSanitizer sees whether two of them meet in a way
// that the C++ memory model has no answer for; the interleavings of single accesses are kunit/interleave's.
#include "suite.hpp"
#include "threads/crowd.hpp"

using namespace threads;
using vmsa::Errc;

namespace
{

using Region = Crowd::Region;

constexpr unsigned crowd = 4;
constexpr uint64_t page = 4096;
constexpr uint64_t pages = span_bytes / page;
// Few, on both sides of a table's end, so that threads meet.
constexpr uint64_t meeting_pages = 64;
constexpr Ipa meeting{2 * vmsa::MiB - meeting_pages / 2 * page};
constexpr vmsa::Access rw{true, true};
constexpr vmsa::Access r{true, false};

vmsa::Stage2Attributes logged()
{
	vmsa::Stage2Attributes a = vmsa::normal | vmsa::r;

	a.dbm = true;
	return a;
}

// Every thread maps all pages, in another order: each page once, by whoever was first.
void map_all(Crowd &all, unsigned thread, std::atomic<uint64_t> &mapped,
	     std::atomic<uint64_t> &other)
{
	CountingTlb tlb;

	for (uint64_t i = 0; i < pages; i++) {
		const Ipa ipa{(thread & 1 ? pages - 1 - i : i) * page};
		const auto result = all.read(tlb, [&](auto shared) {
			return shared.map(ipa, 3, place_of(ipa), vmsa::normal | vmsa::rw);
		});

		if (result)
			mapped++;
		else if (result.error().code != Errc::overlap)
			other++;
	}
}

} // namespace

TEST(each_page_is_mapped_once)
{
	Crowd all;
	std::atomic<uint64_t> mapped{0};
	std::atomic<uint64_t> other{0};

	all.run(crowd, [&](Crowd &c, unsigned i) { map_all(c, i, mapped, other); });
	EXPECT_EQ(mapped.load(), pages);
	EXPECT_EQ(other.load(), 0);
	EXPECT_EQ(vmsa::census(all.mapping().tree()).all_leaves(), pages);
	// The root, and one for each 2 MiB and GiB.
	EXPECT_EQ(all.memory().out(),
		  all.mapping().tree().geometry().root_tables + span_bytes / (2 * vmsa::MiB) + 1);
	all.mapping().destroy();
	EXPECT_EQ(all.memory().out(), 0);
}

TEST(readers_and_writers)
{
	Crowd all;
	std::atomic<uint64_t> mapped{0};
	std::atomic<uint64_t> wrong{0};

	all.run(crowd, [&](Crowd &c, unsigned thread) {
		support::Random random{thread + 1};
		CountingTlb tlb;

		for (unsigned n = 0; n < 100000 * test_effort(); n++) {
			const Ipa at = meeting + random.below(meeting_pages) * page;
			const Region here{at, page};
			const Region near{at.align_down(8 * page), 8 * page};
			const Region block{at.align_down(2 * vmsa::MiB), 2 * vmsa::MiB};

			if (random.below(256) == 0) {
				mapped -= c.write([&](auto &m) { return m.unmap(here).ok(); });
				continue;
			}
			c.read(tlb, [&](auto shared) {
				switch (random.below(8)) {
				case 0:
					if (shared.map(block.first, 2, place_of(block.first),
						       logged()))
						mapped += block.size() / page;
					break;
				case 1:
				case 2:
				case 3:
					if (shared.map(at, 3, place_of(at), logged()))
						mapped++;
					break;
				case 4:
					static_cast<void>(shared.protect(near, n & 1 ? rw : r));
					break;
				case 5:
					static_cast<void>(shared.note_dirty(at));
					break;
				case 6:
					Crowd::note(shared.tree(), at);
					break;
				default:
					const auto found = shared.translate(at);

					wrong += found && found.value().pa != place_of(at);
				}
			});
		}
	});

	uint64_t bytes = 0;

	for (Ipa at{0}; at.raw() < span_bytes; at = at + page)
		bytes += all.mapping().translate(at).ok() * page;
	EXPECT_EQ(bytes / page, mapped.load());
	EXPECT_EQ(wrong.load(), 0);
	all.mapping().destroy();
	EXPECT_EQ(all.memory().out(), 0);
}

SUITE(threads, each_page_is_mapped_once, readers_and_writers);
