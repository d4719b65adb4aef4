/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faults that are planted in a copy of the module, all of them in one stage2.ko
 * (scripts/mutants_module.py): the last of these words chooses the one that acts. It is written
 * into the file, behind the others, by which it is found there. Included ahead of everything, so
 * that the module need not know.
 */
#pragma once

#define STAGE2_PLANTED { 0x706c616e, 0x74656421, 0x6661756c, 0x743f3f3f, 0 }

#ifdef __cplusplus
extern "C" unsigned int stage2_planted[5];
#else
extern unsigned int stage2_planted[5];
#include <linux/types.h>
#endif

static inline bool planted(unsigned int fault)
{
	return stage2_planted[4] == fault;
}
