// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CPU, as the kernel sees it: its interrupts, its caches, and who is at EL2.
 */
#include <linux/arm-smccc.h>
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/smp.h>

#include <asm/barrier.h>
#include <asm/cache.h>
#include <asm/cpufeature.h>
#include <asm/daifflags.h>
#include <asm/ptrace.h>
#include <asm/virt.h>

#include "kernel.h"

/*
 * With pseudo-NMIs the kernel masks interrupts by priority, and the GIC would keep them from the
 * CPU: a guest would not be left for them. local_daif_save masks in PSTATE and opens the priority
 * mask; pmr_sync waits until the GIC has heard.
 */
unsigned long kernel_mask(void)
{
	unsigned long flags = local_daif_save();

	if (system_uses_irq_prio_masking())
		pmr_sync();
	return flags;
}

/* The ISB: an interrupt that waits is taken before the caller can mask again. */
void kernel_unmask(unsigned long flags)
{
	local_daif_restore(flags);
	isb();
}

void kernel_reschedule(void)
{
	cond_resched();
}

bool kernel_is_killed(void)
{
	return fatal_signal_pending(current);
}

unsigned int kernel_cpus(void)
{
	return nr_cpu_ids;
}

unsigned int kernel_this_cpu(void)
{
	return smp_processor_id();
}

/* CIVAC for every purpose: an erratum makes some CPUs need it where CVAC would do. */
void kernel_cache_clean(const void *linear, unsigned long bytes)
{
	static unsigned long line;
	unsigned long end = (unsigned long)linear + bytes;
	unsigned long at;

	if (!line)	/* DminLine, in words */
		line = 4ul << ((read_sanitised_ftr_reg(SYS_CTR_EL0) >> 16) & 0xf);
	for (at = (unsigned long)linear & ~(line - 1); at < end; at += line)
		asm volatile("dc civac, %0" : : "r" (at) : "memory");
	dsb(sy);
}

/* Not by address: instruction caches may be indexed, or tagged, as the guest sees memory. */
void kernel_icache_flush(void)
{
	asm volatile("ic ialluis" : : : "memory");
	dsb(ish);
	isb();
}

long stage2_stub_is_here(void);	/* el2/nvhe_call.S */

bool kernel_stub_is_here(void)
{
	return stage2_stub_is_here();
}

static void ask_stub(void *missing)
{
	if (!stage2_stub_is_here())
		atomic_inc((atomic_t *)missing);
}

static void nothing(void *unused)
{
}

void kernel_interrupt_cpus(void)
{
	on_each_cpu(nothing, NULL, true);
}

/*
 * A module cannot see how the CPUs were started. But firmware is called by HVC where somebody else
 * has EL2, and only where nobody has can an HVC be for the stub.
 */
enum kernel_el2 kernel_find_el2(void)
{
	u64 pfr0 = read_sanitised_ftr_reg(SYS_ID_AA64PFR0_EL1);
	atomic_t missing = ATOMIC_INIT(0);

	if (is_kernel_in_hyp_mode())
		return KERNEL_EL2_HOST;
	if (!((pfr0 >> 8) & 0xf) || arm_smccc_1_1_get_conduit() == SMCCC_CONDUIT_HVC)
		return KERNEL_EL2_NONE;
#ifndef MODULE
	if (!is_hyp_mode_available())
		return KERNEL_EL2_NONE;
#endif
	on_each_cpu(ask_stub, &missing, true);
	return atomic_read(&missing) ? KERNEL_EL2_KVM : KERNEL_EL2_STUB;
}

void kernel_log(const char *format, ...)
{
	struct va_format line = { .fmt = format };
	va_list args;

	va_start(args, format);
	line.va = &args;
	pr_info("stage2: %pV\n", &line);
	va_end(args);
}

void kernel_panic(const char *format, ...)
{
	struct va_format line = { .fmt = format };
	va_list args;

	va_start(args, format);
	line.va = &args;
	panic("stage2: %pV", &line);
}
