// SPDX-License-Identifier: GPL-2.0-only
//
// EL1's side of the blob: a page for each CPU, filled in before a call and read after it.
#include "nvhe.hpp"

#include "nvhe_page.h"
#include "registers.hpp"

#include <cstddef>
#include <cstring>

extern "C" {
extern const char stage2_nvhe_blob[];
extern const char stage2_nvhe_blob_end[];
long stage2_nvhe_call(uint64_t blob, uint64_t page, uint64_t call);
}

#define OFFSET(name, index, member)                                                                \
	static_assert((name) + 8 * (index) == offsetof(stage2_page, member))
OFFSET(STAGE2_PAGE_SCRATCH, 0, scratch);
OFFSET(STAGE2_PAGE_FAULT, 0, fault);
OFFSET(STAGE2_PAGE_BACK, 0, back);
OFFSET(STAGE2_PAGE_SAVED, 0, saved);
OFFSET(STAGE2_PAGE_SET, 0, hcr);
OFFSET(STAGE2_PAGE_SET, 1, cptr);
OFFSET(STAGE2_PAGE_SET, 2, mdcr);
OFFSET(STAGE2_PAGE_SET, 3, cnthctl);
OFFSET(STAGE2_PAGE_GIC, 0, gic);
OFFSET(STAGE2_PAGE_HOST, 0, host.hcr);
OFFSET(STAGE2_PAGE_HOST, 11, host.ich_hcr);
OFFSET(STAGE2_PAGE_VTTBR, 0, vttbr);
OFFSET(STAGE2_PAGE_VTTBR, 1, vtcr);
OFFSET(STAGE2_PAGE_COUNT, 0, count);
OFFSET(STAGE2_PAGE_UNRELIABLE, 0, unreliable);
OFFSET(STAGE2_PAGE_RAS, 0, ras);
OFFSET(STAGE2_PAGE_CONTEXT, 0, context);
OFFSET(STAGE2_PAGE_LIST, 0, list);

