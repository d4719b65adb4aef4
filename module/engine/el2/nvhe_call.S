/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * EL1 calls the blob, by way of the kernel's stub: where that is still there.
 *
 * KVM takes EL2 for its first guest and gives it back after its last, one CPU after the other, each by
 * itself: by an interrupt there, or by a thread. It cannot be told, nor be heard of. To it a soft restart
 * means that the kernel goes down: it takes its own vectors away, and its guests hang. So the call asks
 * first, every time.
 */
#include <linux/linkage.h>

#include <asm/assembler.h>
#include <asm/virt.h>

#include "nvhe_page.h"

	.text

/*
 * Who has this CPU's EL2? No hypervisor has this function, and the stub does not either: its numbers are
 * small. But its answer is its own. Flags: eq if it was the stub. x0 to x17 are lost, as of any call.
 */
.macro ask_who_is_there
	mov_q	x0, 0xc6000100
	hvc	#0
	mov_q	x1, HVC_STUB_ERR
	cmp	x0, x1
.endm

/* long stage2_stub_is_here(void): 1, or 0. On this CPU, until interrupts are unmasked. */
SYM_FUNC_START(stage2_stub_is_here)
	stp	x29, x30, [sp, #-16]!
	mov	x29, sp
	ask_who_is_there
	cset	x0, eq
	ldp	x29, x30, [sp], #16
	ret
SYM_FUNC_END(stage2_stub_is_here)

/*
 * long stage2_nvhe_call(u64 blob, u64 page, u64 call): by the stub's soft restart, which branches to
 * x1 with x2..x4 as the first arguments. The guest and the blob leave no register as it was. Nobody
 * else calls the blob; interrupts are masked, so what the question was answered holds.
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
	mov	x19, x0
	mov	x20, x1
	mov	x21, x2
	ask_who_is_there
	mov	x0, #STAGE2_CALL_LOST
	b.ne	1f
	add	x1, x19, #0x800
	mov	x2, x20
	mov	x3, x21
	mov	x0, #HVC_SOFT_RESTART
	hvc	#0
	str	x0, [sp, #104]
	bl	stage2_mitigate
	ldr	x0, [sp, #104]
1:	ldr	x18, [sp, #96]
	ldp	x27, x28, [sp, #80]
	ldp	x25, x26, [sp, #64]
	ldp	x23, x24, [sp, #48]
	ldp	x21, x22, [sp, #32]
	ldp	x19, x20, [sp, #16]
	ldp	x29, x30, [sp], #112
	ret
SYM_FUNC_END(stage2_nvhe_call)
NOKPROBE(stage2_nvhe_call)
