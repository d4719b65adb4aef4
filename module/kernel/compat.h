/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where kernels from 5.10 on differ: the name that the newest has, made of what an older one
 * offers. By feature, which the preprocessor or Kbuild (STAGE2_HAS_*) sees, and each with the
 * version that changed it.
 */
#ifndef STAGE2_MODULE_COMPAT_H
#define STAGE2_MODULE_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/thread_info.h>

#include <asm/cpufeature.h>

/*
 * 7.3 renamed it. The list of CPUs is the same. Older kernels issue each TLBI twice; 7.3, and 6.12
 * as it is now (6.12.117), add one when all are done. So does the module, in whatever kernel.
 */
#ifndef ARM64_WORKAROUND_REPEAT_TLBI_SYNC
#define ARM64_WORKAROUND_REPEAT_TLBI_SYNC ARM64_WORKAROUND_REPEAT_TLBI
#endif

/* 5.16: before, the flags were read in place. */
#ifndef read_thread_flags
#define read_thread_flags() READ_ONCE(current_thread_info()->flags)
#endif

/* 6.13: before, the function was stored after hrtimer_init. */
#ifndef STAGE2_HAS_HRTIMER_SETUP
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *timer),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif

#endif
