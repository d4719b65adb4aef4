/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The world switch of a kernel that runs at EL2: into the guest by ERET, back by a vector of ours.
 * What is switched here is what the kernel cannot do without, even for the time of one interrupt;
 * the rest is in vhe.cpp, in load and put. Documentation/engines.rst has the whole list.
 *
 * From the first line to the last nothing can interrupt, and SP stays where it is: all that the way
 * back needs is found there. No C runs in between: SP_EL0 is the guest's, and C takes it for `current`.
 */
#include <linux/linkage.h>

#include <asm/alternative.h>
#include <asm/assembler.h>
#include <asm/sysreg.h>

#include "gprs.h"

/* The frame. */
#define F_X29		0	/* x29, x30 */
#define F_X19		16	/* x19..x28 */
#define F_X18		96	/* x18 (shadow call stack) */
#define F_SP_EL0	112	/* SP_EL0, HCR_EL2 */
#define F_VBAR		128	/* VBAR_EL2, CPTR_EL2 */
#define F_MDSCR		144	/* MDSCR_EL1, the context */
#define F_SCRATCH	160	/* x0, x1 at a vector */
#define F_MORE		176	/* x2, x3, x4, x0, x30 at a vector that mitigates */
#define F_SIZE		224

/* ISR_EL1.A, and a vector's offset. */
#define SERROR_BIT	8
#define SERROR_VECTOR	0x380

/* So AmpereOne wants it (erratum AC04_CPU_23); as the kernel does, for every CPU. */
.macro set_hcr, reg
	dsb	nsh
	msr	hcr_el2, \reg
	isb
.endm

	.text

/*
 * void stage2_vhe_enter(struct stage2_context *vcpu, u64 hcr, u64 cptr): all of DAIF is masked by the caller
 * (kernel_mask), and by each exception (Arm ARM: AArch64.TakeException), so it is when this returns.
 */
