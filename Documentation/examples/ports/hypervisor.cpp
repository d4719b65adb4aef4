// SPDX-License-Identifier: MIT OR Apache-2.0
//
// A small hypervisor with demand paging: a guest at EL1 whose stage 2 begins nearly empty, and gets a page whenever
// it touches one that it has not. What it gives back is unmapped while its TLB has it: break-before-make and the
// invalidation are the library's. When the guest is gone, every page is there again.
//
//   the hypervisor   IdMap<El2, ...>             its own map
//   the guest        Mapping<Stage2_4K, ...>     a map() for each page, wherever the allocator has one
#include "machine/lower.hpp"
#include "machine/machine.hpp"

using namespace vmsa;

namespace
{

// ---- The guest, at EL1 with its own MMU off ----

enum Call : uint64_t { give_back, done };

constexpr Region<Ipa> guest_ram{Ipa{0x8000'0000}, 16 * MiB};
constexpr uint64_t code = guest_ram.first.raw();
constexpr uint64_t large_page = code + 2 * MiB; // a block, mapped ahead
constexpr uint64_t heap = code + 4 * MiB; // a page of which it wants in each step
constexpr uint64_t step = 68 * KiB;

LOWER void guest()
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < 16; i++) {
		word(heap + i * step) = 1;
		word(large_page + i * 4096) = 100;
	}
	hypercall(give_back, heap);
	hypercall(give_back, large_page + 5 * 4096);
	hypercall(give_back, large_page + 7 * 4096);
	for (uint64_t i = 0; i < 16; i++)
		sum += word(heap + i * step) + word(large_page + i * 4096);
	hypercall(done, sum);
}

constexpr uint64_t expected_sum = 15 * 1 + 14 * 100; // what it gave back begins anew
constexpr unsigned expected_faults = 1 + 16 + 3; // the code, the heap, what it gave back

// ---- The hypervisor ----

using Pages = TablePool<Granule4K>;

alignas(4096) unsigned char own_tables[32 * KiB];
constexpr Region<Va> host_ram{Va{0x4400'0000}, 8 * MiB}; // guests' memory, and their tables

struct Vm {
	Pages &pages;
	MapConfig config;
	HardwareTlb<Stage2_4K> tlb{{}, {}};
	Mapping<Stage2_4K, Pages, HardwareTlb<Stage2_4K>> map{pages, tlb};
	uint64_t vttbr = 0;
	unsigned faults = 0;

	Vm(Pages &memory, uint16_t vmid)
	    : pages{memory}, config{.va_bits = 32, .asid = vmid, .features = ThisCpu::features()}
	{
		const auto geometry = map_geometry<Stage2_4K>(config);

		must(geometry.error(), "the guest's address space");
		must(map.create(geometry.value()), "the guest's root");
		vttbr = root_register<Stage2_4K>(map.tree().root_address(), config);
		tlb.vttbr(vttbr); // its VMID is invalidated, whichever the CPU has
		add(large_page, 2 * MiB);
	}

	// This CPU is the guest's from here on.
	void load()
	{
		constexpr uint64_t stage1_off = 0x30d0'0800; // and what is RES1
		constexpr uint64_t rw_dc_vm = bit(31) | bit(12) | bit(0); // DC: what the guest
			// stores with its MMU off is Write-Back, as it is to us
		const Geometry &geometry = map.tree().geometry();

		ThisCpu::write<Register::vtcr_el2>(control_register<Stage2_4K>(geometry, config));
		ThisCpu::write<Register::vttbr_el2>(vttbr);
		ThisCpu::write<Register::sctlr_el1>(stage1_off);
		ThisCpu::write<Register::hcr_el2>(rw_dc_vm);
		ThisCpu::isb();
		tlb.flush_regime(); // what the TLBs hold from before is nobody's
	}

	// Until the guest is done. The answer is its sum.
	uint64_t run()
	{
		Context context{.sp = guest_ram.last.raw() + 1, .pc = code, .pstate = pstate_el1t};

		for (;;) {
			run_lower(context);
			if (exception_of(context.syndrome) != Exception::hvc)
				page_fault(context.syndrome);
			else if (context.x[0] == give_back)
				take_back(Ipa{context.x[1]});
			else
				return context.x[1];
		}
	}

	// The MMU has to make of the guest's addresses what the library says.
	void compare(uint64_t ipa)
	{
		const auto ours = map.translate(Ipa{ipa});
		const uint64_t par = ask_guest_mmu(ipa);

		if (par & 1)
			check(!ours, "the MMU and the library agree: not mapped");
		else
			check(ours && ours.value().pa.raw() == (par & 0xffff'ffff'f000),
			      "the MMU and the library agree: the same page");
	}

	// No CPU runs it any more, nor walks its tables.
	void destroy()
	{
		ThisCpu::write<Register::hcr_el2>(bit(31));
		ThisCpu::isb();
		tlb.invalidate_all();
		tlb.sync();
		map.destroy([&](const auto &leaf) { free(leaf); });
	}

	void page_fault(uint64_t syndrome)
	{
		const Ipa page = faulting_page();

		if (!is_translation_fault(syndrome) || !guest_ram.contains(page))
			fail("a wild access", {Errc::not_mapped, page.raw(), page.raw()});
		faults++;
		add(page.raw(), 4 * KiB);
	}

	// Zeroes; the first page of all is the guest's program.
	void add(uint64_t ipa, uint64_t bytes)
	{
		Descriptor *memory = pages.allocate(bytes);

		if (!memory)
			fail("the guest's memory", {Errc::no_memory, ipa, ipa + bytes - 1});
		if (ipa == code) {
			__builtin_memcpy(memory, lower_start, 4096);
			sync_code(memory);
		}
		const Linear output{Ipa{ipa}, pages.physical(memory)};

		must(map.map({Ipa{ipa}, bytes}, output, normal | rwx), "the guest's page");
	}

	// The page is free when no TLB has it any more, which is when the visitor is called.
	void take_back(Ipa page)
	{
		must(map.unmap({page, 4 * KiB}, [&](const auto &leaf) { free(leaf); }), "unmap");
		compare(page.raw());
	}

	void free(const Entry<Stage2_4K> &leaf)
	{
		pages.free(pages.pointer(leaf.output()), leaf.region.size());
	}
};

} // namespace

extern "C" [[noreturn]] void main()
{
	discard_cached(data_start, data_size());

	Pages tables{own_tables, sizeof(own_tables)};
	IdMap<El2, Granule4K> own{tables, {.va_bits = 32}};

	map_image(own);
	must(own.map(host_ram, normal | rw), "host memory");
	if (const auto live = go_live(own, data_start, data_size()); !live)
		fail("the MMU", live.error());
	say("the MMU is on at EL2, TCR_EL2 is ", own.control());

	Pages pages{reinterpret_cast<void *>(host_ram.first.raw()), host_ram.size()};
	const size_t before = pages.available();
	Vm vm{pages, 1};

	vm.load();
	const uint64_t sum = vm.run();

	say("the guest's sum is ", sum);
	check(sum == expected_sum, "it reads what it kept, and zeroes for the rest");
	check(vm.faults == expected_faults, "there was one fault for each page");
	check(vm.map.breaks() == 1, "the block was broken once");
	vm.compare(large_page + 6 * 4096);
	vm.compare(heap + step / 2);
	vm.destroy();
	check(pages.available() == before, "after the guest, all pages are free");
	finish();
}
