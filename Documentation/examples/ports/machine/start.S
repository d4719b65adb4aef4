/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Where the machine begins, with its MMU off, and where exceptions end. EL is the level it begins at.
 *
 *   _start      vectors, a stack, cleared memory, then main()
 *   try_*       an access that may fault, and the syndrome of what became of it
 *   run_lower   a guest or a process, until something stops it
 */

#define PASTE(name, el)	name ## el
#define WITH_EL(name, el)	PASTE(name, el)
#define SYS(name)	WITH_EL(name ## _el, EL)	/* SYS(esr) is esr_el1, 2 or 3 */

	.section .text.start, "ax"
	.globl	_start
_start:
	adrp	x0, vectors
	add	x0, x0, :lo12:vectors
	msr	SYS(vbar), x0
	msr	SYS(tpidr), xzr
	isb
	adrp	x0, stack_top
	mov	sp, x0
	adrp	x0, bss_start
	adrp	x1, bss_end
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	1b
	b	main

	.balign	2048
	.globl	vectors
vectors:
	.rept	8				/* exceptions of this level */
	b	own_exception
	.balign	128
	.endr
	.rept	8				/* and of the lower ones */
	b	lower_exception
	.balign	128
	.endr

/*
 * TPIDR is where a try goes on that faults: a syndrome in place of the 0. Any other exception is the
 * program's end.
 */
own_exception:
	mrs	x0, SYS(esr)
	mrs	x1, SYS(tpidr)
	cbz	x1, 1f
	msr	SYS(tpidr), xzr
	msr	SYS(elr), x1
	eret
1:	mrs	x1, SYS(elr)
	mrs	x2, SYS(far)
	b	unexpected_exception

	.globl	try_read
try_read:
	msr	SYS(tpidr), x30
	ldr	x1, [x0]
	b	no_fault

	.globl	try_write
try_write:					/* what is there already */
	msr	SYS(tpidr), x30
	ldr	x1, [x0]
	str	x1, [x0]
	b	no_fault

	.globl	try_execute
try_execute:					/* a RET */
	mov	x9, x30
	msr	SYS(tpidr), x30
	blr	x0
	mov	x30, x9
no_fault:
	msr	SYS(tpidr), xzr
	mov	x0, #0
	ret

/* x2 to x30 of a struct Context (machine.hpp) at x0. */
.macro	all_of_context pair, one
	\pair	x2, x3, [x0, #16]
	\pair	x4, x5, [x0, #32]
	\pair	x6, x7, [x0, #48]
	\pair	x8, x9, [x0, #64]
	\pair	x10, x11, [x0, #80]
	\pair	x12, x13, [x0, #96]
	\pair	x14, x15, [x0, #112]
	\pair	x16, x17, [x0, #128]
	\pair	x18, x19, [x0, #144]
	\pair	x20, x21, [x0, #160]
	\pair	x22, x23, [x0, #176]
	\pair	x24, x25, [x0, #192]
	\pair	x26, x27, [x0, #208]
	\pair	x28, x29, [x0, #224]
	\one	x30, [x0, #240]
.endm

/* void run_lower(Context &): x0 waits on the stack, above what a function must give back. */
	.globl	run_lower
run_lower:
	stp	x29, x30, [sp, #-112]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	str	x0, [sp, #96]
	ldp	x1, x2, [x0, #248]
	ldr	x3, [x0, #264]
	msr	sp_el0, x1
	msr	SYS(elr), x2
	msr	SYS(spsr), x3
	all_of_context ldp, ldr
	ldp	x0, x1, [x0]
	eret

lower_exception:
	stp	x0, x1, [sp, #-16]!
	ldr	x0, [sp, #112]
	all_of_context stp, str
	ldp	x2, x3, [sp], #16
	stp	x2, x3, [x0]
	mrs	x1, sp_el0
	mrs	x2, SYS(elr)
	stp	x1, x2, [x0, #248]
	mrs	x1, SYS(spsr)
	mrs	x2, SYS(esr)
	stp	x1, x2, [x0, #264]
	mrs	x1, SYS(far)
	str	x1, [x0, #280]
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #112
	ret
