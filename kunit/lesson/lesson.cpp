// SPDX-License-Identifier: GPL-2.0-only
//
// What a TLB may hold at each step of a change: the library makes the change, and the TLB is the model that judges
// it in every test (support/tlb_model.hpp), which forgets only what it must. Prints the lesson of the manual
// (Documentation/exercises.rst); lesson.txt is what it printed, and scripts/check-lessons.sh compares.
#include "support/tlb_model.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/mapping.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

using namespace support;
using namespace vmsa;

// A home of its own (home.h): whatever a judge objects to ends it.
extern "C" {

void test_fail(struct kunit *, const struct test_failure *failure)
{
	std::fprintf(stderr, "%s:%d: not so: %s\n", failure->file, failure->line,
		     failure->expected);
	std::exit(1);
}

void *test_scratch(struct kunit *, size_t size, size_t align)
{
	// Until the program ends.
	static std::vector<std::unique_ptr<void, decltype(&std::free)>> held;
	void *memory = std::aligned_alloc(align, (size + align - 1) / align * align);

	if (memory)
		held.emplace_back(std::memset(memory, 0, size), &std::free);
	return memory;
}
}

namespace
{

using F = vmsa::Stage2_4K;
using Region = vmsa::Region<Ipa>;

std::string hex(uint64_t n)
{
	char text[24];

	std::snprintf(text, sizeof(text), "0x%llx", static_cast<unsigned long long>(n));
	return text;
}

// What a descriptor says of one page.
std::string leaf_words(Descriptor d, Level level, uint64_t page)
{
	const uint64_t size = F::Granule::size(level);
	const char *kinds[] = {"", "1G", "2M", "4K"};

	return hex(F::output(d, level).raw() + page % size) + ' ' + (d & F::s2ap_read ? 'r' : '-') +
	       (d & F::s2ap_write ? 'w' : '-') + " by " + kinds[level];
}

class Lesson;

// What the library calls: a TlbSink.
struct Sink {
	Lesson &lesson;

	void invalidate(Region region, Level level, bool tables);
	void sync();
};

class Lesson {
    public:
	Lesson()
	{
		const auto shape = stage2_geometry<Granule4K>(40, 48);

		if (!mapping_.create(shape.value()))
			std::exit(1);
		shadow_.start(mapping_.tree().root(), shape.value());
		memory_.context = this;
		memory_.on_free = [](void *lesson, Descriptor *table) {
			static_cast<Lesson *>(lesson)->freed(table);
		};
	}

	void invalidate(Region region, Level level, bool tables)
	{
		look();
		tlb_.invalidate(region, level, tables);
		row("TLBI " + hex(region.first.raw()) + ", " +
		    (region.size() == 2 * MiB ? "2M" : hex(region.size())) +
		    (tables ? ", walks too" : ""));
	}
	void sync()
	{
		look();
		tlb_.sync();
		row("DSB");
	}

	template <class Do> void tell(const char *title, uint64_t page, const Do &change)
	{
		page_ = page;
		std::printf("%s\n\n%-30s %-21s %s\n", title, "what is done", "the tables say",
			    "a TLB may say");
		row("(before)");
		if (!change(mapping_))
			std::exit(1);
		look();
		tlb_.expect_settled();
		row("(done)");
		std::printf("\n");
	}

	// Without a word about it.
	Mapping<F, ScratchMemory, Sink> &quietly()
	{
		return mapping_;
	}
	void begin()
	{
		shadow_.look([&](const support::Change<F> &c) { tlb_.changed(c); });
		tlb_.sync();
		old_.clear();
		quiet_ = false;
	}

    private:
	// Stores since the last look.
	void look()
	{
		bool seen = false;

		shadow_.look([&](const support::Change<F> &c) {
			tlb_.changed(c);
			if (c.region.first.raw() > page_ || page_ > c.region.last.raw())
				return;
			seen = true;
			if (F::is_leaf(c.before, c.level))
				old_.push_back(leaf_words(c.before, c.level, page_));
		});
		if (seen)
			row("stores");
	}

	void freed(Descriptor *table)
	{
		look();
		if (tlb_.may_walk(memory_.physical(table)))
			std::exit(1);
		row("a table is freed");
		shadow_.forget(table);
	}

	std::string tables_say() const
	{
		const auto found = mapping_.tree().translate(Ipa{page_});

		if (!found)
			return "nothing";

		return leaf_words(found.value().descriptor, found.value().level, page_);
	}

	std::string tlb_says()
	{
		const std::string now = tables_say();
		std::string text = now == "nothing" ? "" : now;

		if (!tlb_.may_hold({Ipa{page_}, 4 * KiB}))
			old_.clear();
		for (const std::string &old : old_)
			if (old != now)
				text += (text.empty() ? "" : ", or still ") + old;
		return text.empty() ? "nothing" : text;
	}

	void row(const std::string &what)
	{
		if (quiet_)
			return;
		std::printf("%-30s %-21s %s\n", what.c_str(), tables_say().c_str(),
			    tlb_says().c_str());
	}

	Verdict verdict_{nullptr};
	ScratchMemory memory_{nullptr, verdict_, F::Granule::table_bytes, 16};
	Shadow<F> shadow_{nullptr, verdict_, memory_};
	TlbModel<F> tlb_{nullptr, verdict_, 4096};
	Sink sink_{*this};
	Mapping<F, ScratchMemory, Sink> mapping_{memory_, sink_};
	std::vector<std::string> old_; // what the tables said of the page before
	uint64_t page_ = 0;
	bool quiet_ = true;
};

void Sink::invalidate(Region region, Level level, bool tables)
{
	lesson.invalidate(region, level, tables);
}

void Sink::sync()
{
	lesson.sync();
}

} // namespace

int main()
{
	constexpr uint64_t at = 0x8000'0000;
	Lesson lesson;

	std::printf("# SPDX-License-Identifier: GPL-2.0-only\n# What kunit/lesson/lesson.cpp "
		    "prints.\n\n");
	if (!lesson.quietly().map({Ipa{at}, 2 * MiB}, Linear{Ipa{at}, Pa{0x4000'0000}},
				  normal | rw))
		return 1;
	lesson.begin();
	lesson.tell("1. One page of a block is made read-only. Seen: that page, 0x80001000",
		    at + 0x1000, [](auto &m) {
			    return m.protect({Ipa{at + 0x1000}, 4 * KiB}, r).ok();
		    });
	lesson.tell("2. It is writable again: permissions change in place, without a break",
		    at + 0x1000, [](auto &m) {
			    return m.protect({Ipa{at + 0x1000}, 4 * KiB}, rw).ok();
		    });
	lesson.tell("3. The pages are folded into one block. Seen: another page, 0x80002000",
		    at + 0x2000, [](auto &m) {
			    return m.fold({Ipa{at}, 2 * MiB}).ok();
		    });
	lesson.tell("4. All of it is unmapped", at + 0x2000, [](auto &m) {
		return m.unmap({Ipa{at}, 2 * MiB}).ok();
	});
	return 0;
}
