/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /sys/kernel/debug/stage2, between main.c and debugfs.c.
 */
#ifndef STAGE2_MODULE_DEBUGFS_H
#define STAGE2_MODULE_DEBUGFS_H

int stage2_debugfs_create(void);
/* No file of the module is open: an open one holds the module. */
void stage2_debugfs_remove(void);

#endif
