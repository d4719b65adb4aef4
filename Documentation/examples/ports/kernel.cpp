// SPDX-License-Identifier: MIT OR Apache-2.0
//
// A kernel in the upper half, and processes: TTBR1 has the kernel, TTBR0 a process, and a switch is one write of that
// register, because each has an ASID. Memory may run out: what fails has changed nothing, and the kernel goes on. A
// process that is reaped gives its pages back in one walk.
//
//   boot      IdMap                    ASID 1; under the kernel's feet while it turns the MMU on, and then no more
//   kernel    LinearMap, upper range   made before the MMU is on; relocate() says where its tables are reached after
//   process   LiveMap                  ASID 2 and on; its rule is the list of its frames
#include "machine/lower.hpp"
#include "machine/machine.hpp"

using namespace vmsa;

namespace
{

constexpr uint64_t page_bytes = 4 * KiB;
constexpr uint64_t offset = 0xffff'ff80'0000'0000; // from physical to the kernel's addresses
constexpr auto up = static_cast<int64_t>(offset);

// A process has its text, its data, and what it asks for, side by side.
constexpr Va user{GiB - 4 * page_bytes};
constexpr uint64_t user_data = user.raw() + page_bytes;

// ---- Processes, at EL0 ----

LOWER void counter(uint64_t step)
{
	for (uint64_t n = step;; n = word(user_data) + step) {
		word(user_data) = n;
		syscall(n);
	}
}

LOWER void thief(uint64_t address)
{
	syscall(word(address));
}

// ---- An allocator that may fail, for tables and for what processes have ----

struct PageAllocator : TablePool<Granule4K> {
	using TablePool::TablePool;

	size_t reserve = 0; // so many are not given out

	Descriptor *allocate(size_t bytes)
	{
		return available() > reserve ? TablePool::allocate(bytes) : nullptr;
	}
};

alignas(page_bytes) unsigned char memory[64 * page_bytes];
alignas(page_bytes) const Descriptor empty[512] = {}; // the tables of no process

// ---- A process ----

struct Frames {
	const Pa *of;

	Extent operator()(Va va) const
	{
		return {of[(va - user) / page_bytes], page_bytes};
	}
};

class Process {
	static constexpr size_t most = 8;

	PageAllocator &pages_;
	Pa frames_[most];
	size_t count_ = 0;
	LiveMap<El1And0, Granule4K, Frames, 48, PageAllocator> map_;
	Context context_;

    public:
	Process(PageAllocator &pages, uint16_t asid, void (*program)(uint64_t), uint64_t argument)
	    : pages_{pages}, map_{pages, {.va_bits = 39, .asid = asid}, Frames{frames_}}
	{
		const auto start = address_of(program) - address_of(lower_start);

		context_ = {.x = {argument}, .pc = user.raw() + start, .pstate = pstate_el0};
		frames_[count_++] = Pa{address_of(lower_start) - offset};
		must(map_.map({user, page_bytes}, normal | user_rx), "a process's text");
		must(grow(1), "a process's data");
		map_.mark_active(); // from its first run on TLBs may have what is its ASID's
	}

	// More memory: all of it, or none. Errors: no_memory.
	Result<void> grow(size_t n)
	{
		const size_t before = count_;
		const Region<Va> region{user + before * page_bytes, n * page_bytes};
		Result<void> done;

		while (done && count_ < before + n) {
			if (Descriptor *page =
				    count_ < most ? pages_.allocate(page_bytes) : nullptr)
				frames_[count_++] = pages_.physical(page);
			else
				done = Error{Errc::no_memory, region};
		}
		if (done)
			done = map_.map(region, normal | user_rw);
		while (!done && count_ > before)
			pages_.free(pages_.pointer(frames_[--count_]), page_bytes);
		return done;
	}

	// Until its next system call, or its fault.
	const Context &run()
	{
		ThisCpu::write<Register::ttbr0_el1>(map_.root_register());
		ThisCpu::isb();
		run_lower(context_);
		return context_;
	}

	// TTBR0 has another's tables by now.
	bool reap()
	{
		map_.mark_inactive(); // and no TLB has anything of this ASID, which is free again
		return map_.destroy([&](const auto &leaf) {
			if (leaf.output() != frames_[0]) // the text is the kernel's
				pages_.free(pages_.pointer(leaf.output()), leaf.region.size());
		});
	}
};

// ---- The kernel ----

struct Kernel {
	PageAllocator pages{memory, sizeof(memory)};
	IdMap<El1And0, Granule4K, 48, PageAllocator> boot{pages, {.va_bits = 39, .asid = 1}};
	LinearMap<El1And0, Granule4K, 48, PageAllocator> map{
		pages, {.va_bits = 39, .range = Range::upper}, -up};
};

// Where it belongs. All there is of it is reached `offset` higher than it was made.
[[noreturn]] void kernel_main(Kernel &kernel)
{
	auto &pages = kernel.pages;
	pages.relocate(up);
	kernel.map.relocate(up, pages);
	kernel.boot.relocate(up, pages);
	uart += offset;
	must(kernel.map.map({Va{0x4800'0000 + offset}, 2 * MiB}, normal | rw), "memory");
	kernel.boot.deactivate({address_of(empty) - offset});
	check(kernel.boot.destroy(), "the boot map is destroyed");
	say("the kernel is at ", address_of(kernel_main));

	const size_t before = pages.available();
	Process a{pages, 2, counter, 1}, b{pages, 3, counter, 100};
	Process c{pages, 4, thief, kernel.map.space().first.raw()};

	check(!try_write(0x4800'0000 + offset), "the kernel can extend its own map");
	check(a.run().x[0] == 1 && b.run().x[0] == 100, "two processes run");
	check(a.run().x[0] == 2 && b.run().x[0] == 200, "each has its own memory there");
	check(exception_of(c.run().syndrome) == Exception::lower_data_abort, "not the kernel's");

	// Three pages, of which the last begins a GiB: so it takes two tables, too.
	for (size_t left = 0; left <= 5; left++) {
		const size_t all = pages.available();
		pages.reserve = all - left;
		check(b.grow(3).ok() == (left == 5), left == 5 ? "it grows" : "it cannot grow");
		check(all - pages.available() == (left == 5 ? 5 : 0), "it got all pages, or none");
	}
	pages.reserve = 0;
	check(a.run().x[0] == 3 && b.run().x[0] == 300, "the kernel and its processes continue");

	ThisCpu::write<Register::ttbr0_el1>(address_of(empty) - offset);
	ThisCpu::isb();
	check(a.reap() && b.reap() && c.reap(), "the processes are ended");
	check(pages.available() == before, "all pages are free");
	Process d{pages, 2, counter, 7};
	check(d.run().x[0] == 7, "the next process can use an old ASID");
	finish();
}

} // namespace

// Where it is loaded, with the MMU off.
extern "C" [[noreturn]] void main()
{
	discard_cached(data_start, data_size());
	Kernel kernel;

	map_image(kernel.boot);
	map_image(kernel.map, offset);
	must(go_live_with(kernel.boot, kernel.map, data_start, data_size()), "the MMU");
	// The stack, which has the kernel, and the vectors go up with it.
	register uint64_t argument asm("x0") = address_of(&kernel) + offset;
	asm volatile("add sp, sp, %0; msr vbar_el1, %1; isb; br %2" ::"r"(offset),
		     "r"(address_of(vectors) + offset), "r"(address_of(kernel_main) + offset),
		     "r"(argument)
		     : "memory");
	__builtin_unreachable();
}
