// SPDX-License-Identifier: GPL-2.0-only
//
// What is loaded and put where the kernel runs at EL2. Its own registers are EL2's, so EL1's are
// free: they are the guest's from load to put, and nobody's, or KVM's last guest's, otherwise.
// Documentation/engines.rst has the order, and why.
#include "vhe.hpp"

#include "vhe_window.hpp"

extern "C" {
void stage2_vhe_enter(stage2_context *vcpu, uint64_t hcr, uint64_t cptr);
extern const char stage2_vhe_vectors[], stage2_vhe_mitigating_vectors[];
}

namespace stage2::el2::vhe
{

namespace
{

struct Machine {
	uint64_t hcr; // a guest's
	bool fgt2;
	bool hpfar_unreliable;
	bool mpam;
	bool mpam_hcr;
	bool mitigates;
};

constinit Machine machine{};

void save(stage2_el1 &to, const Features &cpu)
{
#define X(index, name, crn, crm, op2) to.name = Cpu::read<name##_el12>();
#include "el1_registers.def"
	to.sp_el1 = Cpu::read<sp_el1>();
	to.par = read_par();
	to.tpidr_el1 = Cpu::read<tpidr_el1>();
	to.tpidr_el0 = Cpu::read<tpidr_el0>();
	to.tpidrro_el0 = Cpu::read<tpidrro_el0>();
	to.cntv_cval = Cpu::read<cntv_cval_el02>();
	to.csselr = Cpu::read<csselr_el1>();
	if (cpu.ras)
		to.vdisr = Cpu::read<vdisr_el2>();
	if (cpu.tpidr2)
		to.tpidr2 = Cpu::read<tpidr2_el0>();
}

void restore(const stage2_el1 &from, const Features &cpu)
{
#define X(index, name, crn, crm, op2) Cpu::write<name##_el12>(from.name);
#include "el1_registers.def"
	Cpu::write<sp_el1>(from.sp_el1);
	Cpu::write<par_el1>(from.par);
	Cpu::write<tpidr_el1>(from.tpidr_el1);
	Cpu::write<tpidr_el0>(from.tpidr_el0);
	Cpu::write<tpidrro_el0>(from.tpidrro_el0);
	Cpu::write<cntv_cval_el02>(from.cntv_cval);
	Cpu::write<csselr_el1>(from.csselr);
	if (cpu.ras)
		Cpu::write<vdisr_el2>(from.vdisr);
	if (cpu.tpidr2)
		Cpu::write<tpidr2_el0>(from.tpidr2);
}

// None of these does anything to EL2 itself, nor to EL0 before the thread gets there.
void set_traps(stage2_traps &host, const Features &cpu)
{
	host.mdcr = Cpu::read<mdcr_el2>();
	Cpu::write<mdcr_el2>((host.mdcr & ~mdcr_open) | mdcr_traps);
	host.cnthctl = Cpu::read<cnthctl_el2>();
	Cpu::write<cnthctl_el2>((host.cnthctl & ~cnthctl_physical_vhe) |
				(cpu.ecv ? cnthctl_virtual : 0));
	swap<hstr_el2>(host.hstr, hstr_traps);
	if (cpu.gic) {
		swap<ich_hcr_el2>(host.ich_hcr, ich_traps);
		host.icc_sre = Cpu::read<icc_sre_el2>();
		Cpu::write<icc_sre_el2>(host.icc_sre & ~icc_sre_enable);
	}
	if (machine.mpam) {
		host.mpam2 = Cpu::read<mpam2_el2>();
		Cpu::write<mpam2_el2>(host.mpam2 | mpam2_traps);
	}
	if (machine.mpam_hcr)
		swap<mpamhcr_el2>(host.mpamhcr, mpamhcr_traps);
	// Whoever profiles or traces the kernel does not get a guest, by what EL1's registers happen to be.
	if (cpu.spe)
		swap<pmscr_el12>(host.pmscr, 0);
	if (cpu.trf)
		swap<trfcr_el12>(host.trfcr, 0);
	if (cpu.hcx)
		swap<hcrx_el2>(host.hcrx, 0);
	// A bit for a feature newer than fine-grained traps traps while it is clear.
	if (cpu.fgt) {
		swap<hfgrtr_el2>(host.fgt[0], 0);
		swap<hfgwtr_el2>(host.fgt[1], 0);
		swap<hfgitr_el2>(host.fgt[2], 0);
		swap<hdfgrtr_el2>(host.fgt[3], 0);
		swap<hdfgwtr_el2>(host.fgt[4], 0);
		if (cpu.amu)
			swap<hafgrtr_el2>(host.fgt[5], 0);
	}
	if (cpu.fgt2) {
		swap<hfgrtr2_el2>(host.fgt2[0], 0);
		swap<hfgwtr2_el2>(host.fgt2[1], 0);
		swap<hfgitr2_el2>(host.fgt2[2], 0);
		swap<hdfgrtr2_el2>(host.fgt2[3], 0);
		swap<hdfgwtr2_el2>(host.fgt2[4], 0);
	}
}

void clear_traps(const stage2_traps &host, const Features &cpu)
{
	Cpu::write<mdcr_el2>(host.mdcr);
	Cpu::write<cnthctl_el2>(host.cnthctl);
	Cpu::write<hstr_el2>(host.hstr);
	if (cpu.gic) {
		Cpu::write<ich_hcr_el2>(host.ich_hcr);
		Cpu::write<icc_sre_el2>(host.icc_sre);
	}
	if (machine.mpam)
		Cpu::write<mpam2_el2>(host.mpam2);
	if (machine.mpam_hcr)
		Cpu::write<mpamhcr_el2>(host.mpamhcr);
	if (cpu.spe)
		Cpu::write<pmscr_el12>(host.pmscr);
	if (cpu.trf)
		Cpu::write<trfcr_el12>(host.trfcr);
	if (cpu.hcx)
		Cpu::write<hcrx_el2>(host.hcrx);
	if (cpu.fgt) {
		Cpu::write<hfgrtr_el2>(host.fgt[0]);
		Cpu::write<hfgwtr_el2>(host.fgt[1]);
		Cpu::write<hfgitr_el2>(host.fgt[2]);
		Cpu::write<hdfgrtr_el2>(host.fgt[3]);
		Cpu::write<hdfgwtr_el2>(host.fgt[4]);
		if (cpu.amu)
			Cpu::write<hafgrtr_el2>(host.fgt[5]);
	}
	if (cpu.fgt2) {
		Cpu::write<hfgrtr2_el2>(host.fgt2[0]);
		Cpu::write<hfgwtr2_el2>(host.fgt2[1]);
		Cpu::write<hfgitr2_el2>(host.fgt2[2]);
		Cpu::write<hdfgrtr2_el2>(host.fgt2[3]);
		Cpu::write<hdfgwtr2_el2>(host.fgt2[4]);
	}
}

// VTTBR_EL2 is the guest's already: this CPU forgets all that it has of its VMID. The DSB waits for what its walks have
// noted in the tables, too: behind put() any CPU may change them by plain stores.
void forget_vmid()
{
	const uint64_t hcr = Cpu::read<hcr_el2>();

	write_hcr(machine.hcr);
	asm volatile("tlbi vmalls12e1; dsb ish" ::: "memory");
	Cpu::isb();
	write_hcr(hcr);
}

// A stage 2 permission fault leaves HPFAR_EL2 unknown. The guest's own stage 1, which is still
// loaded, says which IPA its address stands for.
bool find_ipa(stage2_context &vcpu)
{
	const uint64_t hcr = Cpu::read<hcr_el2>();
	const uint64_t guests_par = read_par();

	write_hcr(machine.hcr);
	asm volatile("at s1e1r, %0" ::"r"(vcpu.far) : "memory");
	Cpu::isb();

	const uint64_t par = read_par();

	Cpu::write<par_el1>(guests_par);
	write_hcr(hcr);
	vcpu.hpfar = hpfar_of_par(par);
	return !(par & 1);
}

[[gnu::noinline]] void step(stage2_context &vcpu)
{
	const uint64_t mdcr = Cpu::read<mdcr_el2>();

	Cpu::write<mdcr_el2>(mdcr | mdcr_tde);
	vcpu.mdscr = mdscr_ss;
	vcpu.pstate |= spsr_ss;
	stage2_vhe_enter(&vcpu, machine.hcr, cptr_vhe);
	vcpu.mdscr = 0;
	Cpu::write<mdcr_el2>(mdcr);
	if (stepped_load_exclusive(vcpu)) {
		vcpu.far = vcpu.pc - 4;
		if (!find_ipa(vcpu))
			vcpu.hpfar = ~uint64_t{0};
	}
}

// They are breakpoints of EL1 and EL0, and the kernel is at EL2: it runs into none.
[[gnu::noinline]] void run_to_stop(stage2_context &vcpu)
{
	const uint64_t mdcr = Cpu::read<mdcr_el2>();
	const Stops stops{vcpu.stops};

	Cpu::write<mdcr_el2>(mdcr | mdcr_tde);
	vcpu.mdscr = mdscr_mde;
	vcpu.pstate &= ~spsr_ss;
	stage2_vhe_enter(&vcpu, machine.hcr, cptr_vhe);
	vcpu.mdscr = 0;
	Cpu::write<mdcr_el2>(mdcr);
}

void enter_once(stage2_context &vcpu)
{
	if (vcpu.step && vcpu.stops[0])
		run_to_stop(vcpu);
	else if (vcpu.step)
		step(vcpu);
	else
		stage2_vhe_enter(&vcpu, machine.hcr, cptr_vhe);
}

// Where the guest's stage 1 has changed meanwhile, it runs into its fault again. Like `step` it stands apart, so that
// the usual way in saves few registers.
[[gnu::noinline]] void find_ipa_or_enter(stage2_context &vcpu)
{
	while (!find_ipa(vcpu)) {
		enter_once(vcpu);
		if (!lacks_ipa(vcpu, machine.hpfar_unreliable))
			return;
	}
}

} // namespace

void start(const kernel_features &features, bool mitigates)
{
	machine = {.hcr = hcr::guest | hcr::e2h | (features.ras ? hcr::terr | hcr::tea : 0),
		   .fgt2 = features.fgt2,
		   .hpfar_unreliable = features.hpfar_unreliable,
		   .mpam = features.mpam,
		   .mpam_hcr = features.mpam_hcr,
		   .mitigates = mitigates};
}

// Stage 2 first, and back last: at no time are the guest's EL1 registers beside another's stage 2,
// so that no speculative walk can mix them (ARM64_WORKAROUND_SPECULATIVE_AT). What a walk makes of
// another's EL1 registers beside the guest's stage 2 goes with the VMID.
void load(stage2_context &vcpu)
{
	const unsigned long flags = kernel_mask();
	const Features cpu = Features::read(machine.fgt2);

	swap<vtcr_el2>(vcpu.host.vtcr, vcpu.vtcr);
	swap<vttbr_el2>(vcpu.host.vttbr, vcpu.vttbr);
	swap<vmpidr_el2>(vcpu.host.vmpidr, vcpu.vmpidr);
	swap<vpidr_el2>(vcpu.host.vpidr, Cpu::read<midr_el1>());
	Cpu::isb();
	swap<cntv_ctl_el02>(vcpu.host.cntv_ctl, 0);
	swap<cntvoff_el2>(vcpu.host.cntvoff, 0);
	save(vcpu.host.el1, cpu);
	restore(vcpu.el1, cpu);
	set_traps(vcpu.host.traps, cpu);
	vcpu.vectors = reinterpret_cast<uint64_t>(machine.mitigates ? stage2_vhe_mitigating_vectors
								    : stage2_vhe_vectors);
	Cpu::isb();
	forget_vmid();
	kernel_unmask(flags);
}

void put(stage2_context &vcpu)
{
	const unsigned long flags = kernel_mask();
	const Features cpu = Features::read(machine.fgt2);

	save(vcpu.el1, cpu);
	restore(vcpu.host.el1, cpu);
	Cpu::write<cntvoff_el2>(vcpu.host.cntvoff);
	Cpu::write<cntv_ctl_el02>(vcpu.host.cntv_ctl);
	clear_traps(vcpu.host.traps, cpu);
	{
		// Nothing comes back behind the TLBI.
		const NoWalks no_walks;

		// In the kernel's own work meanwhile KVM may have put another there.
		Cpu::write<vtcr_el2>(vcpu.vtcr);
		Cpu::write<vttbr_el2>(vcpu.vttbr);
		Cpu::isb();
		forget_vmid();
		Cpu::write<vtcr_el2>(vcpu.host.vtcr);
		Cpu::write<vttbr_el2>(vcpu.host.vttbr);
	}
	Cpu::write<vmpidr_el2>(vcpu.host.vmpidr);
	Cpu::write<vpidr_el2>(vcpu.host.vpidr);
	Cpu::isb();
	kernel_unmask(flags);
}

// KVM, getting ready for its first guest, may have interrupted, and given EL1 the physical timer.
void enter(stage2_context &vcpu)
{
	Cpu::write<cnthctl_el2>(Cpu::read<cnthctl_el2>() & ~cnthctl_physical_vhe);
	enter_once(vcpu);
	if (lacks_ipa(vcpu, machine.hpfar_unreliable))
		find_ipa_or_enter(vcpu);
}

} // namespace stage2::el2::vhe
