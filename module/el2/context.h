/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vCPU as the world switch sees it. Read by C++ and, for the offsets, by assembly; engine.cpp
 * checks that they agree.
 *
 * With the nvhe engine EL2 reads and writes this with its MMU and caches off, so it is cleaned to the
 * Point of Coherency before and invalidated after; it stands alone in its cache lines.
 */
#ifndef STAGE2_EL2_CONTEXT_H
#define STAGE2_EL2_CONTEXT_H

/* Which vector the guest left by. */
#define STAGE2_EXIT_SYNC	0
#define STAGE2_EXIT_IRQ		1
#define STAGE2_EXIT_FIQ		2
#define STAGE2_EXIT_SERROR	3

/* Offsets, in bytes. */
#define STAGE2_CTX_X		0	/* x0..x30 */
#define STAGE2_CTX_PC		248	/* ELR_EL2 */
#define STAGE2_CTX_PSTATE	256	/* SPSR_EL2 */

#ifndef __ASSEMBLY__

#ifdef __cplusplus
extern "C" {
#endif

/* EL1's registers: the guest's while it is not loaded. */
struct stage2_el1 {
	unsigned long sp_el0;
	unsigned long sp_el1;
	unsigned long elr;
	unsigned long spsr;
	unsigned long sctlr;
	unsigned long tcr;
	unsigned long ttbr0;
	unsigned long ttbr1;
	unsigned long mair;
	unsigned long amair;
	unsigned long vbar;
	unsigned long esr;
	unsigned long far;
	unsigned long afsr0;
	unsigned long afsr1;
	unsigned long contextidr;
	unsigned long cpacr;
	unsigned long cntkctl;
	unsigned long par;
	unsigned long tpidr_el0;
	unsigned long tpidrro_el0;
	unsigned long tpidr_el1;
};

struct stage2_context {
	unsigned long x[31];
	unsigned long pc;
	unsigned long pstate;

	/* What the last exit was: valid after enter(). */
	unsigned long exit;		/* STAGE2_EXIT_* */
	unsigned long esr;		/* ESR_EL2 */
	unsigned long far;		/* FAR_EL2 */
	unsigned long hpfar;		/* HPFAR_EL2: the IPA, where ESR says it is valid */

	/* The guest's stage 2 and identity, set once. */
	unsigned long vttbr;
	unsigned long vtcr;
	unsigned long vmpidr;		/* MPIDR_EL1 as the guest reads it */

	unsigned long step;		/* not 0: one instruction, then a Software Step exit */

	struct stage2_el1 el1;
	struct stage2_el1 host;		/* nvhe: what this CPU's EL1 was */
} __attribute__((aligned(128)));

#ifdef __cplusplus
}
#endif

#endif /* __ASSEMBLY__ */

#endif
