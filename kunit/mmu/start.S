/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the machine begins, at whichever exception level it has, and where exceptions end.
 *
 *   _start       a stack, vectors, cleared memory, then main()
 *   keyhole      asks EL3's own MMU, which has to be on only while it is asked
 *   attempt_*    try an access that may fault, and return the syndrome of what became of it
 */

/* \code with EL replaced by the current exception level. Uses x16. */
.macro	at_current_el code:vararg
	mrs	x16, CurrentEL
	cmp	x16, #(2 << 2)
	b.eq	2f
	b.hi	3f
	.irp	EL, el1
	\code
	.endr
	b	4f
2:	.irp	EL, el2
	\code
	.endr
	b	4f
3:	.irp	EL, el3
	\code
	.endr
4:
.endm

	.section .text.start, "ax"
	.globl	_start
_start:
	ldr	x0, =stack_top
	mov	sp, x0
	ldr	x0, =vectors
	at_current_el msr vbar_\EL, x0
	isb

	ldr	x0, =bss_start
	ldr	x1, =bss_end
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	1b

	bl	main
	b	machine_exit

/*
 * struct Pars keyhole(address, sctlr_on, sctlr_off)
 *
 * Of all that EL3 runs, only this page has to be mapped by the tables under judgement: it touches
 * no memory while the MMU is on. It lies at address 0, which even the smallest space includes.
 */
	.globl	keyhole
keyhole:
	msr	sctlr_el3, x1
	isb
	at	s1e3r, x0
	isb
	mrs	x3, par_el1
	at	s1e3w, x0
	isb
	mrs	x4, par_el1
	msr	sctlr_el3, x2
	isb
	mov	x0, x3
	mov	x1, x4
	ret
keyhole_end:
	.if	keyhole_end - _start > 0x1000
	.error	"the keyhole must lie in the first page"
	.endif
	.ltorg

/* What an attempt must find again: the callee-saved registers, on its stack. */
.macro	begin_attempt
	stp	x29, x30, [sp, #-96]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	ldr	x17, =attempt_sp
	mov	x16, sp
	str	x16, [x17]
.endm

end_attempt:
	ldr	x17, =attempt_sp
	ldr	x16, [x17]
	str	xzr, [x17]
	mov	sp, x16
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
	ret

/* uint64_t attempt_run(address, spsr): runs there until something stops it. */
	.globl	attempt_run
attempt_run:
	begin_attempt
	at_current_el msr elr_\EL, x0
	at_current_el msr spsr_\EL, x1
	isb
	eret

/* uint64_t attempt_load(address) and attempt_store(address): 0 where it works. */
	.globl	attempt_load
attempt_load:
	begin_attempt
	ldr	x0, [x0]
	mov	x0, #0
	b	end_attempt

	.globl	attempt_store
attempt_store:
	begin_attempt
	str	xzr, [x0]
	mov	x0, #0
	b	end_attempt

/*
 * Every exception, of this level or a lower one. An attempt ends here: its stack is put back and
 * its caller goes on, still inside the exception, as if attempt_* had returned the syndrome.
 */
exception:
	at_current_el mrs x0, esr_\EL
	ldr	x17, =attempt_sp
	ldr	x16, [x17]
	cbnz	x16, end_attempt
	at_current_el mrs x1, elr_\EL
	at_current_el mrs x2, far_\EL
	b	unexpected_exception
	.ltorg

	.balign	2048
vectors:
	.rept	16
	b	exception
	.balign	128
	.endr

/*
 * What an attempt to run something runs, copied to where it is to run. BRK comes back from every
 * exception level; x0 is the address it was entered at.
 */
	.section .rodata
	.balign	8
	.globl	probe
probe:
	brk	#0
	nop
	ldr	x1, [x0, #64]			/* + probe_load */
	brk	#0
	str	xzr, [x0, #64]			/* + probe_store */
	brk	#0

	.section .bss
	.balign	16
attempt_sp:
	.skip	16
stack:
	.skip	65536
stack_top:
