// SPDX-License-Identifier: GPL-2.0-only
//
// A guest's RAM on a machine of terabytes: what the kernel gives are numbers here, because nobody looks into them.
#include "guest/ram.hpp"
#include "suite.hpp"

#include <algorithm>
#include <climits>
#include <cstdlib>

using namespace vmsa;
using stage2::Ram;

namespace
{

constexpr uint64_t page = 4 * KiB;

struct Machine {
	uint64_t total;
	uint64_t large; // so much of it is free in pieces of 2M, the rest in single pages
	uint64_t limit = ~uint64_t{0}; // of what is given
	uint64_t killed_at = ~uint64_t{0};
	uint64_t given = 0;
	uint64_t next = TiB;
	uint64_t taken_since = 0; // since others had the CPU
	uint64_t most_taken = 0;
	size_t looks = 0; // for a run of RAM
};

Machine machine;

} // namespace

// As kvmalloc: an array has 2 GiB at most.
void *kernel_alloc(unsigned long bytes)
{
	return bytes > INT_MAX ? nullptr : std::calloc(1, bytes);
}

void kernel_free(void *object)
{
	std::free(object);
}

// No two pieces are neighbours.
unsigned long kernel_ram_alloc(unsigned long bytes)
{
	if (machine.given + bytes > std::min(machine.total, machine.limit) ||
	    (bytes > page && machine.given + bytes > machine.large))
		return 0;

	const uint64_t pa = machine.next;

	machine.next += 2 * bytes;
	machine.given += bytes;
	machine.taken_since += bytes;
	machine.most_taken = std::max(machine.most_taken, machine.taken_since);
	return pa;
}

void kernel_ram_free(unsigned long, unsigned long bytes)
{
	machine.given -= bytes;
}

unsigned long kernel_ram_total(void)
{
	return machine.total;
}

unsigned long kernel_ram_available(void)
{
	return machine.total - machine.given;
}

unsigned long kernel_page_size(void)
{
	return page;
}

unsigned long kernel_linear_offset;

void kernel_memory_start()
{
}

void kernel_cache_clean(const void *, unsigned long)
{
}

void kernel_reschedule(void)
{
	machine.taken_since = 0;
}

bool kernel_is_killed(void)
{
	return machine.given >= machine.killed_at;
}

unsigned long kernel_bitmap_find(unsigned long *, unsigned long bits, unsigned long, unsigned long,
				 unsigned long)
{
	machine.looks++;
	return bits;
}

void kernel_bitmap_mark(unsigned long *, unsigned long, unsigned long, bool)
{
}

unsigned long kernel_bitmap_weight(const unsigned long *, unsigned long)
{
	return 0;
}

// An array with room for each page ended at 341 GiB.
TEST(is_as_large_as_the_machine)
{
	for (uint64_t size : {340 * GiB, 342 * GiB, 2 * TiB}) {
		machine = {.total = 3 * TiB, .large = 3 * TiB};
		Ram ram;

		ASSERT(ram.allocate(size, page) == Ram::Taken::all);
		EXPECT_EQ(ram.size(), size);
		EXPECT_EQ(machine.given, size);
		EXPECT_EQ(machine.most_taken, 2 * MiB);
		EXPECT_EQ(ram.at(size - page).bytes, page);
		ram.release();
		EXPECT_EQ(machine.given, 0u);
	}
}

// Large pieces come first, wherever they were in what was given; each page is somewhere.
TEST(takes_single_pages_where_there_is_nothing_else)
{
	machine = {.total = 16 * GiB, .large = 1 * GiB};
	Ram ram;

	ASSERT(ram.allocate(2 * GiB, page) == Ram::Taken::all);
	EXPECT_EQ(ram.at(0).bytes, 2 * MiB);
	EXPECT_EQ(ram.at(GiB - page).bytes, page);
	EXPECT_EQ(ram.at(GiB).bytes, page);
	EXPECT_EQ(ram.at(2 * GiB - page).bytes, page);
	EXPECT(ram.at(GiB).pa < ram.at(2 * GiB - page).pa);
	EXPECT_EQ(ram.last(), ram.at(2 * GiB - page).pa.raw() + page - 1);
}

// Each fault asks, and a look is at all of RAM.
TEST(looks_for_a_block_once_until_ram_is_given_back)
{
	machine = {.total = 16 * GiB, .large = 1 * GiB};
	Ram ram;
	const auto looks = [&](uint64_t bytes) {
		const size_t before = machine.looks;

		EXPECT(ram.find_block(bytes) == Ram::none);
		return machine.looks - before;
	};

	ASSERT(ram.allocate(2 * GiB, page) == Ram::Taken::all);
	EXPECT_EQ(looks(512 * MiB), 1u);
	EXPECT_EQ(looks(512 * MiB), 0u);
	// Of smaller ones nothing is known.
	EXPECT_EQ(looks(2 * MiB), 1u);
	EXPECT_EQ(looks(2 * MiB) + looks(512 * MiB), 0u);
	ram.give_back_page(0);
	EXPECT_EQ(looks(2 * MiB), 1u);
	ram.mark(uint64_t{0}, 2 * MiB, true);
	EXPECT_EQ(looks(2 * MiB), 0u);
	ram.mark(uint64_t{0}, 2 * MiB, false);
	EXPECT_EQ(looks(2 * MiB), 1u);
}

TEST(leaves_nothing_where_it_is_refused)
{
	machine = {.total = 16 * GiB, .large = 16 * GiB};
	Ram ram;

	EXPECT(ram.allocate(16 * GiB, page) == Ram::Taken::too_much);
	EXPECT(ram.allocate(~uint64_t{0} - page + 1, page) == Ram::Taken::too_much);
	machine.limit = GiB;
	EXPECT(ram.allocate(2 * GiB, page) == Ram::Taken::no_more);
	EXPECT_EQ(machine.given, 0u);
	machine.limit = 16 * GiB;
	machine.killed_at = GiB;
	EXPECT(ram.allocate(2 * GiB, page) == Ram::Taken::killed);
	EXPECT_EQ(machine.given, 0u);
	EXPECT_EQ(ram.size(), 0u);
	// What was promised is everybody's again.
	EXPECT_EQ(Ram::most(), 15 * GiB);
}

SUITE(guest_ram, is_as_large_as_the_machine, takes_single_pages_where_there_is_nothing_else,
      looks_for_a_block_once_until_ram_is_given_back, leaves_nothing_where_it_is_refused);