namespace stage2::el2::nvhe
{

namespace
{

struct Machine {
	void *blob;
	size_t blob_bytes; // a power of two
	stage2_page **pages; // one for each CPU
	unsigned cpus;
	uint64_t hcr; // a guest's
	bool hpfar_unreliable;
	bool watches; // hibernation
};

constinit Machine machine{};

inline constexpr uint64_t cptr_all =
	0x33ff | bit(10) /* TFP */ | bit(20) /* TTA */ | bit(30) /* TAM */;
inline constexpr Register isr_el1 = reg(0, 12, 1, 0);
inline constexpr Register icc_sre_el1 = reg(0, 12, 12, 5);

stage2_page &page_here()
{
	return *machine.pages[kernel_this_cpu()];
}

// The blob neither sees our caches nor is seen by them. What comes of it is of use if `was_done`.
long call(stage2_page &page, uint64_t what)
{
	kernel_cache_clean(&page, sizeof(page));

	const long result = stage2_nvhe_call(kernel_phys(machine.blob), kernel_phys(&page), what);

	kernel_cache_clean(&page, sizeof(page));
	if (result == STAGE2_CALL_FAULT)
		kernel_panic("exception at EL2: ESR 0x%lx ELR 0x%lx (blob at 0x%lx) FAR 0x%lx "
			     "SPSR 0x%lx",
			     page.fault[0], page.fault[1], kernel_phys(machine.blob), page.fault[2],
			     page.fault[3]);
	return result;
}

bool was_done(long result)
{
	return result == STAGE2_CALL_DONE || result == STAGE2_CALL_AGAIN;
}

void begin(stage2_page &page, const engine::Stage2Registers &guest, uint64_t hcr)
{
	page.vttbr = guest.vttbr;
	page.vtcr = guest.vtcr;
	page.hcr = hcr;
	page.count = 0;
}

// While interrupts are masked, whose EL2 is does not change: of several calls the last one tells.
long finish(stage2_page &page)
{
	const long result = call(page, STAGE2_CALL_LIST);

	page.count = 0;
	return result;
}

void add(stage2_page &page, uint64_t what, uint64_t operand = 0)
{
	if (page.count == STAGE2_LIST_MOST)
		finish(page);
	page.list[page.count].what = what;
	page.list[page.count].operand = operand;
	page.count++;
}

// What this engine has not learnt to keep from a guest: it came long after VHE, and a kernel has to
// be told not to use that.
const char *too_new()
{
	const uint64_t mmfr0 = Cpu::read<id_aa64mmfr0>();
	const uint64_t mmfr1 = Cpu::read<id_aa64mmfr1>();
	const uint64_t dfr0 = Cpu::read<id_aa64dfr0>();

	const uint64_t pfr1 = Cpu::read<id_aa64pfr1>();

	if (mmfr0 >> 56 & 15 || mmfr1 >> 40 & 15 || dfr0 >> 32 & 15 || dfr0 >> 44 & 15 ||
	    pfr1 >> 24 & 15)
		return "this CPU has VHE: the kernel must use it";
	return nullptr;
}

bool allocate()
{
	machine.blob_bytes = 1;
	while (machine.blob_bytes < static_cast<size_t>(stage2_nvhe_blob_end - stage2_nvhe_blob))
		machine.blob_bytes *= 2;
	machine.blob = kernel_table_alloc(machine.blob_bytes);
	machine.cpus = kernel_cpus();
	machine.pages =
		static_cast<stage2_page **>(kernel_alloc(machine.cpus * sizeof(*machine.pages)));
	if (!machine.blob || !machine.pages)
		return false;
	for (unsigned i = 0; i < machine.cpus; i++) {
		machine.pages[i] =
			static_cast<stage2_page *>(kernel_table_alloc(sizeof(stage2_page)));
		if (!machine.pages[i])
			return false;
	}
	return true;
}

// The blob runs with its caches off.
void clean_blob()
{
	kernel_cache_clean(machine.blob, machine.blob_bytes);
}

} // namespace

const char *start(const kernel_features &features)
{
	if (const char *why = too_new())
		return why;
	machine.hcr = hcr::guest | (features.ras ? hcr::terr | hcr::tea : 0);
	machine.hpfar_unreliable = features.hpfar_unreliable;
	if (!allocate()) {
		stop();
		return "no memory for the code at EL2";
	}
	std::memcpy(machine.blob, stage2_nvhe_blob,
		    static_cast<size_t>(stage2_nvhe_blob_end - stage2_nvhe_blob));
	clean_blob();
	kernel_icache_flush();

	const bool gic = (Cpu::read<id_aa64pfr0>() >> 24 & 15) && Cpu::read<icc_sre_el1>() & 1;
	const bool ecv = Cpu::read<id_aa64mmfr0>() >> 60 & 15;

	for (unsigned i = 0; i < machine.cpus; i++) {
		stage2_page &page = *machine.pages[i];

		page.cptr = cptr_all;
		page.mdcr = mdcr_traps;
		page.cnthctl = ecv ? cnthctl_virtual : 0;
		page.gic = gic;
		page.unreliable = machine.hpfar_unreliable;
		page.ras = features.ras;
	}

	const unsigned long flags = kernel_mask();

	begin(page_here(), {}, hcr::rw);

	const long result = finish(page_here());

	kernel_unmask(flags);
	machine.watches = result == STAGE2_CALL_DONE && kernel_watch_hibernation(clean_blob) == 0;
	if (machine.watches)
		return nullptr;
	stop();
	if (result == STAGE2_CALL_DONE)
		return "the kernel does not tell of hibernation";
	return result == STAGE2_CALL_LOST
		       ? "KVM has just taken EL2: load the module again when its "
			 "guests have ended"
		       : "EL2 of this CPU has VHE only";
}

void stop()
{
	if (machine.watches)
		kernel_unwatch_hibernation();
	for (unsigned i = 0; machine.pages && i < machine.cpus; i++)
		kernel_table_free(machine.pages[i]);
	kernel_free(machine.pages);
	kernel_table_free(machine.blob);
	machine = {};
}

namespace
{

// The kernel is at EL1, too, and a guest chooses the addresses: it does not run into them.
[[gnu::noinline]] long run_to_stop(stage2_page &page, const stage2_context &vcpu)
{
	uint64_t daif;
	long result;

	asm volatile("mrs %0, daif; msr daifset, #8" : "=r"(daif)::"memory");
	{
		const Stops stops{vcpu.stops};

		result = call(page, STAGE2_CALL_ENTER);
	}
	asm volatile("msr daif, %0" ::"r"(daif) : "memory");
	return result;
}

} // namespace

bool enter(stage2_context &vcpu)
{
	stage2_page &page = page_here();
	const bool to_stop = vcpu.step && vcpu.stops[0];
	long result;

	vcpu.mdscr = to_stop ? mdscr_mde : vcpu.step ? mdscr_ss : 0;
	page.mdcr = mdcr_traps | (vcpu.step ? mdcr_tde : 0);
	page.hcr = machine.hcr;
	do {
		if (vcpu.step)
			vcpu.pstate = (vcpu.pstate & ~spsr_ss) | (to_stop ? 0 : spsr_ss);
		if (Cpu::read<isr_el1>()) {
			vcpu.exit = STAGE2_EXIT_IRQ;
			return true;
		}
		std::memcpy(&page.context, &vcpu, offsetof(stage2_context, host));
		result = to_stop ? run_to_stop(page, vcpu) : call(page, STAGE2_CALL_ENTER);
		if (!was_done(result))
			return false;
		std::memcpy(&vcpu, &page.context, offsetof(stage2_context, host));
		if (result == STAGE2_CALL_AGAIN && stepped_load_exclusive(vcpu)) {
			vcpu.hpfar = ~uint64_t{0};
			return true;
		}
	} while (result == STAGE2_CALL_AGAIN);
	return true;
}

bool ask(const engine::Stage2Registers &guest, std::span<const vmsa::Ipa> ipas, bool write,
	 uint64_t *par)
{
	static_assert(engine::most_asked <= STAGE2_LIST_MOST);

	const unsigned long flags = kernel_mask();
	stage2_page &page = page_here();

	begin(page, guest, hcr::rw | hcr::vm | hcr::dc);
	for (const vmsa::Ipa ipa : ipas)
		add(page, write ? STAGE2_DO_AT_WRITE : STAGE2_DO_AT_READ, ipa.raw());

	const bool done = was_done(finish(page));

	for (size_t i = 0; i < ipas.size(); i++)
		par[i] = page.list[i].operand;
	kernel_unmask(flags);
	return done;
}

namespace
{

// What a vmsa::Cpu is told goes to this CPU's list, which is done, with the guest's stage 2 in place, when it is full
// and by finish().
struct ListCpu {
	static void tlbi(vmsa::Tlbi op, uint64_t operand)
	{
		add(page_here(), what_of(op), operand);
	}
	static void dsb_ishst()
	{
		Cpu::dsb_ishst();
	}
	static void dsb_ish()
	{
		add(page_here(), STAGE2_DO_DSB_ISH);
	}
	static void isb()
	{
	}

