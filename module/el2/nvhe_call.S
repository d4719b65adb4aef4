/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * EL1 calls the blob.
 */
#include <linux/linkage.h>

#include <asm/assembler.h>

	.text

/*
 * long stage2_nvhe_call(u64 blob, u64 page, u64 call): by the stub's soft restart, which branches to
 * x1 with x2..x4 as the first arguments. The guest and the blob leave no register as it was.
 */
SYM_FUNC_START(stage2_nvhe_call)
	stp	x29, x30, [sp, #-112]!
	mov	x29, sp
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	str	x18, [sp, #96]			// shadow call stack
	mov	x3, x2
	mov	x2, x1
	add	x1, x0, #0x800
	mov	x0, #1				// HVC_SOFT_RESTART
	hvc	#0
	ldr	x18, [sp, #96]
	ldp	x27, x28, [sp, #80]
	ldp	x25, x26, [sp, #64]
	ldp	x23, x24, [sp, #48]
	ldp	x21, x22, [sp, #32]
	ldp	x19, x20, [sp, #16]
	ldp	x29, x30, [sp], #112
	ret
SYM_FUNC_END(stage2_nvhe_call)
NOKPROBE(stage2_nvhe_call)
