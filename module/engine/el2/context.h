/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vCPU as the world switch sees it, and the registers it is made of. Read by C++ and by assembly;
 * engine.cpp checks that the offsets agree.
 */
#ifndef STAGE2_EL2_CONTEXT_H
#define STAGE2_EL2_CONTEXT_H

/* Which vector the guest left by. */
#define STAGE2_EXIT_SYNC	0
#define STAGE2_EXIT_IRQ		1
#define STAGE2_EXIT_FIQ		2
#define STAGE2_EXIT_SERROR	3

#define STAGE2_EL1_COUNT	16	/* el1_registers.def */

/* struct stage2_mitigations */
#define STAGE2_MITIGATIONS_ROUNDS	0	/* rounds, call */
#define STAGE2_MITIGATIONS_CLEAR	16

/* Offsets, in bytes. */
#define STAGE2_CTX_X		0	/* x0..x30 */
#define STAGE2_CTX_PC		248
#define STAGE2_CTX_PSTATE	256
#define STAGE2_CTX_EXIT		264	/* exit, esr, far, hpfar */
#define STAGE2_CTX_VTTBR	296	/* vttbr, vtcr */
#define STAGE2_CTX_MDSCR	328
#define STAGE2_CTX_VECTORS	336
#define STAGE2_CTX_EL1		344
#define STAGE2_CTX_SP_EL0	(STAGE2_CTX_EL1 + 8 * STAGE2_EL1_COUNT)	/* the others follow */
#define STAGE2_CTX_HOST_EL1	(STAGE2_CTX_SP_EL0 + 8 * 10)

#ifndef __ASSEMBLY__

#ifdef __cplusplus
extern "C" {
#endif

struct stage2_el1 {
	unsigned long sctlr;
	unsigned long cpacr;
	unsigned long ttbr0;
	unsigned long ttbr1;
	unsigned long tcr;
	unsigned long spsr;
	unsigned long elr;
	unsigned long afsr0;
	unsigned long afsr1;
	unsigned long esr;
	unsigned long far;
	unsigned long mair;
	unsigned long amair;
	unsigned long vbar;
	unsigned long contextidr;
	unsigned long cntkctl;
	unsigned long sp_el0;
	unsigned long sp_el1;
	unsigned long par;
	unsigned long tpidr_el1;
	unsigned long tpidr_el0;
	unsigned long tpidrro_el0;
	unsigned long cntv_cval;
	unsigned long csselr;
	unsigned long vdisr;		/* FEAT_RAS: DISR_EL1 as a guest sees it */
	unsigned long tpidr2;		/* FEAT_SME where nothing traps it */
};

/* What traps, and where to. Those of features the CPU has not got are left alone. */
struct stage2_traps {
	unsigned long mdcr;		/* debug, performance monitors, profiling, trace */
	unsigned long cnthctl;		/* timers and counters */
	unsigned long hstr;		/* AArch32 */
	unsigned long ich_hcr;		/* GICv3 */
	unsigned long icc_sre;
	unsigned long hcrx;		/* FEAT_HCX */
	unsigned long fgt[6];		/* FEAT_FGT: HFG{R,W,I}TR, HDFG{R,W}TR, HAFGRTR */
	unsigned long fgt2[5];		/* FEAT_FGT2: HFG{R,W,I}TR2, HDFG{R,W}TR2 */
	unsigned long mpam2, mpamhcr;	/* FEAT_MPAM */
	unsigned long pmscr;		/* FEAT_SPE: EL1's */
	unsigned long trfcr;		/* FEAT_TRF: EL1's */
};

struct stage2_host {
	struct stage2_el1 el1;
	struct stage2_traps traps;
	unsigned long vttbr;
	unsigned long vtcr;
	unsigned long vmpidr;
	unsigned long vpidr;
	unsigned long cntv_ctl;
	unsigned long cntvoff;
};

/* What an exit does before the kernel runs on: of every guest, on every CPU. */
struct stage2_mitigations {
	unsigned long rounds;		/* of the loop that fills the branch history; 0: none */
	unsigned long call;		/* of the firmware, by SMC; 0: none */
	unsigned long clear;		/* not 0: by CLRBHB */
};

extern struct stage2_mitigations stage2_mitigations;

struct stage2_context {
	unsigned long x[31];
	unsigned long pc;		/* ELR_EL2 */
	unsigned long pstate;		/* SPSR_EL2 */

	/* What the last exit was: valid after enter(). */
	unsigned long exit;		/* STAGE2_EXIT_* */
	unsigned long esr;		/* ESR_EL2 */
	unsigned long far;		/* FAR_EL2 */
	unsigned long hpfar;		/* HPFAR_EL2: the IPA, where ESR says it is valid */

	/* The guest's stage 2 and identity, set once. */
	unsigned long vttbr;
	unsigned long vtcr;
	unsigned long vmpidr;		/* MPIDR_EL1 as the guest reads it */

	/*
	 * Not 0: one instruction, then a Software Step exit. Afterwards PSTATE.SS is clear if the
	 * instruction was completed, whatever the exit was: an interrupt may come between the two.
	 * After a load-exclusive, far and hpfar are those of its address; hpfar is ~0 if unknown.
	 */
	unsigned long step;
	unsigned long mdscr;		/* MDSCR_EL1 of the next entry: follows from step */
	unsigned long vectors;		/* VBAR_EL2 meanwhile; vhe sets it */

	struct stage2_el1 el1;		/* the guest's, while it is not loaded */
	struct stage2_host host;	/* this CPU's, while the guest is */

	/* With step: the first is not 0, and it runs until it gets to one of them. */
	unsigned long stops[2];
	unsigned long before_x[31];	/* the step: guest/exclusive.cpp */
	unsigned long before_pc;
};

#ifdef __cplusplus
}
#endif

#endif /* __ASSEMBLY__ */

#endif
