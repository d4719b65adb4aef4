/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupts masked, as a guest needs it: for what is called so often that a call would count.
 */
#ifndef STAGE2_KERNEL_MASK_H
#define STAGE2_KERNEL_MASK_H

#include <asm/barrier.h>
#include <asm/cpufeature.h>
#include <asm/daifflags.h>

/*
 * With pseudo-NMIs the kernel masks interrupts by priority, and the GIC would keep them from the
 * CPU: a guest would not be left for them. local_daif_save masks in PSTATE and opens the priority
 * mask; pmr_sync waits until the GIC has heard.
 */
static inline unsigned long mask_all(void)
{
	unsigned long flags = local_daif_save();

	if (system_uses_irq_prio_masking())
		pmr_sync();
	return flags;
}

/* The ISB: an interrupt that waits is taken before the caller can mask again. */
static inline void unmask_all(unsigned long flags)
{
	local_daif_restore(flags);
	isb();
}

#endif