    private:
	static uint64_t what_of(vmsa::Tlbi op)
	{
		switch (op) {
		case vmsa::Tlbi::ipas2e1is:
			return STAGE2_DO_IPAS2E1IS;
		case vmsa::Tlbi::ipas2le1is:
			return STAGE2_DO_IPAS2LE1IS;
		case vmsa::Tlbi::ripas2e1is:
			return STAGE2_DO_RIPAS2E1IS;
		case vmsa::Tlbi::ripas2le1is:
			return STAGE2_DO_RIPAS2LE1IS;
		case vmsa::Tlbi::vmalle1is:
			return STAGE2_DO_VMALLE1IS;
		case vmsa::Tlbi::vale2is:
			return STAGE2_DO_VALE2IS;
		default: // more than was asked for is never wrong
			return STAGE2_DO_VMALLS12E1IS;
		}
	}
};

} // namespace

bool invalidate(const engine::Stage2Registers &guest, bool repeat, const vmsa::TlbiPlan &plan)
{
	const unsigned long flags = kernel_mask();
	stage2_page &page = page_here();

	begin(page, guest, hcr::rw);
	ListCpu list;

	vmsa::complete<vmsa::Stage2>(list, plan, repeat);

	const bool done = was_done(finish(page));

	kernel_unmask(flags);
	return done;
}

} // namespace stage2::el2::nvhe
