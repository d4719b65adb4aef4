/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Where the machine begins, at EL2 with its MMU off, and where exceptions end. */

	.section .text.start, "ax"
	.globl	_start
_start:
	adr	x0, vectors
	msr	vbar_el2, x0
	isb
	adrp	x0, stack_top
	mov	sp, x0
	adrp	x0, bss_start
	adrp	x1, bss_end
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	1b
	bl	main
	.globl	power_off
power_off:
	ldr	x0, =0x84000008			/* PSCI SYSTEM_OFF */
	smc	#0
	b	.

	.balign	2048
vectors:
	.rept	16
	mrs	x0, esr_el2
	mrs	x1, far_el2
	b	exception
	.balign	128
	.endr
