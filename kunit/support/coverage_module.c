// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which instructions of stage2.ko were come by: gcc calls this at the head of each piece of code
 * (-fsanitize-coverage=trace-pc). What was seen is printed when the module goes, or the machine, as
 * bits of words of 64 instructions, counted from half a MiB before the function.
 * scripts/coverage_module.py puts this file into a copy of module/kernel, and reads the lines.
 */
#include <linux/module.h>
#include <linux/reboot.h>

#include "coverage.h"

#define SEEN_BITS 0x40000 /* instructions: 1 MiB of code */

static unsigned long seen[BITS_TO_LONGS(SEEN_BITS)];

void __sanitizer_cov_trace_pc(void)
{
	const long distance = (long)__builtin_return_address(0) - (long)__sanitizer_cov_trace_pc;
	const unsigned long at = distance / 4 + SEEN_BITS / 2;

	if (at < SEEN_BITS)
		seen[BIT_WORD(at)] |= BIT_MASK(at);
}

static void print_coverage(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(seen); i++) {
		if (seen[i])
			pr_err("stage2: covers %x %lx\n", i, seen[i]);
	}
}

static int reboots(struct notifier_block *block, unsigned long action, void *data)
{
	print_coverage();
	return NOTIFY_DONE;
}

static struct notifier_block on_reboot = { .notifier_call = reboots };

void stage2_coverage_start(void)
{
	register_reboot_notifier(&on_reboot);
}

void stage2_coverage_stop(void)
{
	unregister_reboot_notifier(&on_reboot);
	print_coverage();
}
