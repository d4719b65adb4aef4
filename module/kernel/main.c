// SPDX-License-Identifier: GPL-2.0-only
/*
 * stage2: private stage 2 translation tables for toy guests, seen through debugfs.
 */
#include <linux/module.h>

#include "debugfs.h"
#include "kernel.h"

static char *engine = "";
module_param(engine, charp, 0444);
MODULE_PARM_DESC(engine, "how guests run: vhe, nvhe or soft (the best this machine has)");

static int __init stage2_init(void)
{
	int error = stage2_start(engine);

	if (error)
		return error;
	kernel_runners_start();
	error = stage2_debugfs_create();
	if (error) {
		kernel_runners_stop();
		stage2_stop();
	}
	return error;
}

static void __exit stage2_exit(void)
{
	stage2_stop();
	stage2_debugfs_remove();
	kernel_runners_stop();
}

module_init(stage2_init);
module_exit(stage2_exit);

MODULE_LICENSE("GPL");
MODULE_VERSION(STAGE2_VERSION);
MODULE_DESCRIPTION("Stage 2 translation tables for toy guests, mapped and dumped through debugfs");
