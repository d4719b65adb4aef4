/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What EL1 and the blob at EL2 tell each other: a page for each CPU. The blob runs with its MMU and
 * caches off, so the page is cleaned to the Point of Coherency before a call and invalidated after
 * it. Read by C++ and by assembly; nvhe.cpp checks that the offsets agree.
 */
#ifndef STAGE2_EL2_NVHE_PAGE_H
#define STAGE2_EL2_NVHE_PAGE_H

#include "context.h"

/* What the blob is called for. */
#define STAGE2_CALL_ENTER	0	/* run the guest in `context` until its next exit */
#define STAGE2_CALL_LIST	1	/* do what `list` says, with the guest's stage 2 */

/* What can stand in a list, and what becomes of the operand. */
#define STAGE2_DO_AT_READ	0	/* IPA, then PAR_EL1 */
#define STAGE2_DO_AT_WRITE	1
#define STAGE2_DO_DSB_ISH	2
#define STAGE2_DO_IPAS2E1IS	3	/* the rest are TLBIs with their operand */
#define STAGE2_DO_IPAS2LE1IS	4
#define STAGE2_DO_RIPAS2E1IS	5
#define STAGE2_DO_RIPAS2LE1IS	6
#define STAGE2_DO_VMALLE1IS	7
#define STAGE2_DO_VMALLS12E1IS	8
#define STAGE2_DO_VALE2IS	9

#define STAGE2_LIST_MOST	128

/* How a call ended. */
#define STAGE2_CALL_DONE	0
#define STAGE2_CALL_FAULT	1	/* an exception of EL2 itself: see `fault` */
#define STAGE2_CALL_AGAIN	2	/* the IPA of a fault, or a load-exclusive, is unknown */
#define STAGE2_CALL_E2H		3	/* EL2 is not laid out as the blob knows it */
#define STAGE2_CALL_LOST	4	/* the stub is not there: nothing was done */

/* Offsets, in bytes. */
#define STAGE2_PAGE_SCRATCH	0
#define STAGE2_PAGE_FAULT	16
#define STAGE2_PAGE_BACK	48
#define STAGE2_PAGE_SAVED	80
#define STAGE2_PAGE_SET		88
#define STAGE2_PAGE_GIC		120
#define STAGE2_PAGE_HOST	128
#define STAGE2_PAGE_VTTBR	224
#define STAGE2_PAGE_COUNT	240
#define STAGE2_PAGE_UNRELIABLE	248
#define STAGE2_PAGE_RAS		256
#define STAGE2_PAGE_CONTEXT	272
#define STAGE2_PAGE_LIST	2048

#ifndef __ASSEMBLY__

struct stage2_page {
	unsigned long scratch[2];	/* x0, x1 at a vector */
	unsigned long fault[4];		/* of EL2 itself: ESR, ELR, FAR, SPSR */
	unsigned long back[4];		/* the caller's, at EL2: ELR, SPSR, VBAR, SP */
	unsigned long saved;		/* not 0: `host` and `context.host.el1` hold something */
	unsigned long hcr;		/* what EL2 runs with meanwhile */
	unsigned long cptr;
	unsigned long mdcr;		/* these two: added to the host's */
	unsigned long cnthctl;
	unsigned long gic;		/* not 0: the CPU has the GIC in system registers */
	struct {
		unsigned long hcr, cptr, mdcr, cnthctl, hstr, mdscr;
		unsigned long vttbr, vtcr, vmpidr, cntv_ctl, icc_sre, ich_hcr;
	} host;
	unsigned long vttbr;		/* the stage 2 of a list */
	unsigned long vtcr;
	unsigned long count;
	unsigned long unreliable;	/* not 0: HPFAR_EL2 is, by an erratum */
	unsigned long ras;		/* not 0: the CPU has FEAT_RAS */
	unsigned long unused;
	struct stage2_context context;
	unsigned long filler[(STAGE2_PAGE_LIST - STAGE2_PAGE_CONTEXT -
			      sizeof(struct stage2_context)) / 8];
	struct {
		unsigned long what;
		unsigned long operand;
	} list[STAGE2_LIST_MOST];
};

#endif /* __ASSEMBLY__ */

#endif
