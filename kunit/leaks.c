// SPDX-License-Identifier: GPL-2.0-only
/*
 * Has kmemleak look for leaks when the suites are done and the machine goes down.
 *
 * On its own it would first look after a minute, and KUnit's machine lives for seconds. It can be
 * asked only by writing to its debugfs file, from a user space that is not there: so we call what
 * that file calls. scripts/kunit.sh reads the outcome from the log. Note that kmemleak knows
 * kmalloc and vmalloc, but not alloc_pages(). With kmemleak=off it is not asked.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/kallsyms.h>
#include <linux/kthread.h>
#include <linux/notifier.h>
#include <linux/reboot.h>

typedef void scan_fn(void);

static int scan_twice(void *done)
{
	scan_fn *scan = (scan_fn *)kallsyms_lookup_name("kmemleak_scan");

	/* What is younger than five seconds, or was never scanned before, it does not report. */
	if (!WARN(!scan, "kmemleak_scan has another name in this kernel\n")) {
		msleep(5100);
		scan();
		scan();
		pr_info("kmemleak: scanned\n");
	}
	complete(done);
	return 0;
}

static int look_for_leaks(struct notifier_block *block, unsigned long action, void *data)
{
	DECLARE_COMPLETION_ONSTACK(done);

	/* kmemleak asks its thread whether to stop: it has to be one that can be asked. */
	if (!WARN_ON(IS_ERR(kthread_run(scan_twice, &done, "look_for_leaks"))))
		wait_for_completion(&done);
	return NOTIFY_DONE;
}

static struct notifier_block at_reboot = { .notifier_call = look_for_leaks };

static bool looking __initdata = true;

/* kmemleak reads it, too, and drops its records; a scan would take as long as ever. */
static int __init read_kmemleak(char *word)
{
	looking = strcmp(word ?: "", "off");
	return 0;
}
early_param("kmemleak", read_kmemleak);

static int __init look_at_reboot(void)
{
	return kunit_enabled() && looking ? register_reboot_notifier(&at_reboot) : 0;
}
late_initcall(look_at_reboot);
