/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an exit does so that the kernel does not speculate by what the guest has taught the CPU.
 */
#include <linux/linkage.h>

#include <asm/assembler.h>

#include "context.h"

	.text

/* As the kernel's own vectors do. Loses x0 to x4, and the flags. */
SYM_FUNC_START(stage2_mitigate)
	adr_l	x4, stage2_mitigations
	ldp	x3, x0, [x4, #STAGE2_MITIGATIONS_ROUNDS]
	cbz	x3, 2f
1:	b	. + 4
	subs	x3, x3, #1
	b.ne	1b
	dsb	nsh
	isb
2:	cbz	x0, 3f
	smc	#0
	adr_l	x4, stage2_mitigations
3:	ldr	x3, [x4, #STAGE2_MITIGATIONS_CLEAR]
	cbz	x3, 4f
	hint	#22				// CLRBHB
	isb
4:	ret
SYM_FUNC_END(stage2_mitigate)
NOKPROBE(stage2_mitigate)
