// SPDX-License-Identifier: GPL-2.0-only
//
// Which lines of caches vCPUs share when they have demand faults: the module's own answer_fault(), built with
// -fsanitize=thread, and below it not ThreadSanitizer but two caches, which note every access. vCPUs have their faults
// by turns, so whatever moves from cache to cache with every fault does so here. scripts/bench-parallel.sh runs it.
//
// The compiler reports accesses of module/ and of the library; the lock below is what the kernel's rw_semaphore writes:
// its count, atomically, in and out; and beside it who came last.
#include "guest/faults.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

using namespace stage2;
using vmsa::Ipa;

namespace
{

constexpr uint64_t page = 4096;
constexpr uint64_t line_bytes = 64;
constexpr uint64_t faults = 4096; // of each vCPU
constexpr Ipa first{0x9000'0000};

// ---- Two caches ----

struct Line {
	unsigned holders; // a bit for each cache
	bool known;
};

struct Count {
	unsigned long atomics;
	unsigned long moves;
};

bool counting;
unsigned cpu;
std::map<uintptr_t, Line> lines;
std::map<std::string, Count> counts;
alignas(4096) unsigned char tables[64 * 4096];
size_t tables_used;

struct Lock {
	long count;
	long owner;
};

alignas(line_bytes) Lock lock;
alignas(4096) unsigned char guest_memory[sizeof(Guest)];
Guest &guest = reinterpret_cast<Guest &>(guest_memory);

template <class T> bool is_in(uintptr_t at, const T &object)
{
	return at - reinterpret_cast<uintptr_t>(&object) < sizeof(object);
}

const char *name_of(uintptr_t at)
{
	if (is_in(at, lock))
		return "the lock";
	if (is_in(at, guest.policy))
		return "the demand region";
	if (is_in(at, guest.ram))
		return "the hint";
	if (is_in(at, guest.tables))
		return "bytes of tables";
	if (is_in(at, tables))
		return "the tables";
	for (unsigned i = 0; i < guest.vcpus.count(); i++)
		if (is_in(at, guest.vcpus[i]) || is_in(at, *guest.vcpus[i].context))
			return "the vCPU";
	return is_in(at, guest_memory) ? "the rest of the guest" : "the bitmap of RAM";
}

void access(const volatile void *where, bool write, bool atomic)
{
	const auto at = reinterpret_cast<uintptr_t>(where);
	int here;

	// Not the stack.
	if (!counting || at - reinterpret_cast<uintptr_t>(&here) + (1 << 20) < (2 << 20))
		return;

	Line &line = lines[at / line_bytes];
	const unsigned mine = 1u << cpu;
	const bool has_it = write ? line.holders == mine : line.holders & mine;

	if (!has_it && line.known)
		counts[name_of(at)].moves++;
	if (atomic)
		counts[name_of(at)].atomics++;
	line.holders = write ? mine : line.holders | mine;
	line.known = true;
}

// ---- A guest of two vCPUs, whose pages are `apart` pages from each other's ----

void *allocate(unsigned long bytes)
{
	void *block =
		std::aligned_alloc(line_bytes, (bytes + line_bytes - 1) / line_bytes * line_bytes);

	return std::memset(block, 0, bytes);
}

void run(const char *name, uint64_t step, uint64_t apart)
{
	lines.clear();
	counts.clear();
	tables_used = 0;
	new (&guest) Guest{"bench"};
	guest.lock = reinterpret_cast<kernel_lock *>(&lock);
	guest.space = Space::make(*Space::find_format(12, 40), guest.name, guest.tables);
	guest.tables.set_limit(sizeof(tables));
	if (!guest.vcpus.create(guest, 2) ||
	    guest.ram.allocate(2 * faults * page, page) != Ram::Taken::all ||
	    !guest.space->create(vmsa::stage2_geometry<vmsa::Granule4K>(40, 48).value()))
		std::abort();
	guest.policy.demand.insert({{first, vmsa::GiB},
				    vmsa::normal | vmsa::rw,
				    vmsa::last_level,
				    0,
				    guest.space->leaf_bits(vmsa::normal | vmsa::rw)});

	FaultPlace last[2]{};

	counting = true;
	for (uint64_t n = 0; n < faults; n++) {
		for (cpu = 0; cpu < 2; cpu++) {
			Vcpu &vcpu = guest.vcpus[cpu];

			// A write that found no page, at level 3.
			vcpu.context->esr = 0x24ul << 26 | 1ul << 25 | 1ul << 6 | 7;
			if (answer_fault(vcpu, first + (n * step + cpu * apart) * page,
					 last[cpu]) != Outcome::page)
				std::abort();
		}
	}
	counting = false;
	std::printf("%-22s %10s %10s\n", name, "atomics", "moves"); // of a fault
	for (const auto &[what, count] : counts) {
		if (count.atomics || count.moves > 8)
			std::printf("%-22s %10.3f %10.3f\n", what.c_str(),
				    double(count.atomics) / (2 * faults),
				    double(count.moves) / (2 * faults));
	}
	guest.~Guest();
}

} // namespace

// ---- The module's seam ----

void *kernel_alloc(unsigned long bytes)
{
	return allocate(bytes);
}

void kernel_free(void *object)
{
	std::free(object);
}

void *kernel_table_alloc(unsigned long bytes)
{
	// A vCPU's context comes from here, too.
	bytes = std::max(bytes, 4096ul);
	if (tables_used + bytes > sizeof(tables))
		std::abort();
	return std::memset(tables + (tables_used += bytes) - bytes, 0, bytes);
}

void kernel_table_free(void *)
{
}

void kernel_tables_free(void **, unsigned long)
{
}

unsigned long kernel_ram_alloc(unsigned long bytes)
{
	return reinterpret_cast<unsigned long>(std::aligned_alloc(bytes, bytes));
}

void kernel_ram_free(unsigned long phys, unsigned long)
{
	std::free(reinterpret_cast<void *>(phys));
}

unsigned long kernel_ram_available()
{
	return 8 * vmsa::GiB;
}

unsigned long kernel_ram_total()
{
	return 8 * vmsa::GiB;
}

unsigned long kernel_page_size()
{
	return page;
}

unsigned long kernel_linear_offset;

void kernel_memory_start()
{
}

bool kernel_is_killed()
{
	return false;
}

void kernel_reschedule()
{
}

void kernel_trace_table_alloc(const char *, const void *, unsigned long, unsigned long)
{
}

void kernel_trace_table_free(const char *, const void *, unsigned long, unsigned long)
{
}

kernel_runner *kernel_runner_create(void (*)(void *), void (*)(void *), void *of)
{
	return static_cast<kernel_runner *>(of);
}

void kernel_runner_destroy(kernel_runner *)
{
}

void kernel_lock_share(kernel_lock *)
{
	access(&lock.count, true, true);
	access(&lock.owner, true, false);
}

void kernel_lock_unshare(kernel_lock *)
{
	access(&lock.count, true, true);
}

// What no fault of these comes to is left out by the linker.

stage2::engine::Tlb::Tlb(const char *guest) : guest_{guest}, features_{}
{
}

const stage2::engine::Machine &stage2::engine::machine()
{
	static const Machine none{};

	return none;
}

// ---- What the compiler calls ----

extern "C" {

#define ACCESS(bytes)                                                                              \
	void __tsan_read##bytes(void *p)                                                           \
	{                                                                                          \
		access(p, false, false);                                                           \
	}                                                                                          \
	void __tsan_write##bytes(void *p)                                                          \
	{                                                                                          \
		access(p, true, false);                                                            \
	}                                                                                          \
	void __tsan_unaligned_read##bytes(void *p)                                                 \
	{                                                                                          \
		access(p, false, false);                                                           \
	}                                                                                          \
	void __tsan_unaligned_write##bytes(void *p)                                                \
	{                                                                                          \
		access(p, true, false);                                                            \
	}

ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)

#define ATOMICS(bits, type)                                                                        \
	type __tsan_atomic##bits##_load(const volatile type *p, int)                               \
	{                                                                                          \
		access(p, false, false);                                                           \
		return *p;                                                                         \
	}                                                                                          \
	void __tsan_atomic##bits##_store(volatile type *p, type value, int)                        \
	{                                                                                          \
		access(p, true, false);                                                            \
		*p = value;                                                                        \
	}                                                                                          \
	type __tsan_atomic##bits##_fetch_add(volatile type *p, type value, int)                    \
	{                                                                                          \
		access(p, true, true);                                                             \
		return (*p += value) - value;                                                      \
	}                                                                                          \
	type __tsan_atomic##bits##_fetch_sub(volatile type *p, type value, int)                    \
	{                                                                                          \
		access(p, true, true);                                                             \
		return (*p -= value) + value;                                                      \
	}                                                                                          \
	type __tsan_atomic##bits##_fetch_or(volatile type *p, type value, int)                     \
	{                                                                                          \
		const type old = *p;                                                               \
                                                                                                   \
		access(p, true, true);                                                             \
		*p = old | value;                                                                  \
		return old;                                                                        \
	}                                                                                          \
	type __tsan_atomic##bits##_fetch_and(volatile type *p, type value, int)                    \
	{                                                                                          \
		const type old = *p;                                                               \
                                                                                                   \
		access(p, true, true);                                                             \
		*p = old & value;                                                                  \
		return old;                                                                        \
	}                                                                                          \
	type __tsan_atomic##bits##_compare_exchange_val(volatile type *p, type expected,           \
							type value, int, int)                      \
	{                                                                                          \
		const type old = *p;                                                               \
                                                                                                   \
		access(p, true, true);                                                             \
		if (old == expected)                                                               \
			*p = value;                                                                \
		return old;                                                                        \
	}

ATOMICS(8, unsigned char)
ATOMICS(32, unsigned int)
ATOMICS(64, unsigned long)

void __tsan_func_entry(void *)
{
}

void __tsan_func_exit()
{
}

void __tsan_vptr_read(void *p)
{
	access(p, false, false);
}

void __tsan_vptr_update(void *p, void *)
{
	access(p, true, false);
}

void __tsan_init()
{
}

void *__tsan_memset(void *p, int value, unsigned long bytes)
{
	return std::memset(p, value, bytes);
}

void *__tsan_memmove(void *to, const void *from, unsigned long bytes)
{
	return std::memmove(to, from, bytes);
}

void *__tsan_memcpy(void *to, const void *from, unsigned long bytes)
{
	return std::memcpy(to, from, bytes);
}
}

int main()
{
	run("apart", 1, faults);
	run("interleaved", 2, 1);
}
