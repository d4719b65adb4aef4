/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a guest begins, and where its exceptions end.
 *
 *   _start          vectors, a stack for each vCPU, then guest_main() and main()
 *   try_*           one access or call that may fault
 *   run_displaced   calls a function at another address that maps the same memory
 *
 * While something is tried, TPIDR_EL1 is where to go on after an exception; else it is 0.
 */

#define STACK_SIZE	0x4000		/* of each vCPU, as image.lds has it */

	.section .text.start, "ax"
	.globl	_start
_start:
	adr	x9, vectors
	msr	vbar_el1, x9
	msr	tpidr_el1, xzr
	isb
	mrs	x0, mpidr_el1			/* x0 is whatever an earlier run has left */
	and	x0, x0, #0xff
	adrp	x9, stacks
	add	x9, x9, :lo12:stacks
	add	x10, x0, #1
	mov	x11, #STACK_SIZE
	madd	x9, x10, x11, x9
	mov	sp, x9
	b	guest_main

/* uint64_t try_load(address), try_store(address): 0, or the syndrome. */
	.globl	try_load
try_load:
	adr	x9, 1f
	msr	tpidr_el1, x9
	ldr	x1, [x0]
	mov	x0, #0
1:	msr	tpidr_el1, xzr
	ret

	.globl	try_store
try_store:
	adr	x9, 1f
	msr	tpidr_el1, x9
	str	xzr, [x0]
	mov	x0, #0
1:	msr	tpidr_el1, xzr
	ret

/* uint64_t try_run(address) */
	.globl	try_run
try_run:
	stp	x29, x30, [sp, #-16]!
	adr	x9, 1f
	msr	tpidr_el1, x9
	blr	x0
	mov	x0, #0
1:	msr	tpidr_el1, xzr
	ldp	x29, x30, [sp], #16
	ret

/*
 * void run_displaced(function, argument, displacement)
 *
 * The function runs on the same stack and code, at addresses that are `displacement` higher. Its
 * argument is passed as it is.
 */
	.globl	run_displaced
run_displaced:
	stp	x29, x30, [sp, #-32]!
	str	x19, [sp, #16]
	mov	x19, x2
	add	x9, x0, x2
	mov	x0, x1
	mov	x10, sp
	add	sp, x10, x2
	adr	x10, 1f
	add	x11, x10, x2
	br	x11
1:	blr	x9
	mov	x10, sp
	sub	sp, x10, x19
	adr	x10, 2f
	sub	x10, x10, x19
	br	x10
2:	ldr	x19, [sp, #16]
	ldp	x29, x30, [sp], #32
	ret

/* Every exception. The stack may be what is wrong, so there is one for this. */
exception:
	mrs	x16, tpidr_el1
	cbnz	x16, 1f
	mrs	x0, esr_el1
	mrs	x1, elr_el1
	mrs	x2, far_el1
	adrp	x9, stacks
	add	x9, x9, :lo12:stacks
	mov	sp, x9
	b	guest_exception
1:	mrs	x0, esr_el1
	msr	elr_el1, x16
	eret

	.balign	2048
	.globl	vectors
vectors:
	.rept	16
	b	exception
	.balign	128
	.endr
