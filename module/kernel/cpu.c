// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CPU, as the kernel sees it: its interrupts, its caches, and who is at EL2.
 */
#include <linux/arm-smccc.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/notifier.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/smp.h>
#include <linux/suspend.h>

#include <asm/barrier.h>
#include <asm/cache.h>
#include <asm/cpufeature.h>
#include <asm/ptrace.h>
#include <asm/virt.h>

#include "kernel.h"
#include "mask.h"

unsigned long kernel_mask(void)
{
	return mask_all();
}

void kernel_unmask(unsigned long flags)
{
	unmask_all(flags);
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

static void (*after_hibernation)(void);

static int pm_event(struct notifier_block *block, unsigned long event, void *unused)
{
	if (event == PM_POST_HIBERNATION || event == PM_POST_RESTORE)
		after_hibernation();
	return NOTIFY_DONE;
}

static struct notifier_block pm_block = { .notifier_call = pm_event };

int kernel_watch_hibernation(void (*call)(void))
{
	after_hibernation = call;
	return register_pm_notifier(&pm_block);
}

void kernel_unwatch_hibernation(void)
{
	unregister_pm_notifier(&pm_block);
}

struct each_cpu {
	void (*look)(unsigned long midr, void *of);
	void *of;
};

static void look_here(void *each_)
{
	const struct each_cpu *each = each_;

	each->look(read_cpuid_id(), each->of);
}

void kernel_each_cpu(void (*look)(unsigned long midr, void *of), void *of)
{
	struct each_cpu each = { look, of };

	on_each_cpu(look_here, &each, true);
}

/* What firmware answers may differ from CPU to CPU. A call that one does not need does nothing. */
static void ask_firmware(void *mitigations_)
{
	struct kernel_mitigations *mitigations = mitigations_;
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(ARM_SMCCC_ARCH_FEATURES_FUNC_ID, ARM_SMCCC_ARCH_WORKAROUND_1, &res);
	if ((int)res.a0 == SMCCC_RET_SUCCESS)
		WRITE_ONCE(mitigations->firmware_1, true);
	arm_smccc_1_1_invoke(ARM_SMCCC_ARCH_FEATURES_FUNC_ID, ARM_SMCCC_ARCH_WORKAROUND_3, &res);
	if ((int)res.a0 == SMCCC_RET_SUCCESS)
		WRITE_ONCE(mitigations->firmware_3, true);
}

void kernel_read_mitigations(struct kernel_mitigations *mitigations)
{
	u64 mmfr1 = read_sanitised_ftr_reg(SYS_ID_AA64MMFR1_EL1);
	u64 isar2 = read_sanitised_ftr_reg(SYS_ID_AA64ISAR2_EL1);

	*mitigations = (struct kernel_mitigations) {
#ifdef ARM64_SPECTRE_BHB
		.history_affected = cpus_have_cap(ARM64_SPECTRE_BHB),
#endif
		.targets_affected = cpus_have_cap(ARM64_SPECTRE_V2),
		.history_by_hardware = (mmfr1 >> 60) & 0xf,
		.clear_history = (isar2 >> 28) & 0xf,
		.off = cpu_mitigations_off(),
	};
	/* By SMC only: what is called by HVC is under somebody else, and calls are not for us. */
	if (arm_smccc_1_1_get_conduit() == SMCCC_CONDUIT_SMC)
		on_each_cpu(ask_firmware, mitigations, true);
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
