// SPDX-License-Identifier: GPL-2.0-only
//
// Questions to the MMU, and invalidations, where the kernel runs at EL2.
#include "vhe_window.hpp"

#include "vmsa/hardware_tlb.hpp"

namespace stage2::el2::vhe
{

// Stage 1 is off and its memory Write-Back, so that what PAR_EL1 says is what stage 2 says. What the
// walks leave in this CPU's TLB goes with the VMID.
void ask(const engine::Stage2Registers &guest, std::span<const vmsa::Ipa> ipas, bool write,
	 uint64_t *par)
{
	const uint64_t daif = mask();
	{
		const NoWalks no_walks;

		within(guest, hcr::vm | hcr::dc, [&] {
			for (const vmsa::Ipa ipa : ipas) {
				if (write)
					asm volatile("at s12e1w, %0" ::"r"(ipa.raw()) : "memory");
				else
					asm volatile("at s12e1r, %0" ::"r"(ipa.raw()) : "memory");
				Cpu::isb();
				*par++ = read_par();
			}
			// From here on nothing walks.
			write_hcr(Cpu::read<hcr_el2>() & ~(hcr::vm | hcr::dc));
			// The DSB: complete before anything changes, and whichever CPU the thread goes on.
			asm volatile("tlbi vmalls12e1; dsb ish" ::: "memory");
		});
	}
	unmask(daif);
}

void invalidate(const engine::Stage2Registers &guest, bool repeat, const vmsa::TlbiPlan &plan)
{
	const uint64_t daif = mask();
	{
		const NoWalks no_walks;

		within(guest, 0, [&] {
			Cpu cpu;

			vmsa::complete<vmsa::Stage2>(cpu, plan, repeat);
		});
	}
	unmask(daif);
}

void invalidate_leaf(const engine::Stage2Registers &guest, uint64_t operand)
{
	const uint64_t daif = mask();

	within(guest, 0, [&] {
		Cpu cpu;

		vmsa::complete<vmsa::Stage2>(cpu, {vmsa::Tlbi::ipas2le1is, 1, operand, 0}, false);
	});
	unmask(daif);
}

} // namespace stage2::el2::vhe
