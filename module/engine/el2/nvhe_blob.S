/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What runs at EL2 for a kernel at EL1. It is copied to memory of its own, called there by the
 * kernel's stub with its MMU and caches off, and returns to the caller by ERET: from one call to the
 * next nothing of ours is left at EL2.
 *
 * EL1's registers are the kernel's own, all of them, so both sides change on every call. SP holds
 * the page (nvhe_page.h), so that the vectors find it. No memory but the page's is touched. Nor does the
 * CPU's TLB keep anything of a guest's VMID: the next call may come when KVM has been here, or never.
 * Documentation/engines.rst has the order, and why.
 */
#include <linux/linkage.h>

#include <asm/assembler.h>
#include <asm/sysreg.h>

#include "gprs.h"
#include "nvhe_page.h"

#define page	x20
#define context	x21
#define guest	x22				/* the guest's EL1, in the context */
#define host	x23				/* the kernel's EL1 */
#define result	x24

.macro save base, index, register
	mrs	x9, \register
	str	x9, [\base, #8 * (\index)]
.endm

.macro load base, index, register
	ldr	x9, [\base, #8 * (\index)]
	msr	\register, x9
.endm

/* SCTLR and TCR have a time of their own. */
.macro load_el1 base, index, name
	.ifnc \name, sctlr
	.ifnc \name, tcr
	load	\base, \index, \name\()_el1
	.endif
	.endif
.endm

.macro more_el1 what, base
	\what	\base, STAGE2_EL1_COUNT, sp_el0
	\what	\base, STAGE2_EL1_COUNT + 1, sp_el1
	\what	\base, STAGE2_EL1_COUNT + 2, par_el1
	\what	\base, STAGE2_EL1_COUNT + 3, tpidr_el1
	\what	\base, STAGE2_EL1_COUNT + 4, tpidr_el0
	\what	\base, STAGE2_EL1_COUNT + 5, tpidrro_el0
	\what	\base, STAGE2_EL1_COUNT + 6, cntv_cval_el0
	\what	\base, STAGE2_EL1_COUNT + 7, csselr_el1
	ldr	x9, [page, #STAGE2_PAGE_RAS]
	cbz	x9, .Lno_ras\@
	\what	\base, STAGE2_EL1_COUNT + 8, S3_4_C12_C1_1	// VDISR_EL2: DISR_EL1 of a guest
.Lno_ras\@:
.endm

.macro bases
	mov	page, sp
	add	context, page, #STAGE2_PAGE_CONTEXT
	add	guest, context, #STAGE2_CTX_EL1
	add	host, context, #STAGE2_CTX_HOST_EL1
.endm

/* From here to load_walks EL1 has no walks: its registers are of two worlds. Its MMU is on, or what it does
   speculatively would go to stage 2 unmapped (ARM64_WORKAROUND_SPECULATIVE_AT). */
.macro stop_walks
	mrs	x9, tcr_el1
	orr	x9, x9, #1 << 7
	orr	x9, x9, #1 << 23
	msr	tcr_el1, x9
	isb
	mrs	x9, sctlr_el1
	orr	x9, x9, #1
	msr	sctlr_el1, x9
	isb
.endm

.macro load_walks base
	isb
	load	\base, 0, sctlr_el1
	isb
	load	\base, 4, tcr_el1
.endm

.macro leave					// and speculate nothing behind it
	eret
	dsb	nsh
	isb
.endm

/* This CPU's TLB has nothing of the VMID in VTTBR_EL2. */
.macro forget_vmid
	isb
	tlbi	vmalls12e1
	dsb	nsh
.endm

.macro set_stage2 from
	ldp	x9, x10, [\from]
	msr	vttbr_el2, x9
	msr	vtcr_el2, x10
.endm

	.section .rodata, "a"

.macro current_el
	.align	7
	b	.Lfault
.endm

.macro lower_el, exit
	.align	7
	hint	#16				// ESB, where there is FEAT_RAS
	stp	x0, x1, [sp, #STAGE2_PAGE_SCRATCH]
	mov	x0, #\exit
	b	.Lleave
.endm

	.align	11
SYM_DATA_START(stage2_nvhe_blob)
.Lvectors:
	.rept	7				// SP_EL0, SP_EL2: from EL2 itself
	current_el
	.endr
	.align	7
	b	.Lserror
	.rept	2				// AArch64, AArch32: from the guest
	lower_el STAGE2_EXIT_SYNC
	lower_el STAGE2_EXIT_IRQ
	lower_el STAGE2_EXIT_FIQ
	lower_el STAGE2_EXIT_SERROR
	.endr

	/* The stub comes here. x0: the page; x1: the call. All that the caller needs it has saved. */
	.org	.Lvectors + 0x800
	mrs	x2, hcr_el2
	tbnz	x2, #34, .Le2h
	mrs	x3, elr_el2
	mrs	x4, spsr_el2
	mrs	x5, vbar_el2
	mov	x6, sp
	mov	sp, x0
	stp	x3, x4, [sp, #STAGE2_PAGE_BACK]
	stp	x5, x6, [sp, #STAGE2_PAGE_BACK + 16]
	str	xzr, [sp, #STAGE2_PAGE_SAVED]
	adr	x3, .Lvectors
	msr	vbar_el2, x3
	isb
	bases
	mov	result, #STAGE2_CALL_DONE

#define X(index, name, crn, crm, op2) save host, index, name##_el1;
#include "el1_registers.def"
	more_el1 save, host
	add	x8, page, #STAGE2_PAGE_HOST
	save	x8, 0, hcr_el2
	save	x8, 1, cptr_el2
	save	x8, 2, mdcr_el2
	save	x8, 3, cnthctl_el2
	save	x8, 4, hstr_el2
	save	x8, 5, mdscr_el1
	save	x8, 6, vttbr_el2
	save	x8, 7, vtcr_el2
	save	x8, 8, vmpidr_el2
	save	x8, 9, cntv_ctl_el0
	ldr	x9, [page, #STAGE2_PAGE_GIC]
	cbz	x9, 1f
	mrs_s	x9, SYS_ICC_SRE_EL2
	mrs_s	x10, SYS_ICH_HCR_EL2
	stp	x9, x10, [x8, #80]
1:	mov	x9, #1
	str	x9, [page, #STAGE2_PAGE_SAVED]
	cbnz	x1, .Llist

	/* Into the guest. Its traps first. */
	ldp	x9, x10, [page, #STAGE2_PAGE_SET + 8]
	msr	cptr_el2, x9
	ldr	x11, [x8, #16]			// no buffer of profiling or trace is EL1's
	bic	x11, x11, #3 << 12
	bic	x11, x11, #3 << 24
	orr	x11, x11, x10
	msr	mdcr_el2, x11
	ldr	x9, [page, #STAGE2_PAGE_SET + 24]
	ldr	x11, [x8, #24]			// physical timer and counter
	bic	x11, x11, #3
	orr	x11, x11, x9
	msr	cnthctl_el2, x11
	mov	x9, #1 << 15			// c15 of AArch32
	msr	hstr_el2, x9
	ldr	x9, [context, #STAGE2_CTX_MDSCR]
	msr	mdscr_el1, x9
	ldr	x9, [context, #STAGE2_CTX_VTTBR + 16]
	msr	vmpidr_el2, x9
	msr	cntv_ctl_el0, xzr
	ldr	x9, [page, #STAGE2_PAGE_GIC]
	cbz	x9, 2f
	ldp	x9, x10, [x8, #80]
	bic	x9, x9, #1 << 3			// Enable
	msr_s	SYS_ICC_SRE_EL2, x9
	mov	x10, #0x5c00			// TDIR, TALL1, TALL0, TC; the interface is off
	msr_s	SYS_ICH_HCR_EL2, x10
2:
	stop_walks
#define X(index, name, crn, crm, op2) load_el1 guest, index, name;
#include "el1_registers.def"
	more_el1 load, guest
	add	x8, context, #STAGE2_CTX_VTTBR
	set_stage2 x8
	forget_vmid				// of a KVM guest with that number
	ldr	x9, [page, #STAGE2_PAGE_SET]
	msr	hcr_el2, x9
	load_walks guest

	ldp	x9, x10, [context, #STAGE2_CTX_PC]
	msr	elr_el2, x9
	msr	spsr_el2, x10
	mov	x0, context
	load_guest_gprs
	leave

.Lleave:
	// x0: which vector
	add	x1, sp, #STAGE2_PAGE_CONTEXT
	save_guest_gprs STAGE2_PAGE_SCRATCH
	bases
	mov	result, #STAGE2_CALL_DONE
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	mrs	x4, esr_el2
	mrs	x5, far_el2
	mrs	x6, hpfar_el2
	stp	x2, x3, [context, #STAGE2_CTX_PC]
	stp	x0, x4, [context, #STAGE2_CTX_EXIT]

	// Does HPFAR tell the IPA? Not of a step, nor of a permission fault that is no fault of a stage 1 walk.
	cbnz	x0, 4f
	ubfx	x7, x4, #26, #6			// EC
	cmp	x7, #0x32			// a step: of a load-exclusive (EX)? Its own address is wanted
	b.ne	8f
	tbz	x4, #6, 4f
	sub	x5, x2, #4
	b	3f
8:	bic	x7, x7, #4
	cmp	x7, #0x20			// 0x20 or 0x24, an abort from below
	b.ne	4f
	tbnz	x4, #7, 4f			// S1PTW
	ldr	x7, [page, #STAGE2_PAGE_UNRELIABLE]
	cbnz	x7, 3f
	and	x7, x4, #0x3c
	cmp	x7, #0x0c
	b.ne	4f
3:	mrs	x7, par_el1
	at	s1e1r, x5
	isb
	mrs	x6, par_el1
	msr	par_el1, x7
	and	x7, x6, #1
	lsl	result, x7, #1			// a fault: STAGE2_CALL_AGAIN
	ubfx	x6, x6, #12, #40
	lsl	x6, x6, #4
4:	stp	x5, x6, [context, #STAGE2_CTX_EXIT + 16]

	// A pending SError is the guest's: the ESB at the vector has it, or without FEAT_RAS it comes here.
	ldr	x7, [page, #STAGE2_PAGE_RAS]
	cbz	x7, 5f
	mrs_s	x8, SYS_DISR_EL1
	cbz	x8, 6f
	msr_s	SYS_DISR_EL1, xzr
	mov	x7, #STAGE2_EXIT_SERROR
	stp	x7, x8, [context, #STAGE2_CTX_EXIT]
	b	6f
5:	dsb	sy
	isb
	mrs	x7, isr_el1
	tbz	x7, #8, 6f			// A
	mov	x7, #STAGE2_EXIT_SERROR
	str	x7, [context, #STAGE2_CTX_EXIT]
	mov	result, #STAGE2_CALL_DONE
	msr	daifclr, #4
.Lopen:	isb
.Lshut:	msr	daifset, #4
6:
#define X(index, name, crn, crm, op2) save guest, index, name##_el1;
#include "el1_registers.def"
	more_el1 save, guest

	/* Back to the kernel's world, from the guest's, a list's, or what a fault has left of them. */
.Lrestore:
	stop_walks
	forget_vmid
	add	x8, page, #STAGE2_PAGE_HOST
	load	x8, 0, hcr_el2
	isb
	load	x8, 1, cptr_el2
	load	x8, 2, mdcr_el2
	load	x8, 3, cnthctl_el2
	load	x8, 4, hstr_el2
	load	x8, 5, mdscr_el1
	load	x8, 6, vttbr_el2
	load	x8, 7, vtcr_el2
	load	x8, 8, vmpidr_el2
	ldr	x9, [page, #STAGE2_PAGE_GIC]
	cbz	x9, 7f
	ldp	x9, x10, [x8, #80]
	msr_s	SYS_ICC_SRE_EL2, x9
	msr_s	SYS_ICH_HCR_EL2, x10
7:
#define X(index, name, crn, crm, op2) load_el1 host, index, name;
#include "el1_registers.def"
	more_el1 load, host
	load	x8, 9, cntv_ctl_el0		// with its own CNTV_CVAL
	load_walks host

.Lback:
	ldp	x3, x4, [page, #STAGE2_PAGE_BACK]
	ldp	x5, x6, [page, #STAGE2_PAGE_BACK + 16]
	msr	elr_el2, x3
	msr	spsr_el2, x4
	msr	vbar_el2, x5
	mov	sp, x6
	mov	x0, result
	dsb	sy				// EL1 reads what was written here
	isb
	leave

.Le2h:
	mov	x0, #STAGE2_CALL_E2H
	leave

	/* The guest's SError in the window above; from anywhere else it is nobody's. x10 and x11 are free there. */
.Lserror:
	mrs	x10, elr_el2
	adr	x11, .Lopen
	sub	x10, x10, x11
	cmp	x10, #.Lshut - .Lopen
	b.hi	.Lfault
	mrs	x10, esr_el2
	str	x10, [context, #STAGE2_CTX_EXIT + 8]
	leave

	/* An exception of EL2 itself: there should be none. The caller will say what it was. */
.Lfault:
	mov	page, sp
	mrs	x3, esr_el2
	mrs	x4, elr_el2
	mrs	x5, far_el2
	mrs	x6, spsr_el2
	stp	x3, x4, [page, #STAGE2_PAGE_FAULT]
	stp	x5, x6, [page, #STAGE2_PAGE_FAULT + 16]
	bases
	mov	result, #STAGE2_CALL_FAULT
	ldr	x9, [page, #STAGE2_PAGE_SAVED]
	cbnz	x9, .Lrestore
	b	.Lback

	/* Questions and invalidations. Interrupts go nowhere meanwhile: they are masked here. */
.Llist:
	stop_walks
	add	x8, page, #STAGE2_PAGE_VTTBR
	set_stage2 x8
	forget_vmid
	ldr	x9, [page, #STAGE2_PAGE_SET]
	msr	hcr_el2, x9
	isb
	ldr	x2, [page, #STAGE2_PAGE_COUNT]
	add	x3, page, #STAGE2_PAGE_LIST
	adr	x4, .Ldo
.Lnext:
	cbz	x2, .Ldone
	ldp	x5, x6, [x3], #16
	sub	x2, x2, #1
	add	x5, x4, x5, lsl #3
	br	x5
.Ldo:	/* in the order of STAGE2_DO_ */
	at	s12e1r, x6
	b	.Lpar
	at	s12e1w, x6
	b	.Lpar
	.irp	what, "dsb ish", "tlbi ipas2e1is, x6", "tlbi ipas2le1is, x6", \
		"sys #4, C8, C0, #2, x6", "sys #4, C8, C0, #6, x6", \
		"tlbi vmalle1is", "tlbi vmalls12e1is", \
		"tlbi vale2is, x6"	// sys: TLBI RIPAS2E1IS, RIPAS2LE1IS, newer than the assembler
	\what
	b	.Lnext
	.endr
.Lpar:
	isb
	mrs	x6, par_el1
	stur	x6, [x3, #-8]
	b	.Lnext
.Ldone:
	dsb	ish
	isb
	b	.Lrestore
SYM_DATA_END_LABEL(stage2_nvhe_blob, SYM_L_GLOBAL, stage2_nvhe_blob_end)
