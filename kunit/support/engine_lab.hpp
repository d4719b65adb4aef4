// SPDX-License-Identifier: GPL-2.0-only
//
// A small machine for the suite of the engines: guest programs, a guest's memory and tables, a loaded
// vCPU, and a look at all registers that a call of an engine could leave changed. In a kernel only, and
// for one file only: the programs are assembly.
#pragma once

#include "module/engine/el2/registers.hpp"
#include "module/engine/tlb.hpp"
#include "module/guest/tables.hpp"
#include "module/kernel/kernel.hpp"

#include <cstring>

using namespace stage2;
using namespace vmsa;

// What guests do here. The code is where its page is mapped.
asm(R"(
	.pushsection .rodata
	.balign 4
engine_count:			// every register but x0 goes up by one; x0 counts the calls
	.irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	add	x\n, x\n, #1
	.endr
	add	x0, x0, #1
	hvc	#0
	b	engine_count
engine_swap:			// each register goes up by one
	.irp r, sp_el0,tpidr_el0,tpidrro_el0,tpidr_el1,vbar_el1,ttbr0_el1,contextidr_el1,elr_el1,far_el1,par_el1
	mrs	x1, \r
	add	x1, x1, #0x1000
	msr	\r, x1
	.endr
	mov	x1, sp
	add	x1, x1, #0x1000
	mov	sp, x1
	hvc	#0
	b	engine_swap
engine_spin:
	b	.
engine_write:			// x2 to [x1], and back to x3
	str	x2, [x1]
	ldr	x3, [x1]
	hvc	#0
	b	engine_write
engine_read:
	ldr	x3, [x1]
	hvc	#0
	b	engine_read
engine_timer:			// it fires at once, and for ever
	msr	cntv_cval_el0, xzr
	mov	x1, #1
	msr	cntv_ctl_el0, x1
	isb
	mrs	x2, cntv_ctl_el0
	hvc	#0
engine_touch:			// writes to [x1] until [x2] says that it must not any more
	add	x0, x0, #1
	str	x0, [x1]
	ldr	x3, [x2]
	cbz	x3, engine_touch
	str	x0, [x1]
	hvc	#0
engine_end:
	.popsection
)");

extern "C" {
extern const char engine_count[], engine_swap[], engine_spin[], engine_write[], engine_read[],
	engine_timer[], engine_touch[], engine_end[];
}