SYM_FUNC_START(stage2_vhe_enter)
	stp	x29, x30, [sp, #-F_SIZE]!
	mov	x29, sp
	stp	x19, x20, [sp, #F_X19]
	stp	x21, x22, [sp, #F_X19 + 16]
	stp	x23, x24, [sp, #F_X19 + 32]
	stp	x25, x26, [sp, #F_X19 + 48]
	stp	x27, x28, [sp, #F_X19 + 64]
	str	x18, [sp, #F_X18]

	// An interrupt that waits is the exit; an SError that waits is not the guest's.
alternative_if ARM64_HAS_RAS_EXTN
	dsb	nshst
	isb
alternative_else_nop_endif
	mrs	x3, isr_el1
	cbnz	x3, .Lpending

	mrs	x4, sp_el0
	mrs	x5, hcr_el2
	mrs	x6, vbar_el2
	mrs	x7, cptr_el2
	mrs	x8, mdscr_el1
	stp	x4, x5, [sp, #F_SP_EL0]
	stp	x6, x7, [sp, #F_VBAR]
	stp	x8, x0, [sp, #F_MDSCR]

	// Stage 2 again: KVM, flushing a TLB in this thread, may have left its own. It is in place
	// before TGE goes (ARM64_WORKAROUND_SPECULATIVE_AT).
	ldp	x9, x10, [x0, #STAGE2_CTX_VTTBR]
	msr	vttbr_el2, x9
	msr	vtcr_el2, x10
alternative_if ARM64_WORKAROUND_SPECULATIVE_AT
	isb
alternative_else_nop_endif
	ldp	x12, x11, [x0, #STAGE2_CTX_MDSCR]	// and the vectors
	msr	mdscr_el1, x12
	msr	cptr_el2, x2
	msr	vbar_el2, x11
	set_hcr	x1

	ldp	x13, x14, [x0, #STAGE2_CTX_PC]
	ldr	x15, [x0, #STAGE2_CTX_SP_EL0]
	msr	elr_el2, x13
	msr	spsr_el2, x14
	msr	sp_el0, x15
	load_guest_gprs
	eret
	sb

.Lpending:
	mov	x3, #STAGE2_EXIT_IRQ
	str	x3, [x0, #STAGE2_CTX_EXIT]
	b	.Lreturn

SYM_INNER_LABEL(stage2_vhe_leave, SYM_L_LOCAL)
	// x0: which vector; x0 and x1 of the guest are in the frame
	ldr	x1, [sp, #F_MDSCR + 8]
	save_guest_gprs F_SCRATCH
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	mrs	x4, esr_el2
	mrs	x5, far_el2
	mrs	x6, hpfar_el2
	mrs	x7, sp_el0
	stp	x2, x3, [x1, #STAGE2_CTX_PC]
	stp	x0, x4, [x1, #STAGE2_CTX_EXIT]
	stp	x5, x6, [x1, #STAGE2_CTX_EXIT + 16]
	str	x7, [x1, #STAGE2_CTX_SP_EL0]

	// An SError that the guest raised and nobody took: the ESB at the vector has put it there.
alternative_if ARM64_HAS_RAS_EXTN
	mrs_s	x2, SYS_DISR_EL1
	cbnz	x2, .Ldeferred
alternative_else
	dsb	sy
	b	.Lwindow
alternative_endif
.Lhost:
	// TGE first: until it is back, and seen, the rest could be walked with EL1's registers.
	ldp	x4, x5, [sp, #F_SP_EL0]
	ldp	x6, x7, [sp, #F_VBAR]
	ldr	x8, [sp, #F_MDSCR]
	set_hcr	x5
	msr	vbar_el2, x6
	msr	cptr_el2, x7
	msr	mdscr_el1, x8
	msr	sp_el0, x4
	// A timer that the guest has set (only FEAT_ECV traps it) must not interrupt the kernel.
	msr_s	SYS_CNTV_CTL_EL02, xzr
	// What an exception from a guest leaves of PSTATE is not what the kernel runs with. A kernel configured without
	// one of these does not find the feature. The option says less: 7.2 always has PAN, and no CONFIG_ARM64_PAN.
	ALTERNATIVE("nop", SET_PSTATE_PAN(1), ARM64_HAS_PAN)
	ALTERNATIVE("nop", SET_PSTATE_TCO(0), ARM64_MTE)
#ifdef ARM64_HAS_DIT
	ALTERNATIVE("nop", SET_PSTATE_DIT(1), ARM64_HAS_DIT)
#endif
	isb

.Lreturn:
	ldr	x18, [sp, #F_X18]
	ldp	x19, x20, [sp, #F_X19]
	ldp	x21, x22, [sp, #F_X19 + 16]
	ldp	x23, x24, [sp, #F_X19 + 32]
	ldp	x25, x26, [sp, #F_X19 + 48]
	ldp	x27, x28, [sp, #F_X19 + 64]
	ldp	x29, x30, [sp], #F_SIZE
	ret

.Ldeferred:
	msr_s	SYS_DISR_EL1, xzr
	mov	x3, #STAGE2_EXIT_SERROR
	stp	x3, x2, [x1, #STAGE2_CTX_EXIT]
	b	.Lhost

	// Without FEAT_RAS: one that is pending now is the guest's. Unmasked, it comes to our vectors, at the latest
	// when the ISB is over; any later it would be the kernel's, and its end.
.Lwindow:
	isb
	mrs	x2, isr_el1
	tbz	x2, #SERROR_BIT, .Lhost
	mov	x3, #STAGE2_EXIT_SERROR
	str	x3, [x1, #STAGE2_CTX_EXIT]
	msr	daifclr, #4
.Lopen:	isb
.Lshut:	msr	daifset, #4
	b	.Lhost
SYM_FUNC_END(stage2_vhe_enter)
NOKPROBE(stage2_vhe_enter)

/*
 * An exception of the code above, at EL2: there should be none. The kernel gets its world back, and
 * the exception at the vector where it would have taken it; only x16 is lost.
 */
SYM_CODE_START_LOCAL(stage2_vhe_unexpected)
	// x0: the vector's offset
	cmp	x0, #SERROR_VECTOR
	b.ne	1f
	mrs	x1, elr_el2
	adr	x16, .Lopen
	sub	x1, x1, x16
	cmp	x1, #.Lshut - .Lopen
	b.hi	1f
	mrs	x0, esr_el2			// the guest's SError, in the window above
	ldr	x1, [sp, #F_MDSCR + 8]
	str	x0, [x1, #STAGE2_CTX_EXIT + 8]
	ldp	x0, x1, [sp, #F_SCRATCH]
	eret
	sb
1:	ldp	x16, x1, [sp, #F_SP_EL0]
	msr	sp_el0, x16
	set_hcr	x1
	ldp	x16, x1, [sp, #F_VBAR]
	msr	vbar_el2, x16
	msr	cptr_el2, x1
	ldr	x1, [sp, #F_MDSCR]
	msr	mdscr_el1, x1
	isb
	add	x16, x16, x0
	ldp	x0, x1, [sp, #F_SCRATCH]
	ret	x16
SYM_CODE_END(stage2_vhe_unexpected)

/* Before the first branch that could go where the guest wants it to. */
SYM_CODE_START_LOCAL(stage2_vhe_mitigate)
	stp	x2, x3, [sp, #F_MORE]
	stp	x4, x0, [sp, #F_MORE + 16]
	str	x30, [sp, #F_MORE + 32]
	bl	stage2_mitigate
	ldp	x2, x3, [sp, #F_MORE]
	ldp	x4, x0, [sp, #F_MORE + 16]
	ldr	x30, [sp, #F_MORE + 32]
	b	stage2_vhe_leave
SYM_CODE_END(stage2_vhe_mitigate)

.macro current_el, start
	.align	7
	stp	x0, x1, [sp, #F_SCRATCH]
	mov	x0, #(. - 4 - \start)
	b	stage2_vhe_unexpected
.endm

.macro lower_el, exit, leave
	.align	7
	hint	#16				// ESB, where there is FEAT_RAS
	stp	x0, x1, [sp, #F_SCRATCH]
	mov	x0, #\exit
	b	\leave
.endm

.macro vectors, start, leave
	.align	11
SYM_CODE_START(\start)
	.rept	8				// SP_EL0, SP_EL2: from EL2 itself
	current_el \start
	.endr
	.rept	2				// AArch64, AArch32: from the guest
	lower_el STAGE2_EXIT_SYNC, \leave
	lower_el STAGE2_EXIT_IRQ, \leave
	lower_el STAGE2_EXIT_FIQ, \leave
	lower_el STAGE2_EXIT_SERROR, \leave
	.endr
SYM_CODE_END(\start)
.endm

	vectors	stage2_vhe_vectors, stage2_vhe_leave
	vectors	stage2_vhe_mitigating_vectors, stage2_vhe_mitigate