namespace
{

constexpr uint64_t ec_hvc = 0x16, ec_illegal = 0x0e, ec_data_abort = 0x24, ec_step = 0x32;
constexpr Ipa code_ipa{0x8000'0000};
constexpr uint64_t code_bytes = 4 * KiB;

constexpr Register daif = el2::reg(3, 4, 2, 1);
constexpr Register pan = el2::reg(0, 4, 2, 3);
constexpr Register sp_el0 = el2::reg(0, 4, 1, 0);
constexpr Register cptr_el2 = el2::reg(4, 1, 1, 2);
constexpr Register vbar_el2 = el2::reg(4, 12, 0, 0);
constexpr Register mpidr_el1 = el2::reg(0, 0, 0, 5);
constexpr Register cntv_ctl_el0 = el2::reg(3, 14, 3, 1);
constexpr Register cntv_cval_el0 = el2::reg(3, 14, 3, 2);
constexpr auto mdscr_el1 = static_cast<Register>(2 << 14 | 2 << 3 | 2); // op0 is 2

// Everything that a call could leave behind, on a CPU that is ours meanwhile.
struct Registers {
	uint64_t values[41]{}; // one more than there are
	size_t count = 0;

	template <Register... R> void read()
	{
		((values[count++] = el2::Cpu::read<R>()), ...);
	}

	[[gnu::noinline]] Registers()
	{
		using namespace el2;

		read<mdscr_el1, sp_el0, tpidr_el0, tpidrro_el0, tpidr_el1, daif, csselr_el1>();
		if (engine::kind() == engine::Kind::vhe) {
			read<hcr_el2, vttbr_el2, vtcr_el2, vmpidr_el2, mdcr_el2, hstr_el2,
			     cnthctl_el2, cptr_el2, vbar_el2, sp_el1, cntv_ctl_el02, cntv_cval_el02,
			     cntvoff_el2, vpidr_el2, pan>();
#define X(index, name, crn, crm, op2) read<reg(5, crn, crm, op2)>();
#include "module/engine/el2/el1_registers.def"
		} else {
			read<mpidr_el1, cntv_ctl_el0, cntv_cval_el0>();
#define X(index, name, crn, crm, op2) read<reg(0, crn, crm, op2)>();
#include "module/engine/el2/el1_registers.def"
		}
	}

	// The place of the first that differs, or the count.
	size_t difference(const Registers &other) const
	{
		size_t i = 0;

		while (i < count && values[i] == other.values[i])
			i++;
		return i;
	}
};

// Changes are made while interrupts are masked, too: nobody else has the CPU meanwhile.
struct UnpausedTables : Tables {
	using Tables::Tables;
	static void pause() = delete;
};
static_assert(!PausingMemory<UnpausedTables>);

// A guest of one page of code and some of data. The thread stays on its CPU from load to put.
struct Machine {
	using Mapping = vmsa::Mapping<Stage2_4K, UnpausedTables, engine::TlbOf<Stage2_4K>>;

	UnpausedTables tables{"machine"};
	engine::TlbOf<Stage2_4K> tlb{"machine"};
	Mapping mapping{tables, tlb};
	uint64_t ram;
	static constexpr uint64_t ram_bytes = 64 * KiB;
	bool ready = false;

	Machine()
	{
		kernel_features f;

		kernel_read_features(&f);
		tables.set_limit(1 * MiB);
		ram = kernel_ram_alloc(ram_bytes);
		ready = ram && mapping.create(stage2_geometry<Granule4K>(36, f.pa_bits).value()) &&
			map(code_ipa, 0, rwx) &&
			tlb.admit(engine::registers_of(mapping.tree()),
				  mapping.tree().geometry().last_input());
		if (!ready)
			return;
		std::memcpy(kernel_virt(ram), engine_count,
			    static_cast<size_t>(engine_end - engine_count));
		kernel_cache_clean(kernel_virt(ram), code_bytes);
		kernel_icache_flush();
	}

	~Machine()
	{
		tlb.dismiss();
		mapping.destroy();
		if (ram)
			kernel_ram_free(ram, ram_bytes);
	}

	// A page of RAM, counted from 0.
	bool map(Ipa ipa, uint64_t page, Access access)
	{
		const Region<Ipa> region{ipa, 4 * KiB};

		return mapping.map(region, Linear{ipa, Pa{ram + page * 4 * KiB}}, normal | access)
			.ok();
	}

	uint64_t &word(uint64_t page, uint64_t index)
	{
		return static_cast<uint64_t *>(kernel_virt(ram + page * 4 * KiB))[index];
	}

	void prepare(stage2_context &vcpu, const char *code)
	{
		vcpu = {};
		vcpu.vttbr = tlb.registers().vttbr;
		vcpu.vtcr = tlb.registers().vtcr;
		vcpu.vmpidr = bit(31);
		vcpu.pstate = 0x3c5;
		vcpu.pc = code_ipa.raw() + static_cast<uint64_t>(code - engine_count);
		vcpu.el1.sctlr = 0x30d0'0800;
	}
};

// The scheduler is kept away by masked interrupts, so these are short.
struct Loaded {
	stage2_context &vcpu;
	unsigned long flags;

	explicit Loaded(stage2_context &v) : vcpu{v}, flags{kernel_mask()}
	{
		engine::load(vcpu);
	}
	~Loaded()
	{
		engine::put(vcpu);
		kernel_unmask(flags);
	}

	void let_interrupts_in()
	{
		engine::put(vcpu);
		kernel_unmask(flags);
		flags = kernel_mask();
		engine::load(vcpu);
	}

	// Until the guest does something.
	uint64_t run()
	{
		for (;;) {
			if (!engine::enter(vcpu))
				return ~uint64_t{0};
			if (vcpu.exit == STAGE2_EXIT_SYNC)
				return vcpu.esr >> 26;
			let_interrupts_in();
		}
	}
};

// Other values than an engine could have left behind by itself: what it does not put back will differ. With
// TGE set nothing walks this stage 2.
void leave_traces()
{
	using namespace el2;

	Cpu::write<mdscr_el1>(bit(12)); // TDCC, as the kernel has it
	Cpu::write<csselr_el1>(2);
	if (engine::kind() != engine::Kind::vhe) {
		Cpu::write<cntv_cval_el0>(0x55);
		return;
	}
	Cpu::write<cntv_cval_el02>(0x55);
	Cpu::write<cntvoff_el2>(0x55);
	Cpu::write<pan>(bit(22));
	Cpu::write<mdcr_el2>(Cpu::read<mdcr_el2>() & ~mdcr_traps);
	Cpu::write<cnthctl_el2>(Cpu::read<cnthctl_el2>() | cnthctl_physical_vhe);
	Cpu::write<hstr_el2>(0);
	Cpu::write<vttbr_el2>(uint64_t{0x55} << 48);
	Cpu::write<vtcr_el2>(bit(31));
	Cpu::write<vmpidr_el2>(bit(31) | 0x55);
	Cpu::write<reg(5, 13, 0, 1)>(0x55); // CONTEXTIDR_EL12
	Cpu::isb();
}

// The guest's stage 1: VAs from 3 GiB on are IPAs from `base` on, the code is where it is.
void turn_mmu_on(Machine &machine, stage2_context &vcpu, uint64_t page, uint64_t base)
{
	constexpr uint64_t block = bit(10) /* AF */ | 3 << 8 /* inner shareable */ | 1;

	machine.word(page, 2) = code_ipa.raw() | block;
	machine.word(page, 3) = base | block;
	kernel_cache_clean(&machine.word(page, 0), 4 * KiB);
	vcpu.el1.ttbr0 = code_ipa.raw() + page * 4 * KiB;
	vcpu.el1.tcr = 25 | 1 << 8 | 1 << 10 | 3 << 12 | bit(23) /* EPD1 */ | bit(32);
	vcpu.el1.mair = 0xff;
	vcpu.el1.sctlr |= 0x1005; // M, C, I
}

} // namespace
