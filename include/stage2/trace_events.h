/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The values that fields of the trace events have (trace/events/stage2.h), and their names.
 *
 * Read by the module, by BPF programs, and by who prints what they find. A value keeps its meaning;
 * new ones come at the end. A list calls first(NAME, VALUE, TEXT) once, and next(...) for the rest:
 *
 *   #define TEXT(name, value, text) text,
 *   static const char *const kinds[] = { STAGE2_TLBI_KINDS(TEXT, TEXT) };
 *
 * Values count from 0, without a gap.
 */
#ifndef STAGE2_TRACE_EVENTS_H
#define STAGE2_TRACE_EVENTS_H

/* A guest's name, its NUL included. */
#define STAGE2_GUEST_NAME_BYTES 32

/* `prot`: what a guest may do. Read 1, write 2, execute 4. The names are those of requests. */
#define STAGE2_PROTS(first, next)							\
	first(STAGE2_PROT_NONE, 0, "none")						\
	next(STAGE2_PROT_R, 1, "r")							\
	next(STAGE2_PROT_W, 2, "w")							\
	next(STAGE2_PROT_RW, 3, "rw")							\
	next(STAGE2_PROT_X, 4, "x")							\
	next(STAGE2_PROT_RX, 5, "rx")							\
	next(STAGE2_PROT_WX, 6, "wx")							\
	next(STAGE2_PROT_RWX, 7, "rwx")

/* `attr`: memory types, with the names of requests. */
#define STAGE2_ATTRS(first, next)							\
	first(STAGE2_ATTR_NORMAL, 0, "normal")						\
	next(STAGE2_ATTR_DEVICE, 1, "device")						\
	next(STAGE2_ATTR_NC, 2, "nc")

/*
 * stage2_tlbi `kind`: which instruction. "leaf" leaves walk caches alone, "walk" empties them too.
 */
#define STAGE2_TLBI_KINDS(first, next)							\
	first(STAGE2_TLBI_LEAF, 0, "leaf")		/* IPAS2LE1IS: one address */	\
	next(STAGE2_TLBI_WALK, 1, "walk")		/* IPAS2E1IS */			\
	next(STAGE2_TLBI_RANGE_LEAF, 2, "range-leaf")	/* RIPAS2LE1IS: a range */	\
	next(STAGE2_TLBI_RANGE_WALK, 3, "range-walk")	/* RIPAS2E1IS */		\
	next(STAGE2_TLBI_VMID, 4, "vmid")		/* VMALLS12E1IS: all of a VMID */

/* stage2_fault `kind`, as the fault status code has it. */
#define STAGE2_FAULT_KINDS(first, next)							\
	first(STAGE2_FAULT_TRANSLATION, 0, "translation")				\
	next(STAGE2_FAULT_PERMISSION, 1, "permission")					\
	next(STAGE2_FAULT_ACCESS_FLAG, 2, "access-flag")				\
	next(STAGE2_FAULT_ADDRESS_SIZE, 3, "address-size")				\
	next(STAGE2_FAULT_OTHER, 4, "other")

/* stage2_fault `access`: what the guest was about to do. */
#define STAGE2_ACCESSES(first, next)							\
	first(STAGE2_ACCESS_READ, 0, "read")						\
	next(STAGE2_ACCESS_WRITE, 1, "write")						\
	next(STAGE2_ACCESS_FETCH, 2, "fetch")

/* stage2_fault `outcome`: from "resolved" on, the guest goes on. */
#define STAGE2_FAULT_OUTCOMES(first, next)						\
	first(STAGE2_OUTCOME_REPORTED, 0, "reported")	/* no policy helped: an exit */	\
	next(STAGE2_OUTCOME_NO_RAM, 1, "no-ram")	/* demand, but no RAM is left */\
	next(STAGE2_OUTCOME_NO_TABLES, 2, "no-tables")	/* demand, but no table is */	\
	next(STAGE2_OUTCOME_RESOLVED, 3, "resolved")	/* by another vCPU, or request */\
	next(STAGE2_OUTCOME_PAGE, 4, "demand-page")	/* a page was mapped */		\
	next(STAGE2_OUTCOME_BLOCK, 5, "demand-block")	/* a block was mapped */	\
	next(STAGE2_OUTCOME_DIRTY, 6, "dirty-logged")	/* the write was noted */	\
	next(STAGE2_OUTCOME_ACCESSED, 7, "accessed")	/* AF was set */

/* stage2_exit `reason`: what took the CPU out of the guest. */
#define STAGE2_EXIT_REASONS(first, next)						\
	first(STAGE2_REASON_INTERRUPT, 0, "interrupt")	/* the host's */		\
	next(STAGE2_REASON_HVC, 1, "hvc")						\
	next(STAGE2_REASON_FAULT, 2, "fault")		/* a stage 2 fault */		\
	next(STAGE2_REASON_STEP, 3, "step")		/* instructions are counted */	\
	next(STAGE2_REASON_WFI, 4, "wfi")						\
	next(STAGE2_REASON_WFE, 5, "wfe")						\
	next(STAGE2_REASON_SMC, 6, "smc")						\
	next(STAGE2_REASON_SYSREG, 7, "sysreg")						\
	next(STAGE2_REASON_FP, 8, "fp")							\
	next(STAGE2_REASON_PAUTH, 9, "pauth")						\
	next(STAGE2_REASON_DEBUG, 10, "debug")						\
	next(STAGE2_REASON_AARCH32, 11, "aarch32")					\
	next(STAGE2_REASON_UNDEFINED, 12, "undefined")					\
	next(STAGE2_REASON_ILLEGAL_STATE, 13, "illegal-state")				\
	next(STAGE2_REASON_ALIGNMENT, 14, "alignment")					\
	next(STAGE2_REASON_EXTERNAL_ABORT, 15, "external-abort")			\
	next(STAGE2_REASON_SERROR, 16, "serror")					\
	next(STAGE2_REASON_UNKNOWN, 17, "unknown")

#define STAGE2_TRACE_VALUE(name, value, text) name = value,

enum stage2_prot {
	STAGE2_PROTS(STAGE2_TRACE_VALUE, STAGE2_TRACE_VALUE)
};

enum stage2_attr {
	STAGE2_ATTRS(STAGE2_TRACE_VALUE, STAGE2_TRACE_VALUE)
};

enum stage2_tlbi_kind {
	STAGE2_TLBI_KINDS(STAGE2_TRACE_VALUE, STAGE2_TRACE_VALUE)
};

enum stage2_fault_kind {
	STAGE2_FAULT_KINDS(STAGE2_TRACE_VALUE, STAGE2_TRACE_VALUE)
};

enum stage2_access {
	STAGE2_ACCESSES(STAGE2_TRACE_VALUE, STAGE2_TRACE_VALUE)
};

enum stage2_fault_outcome {
	STAGE2_FAULT_OUTCOMES(STAGE2_TRACE_VALUE, STAGE2_TRACE_VALUE)
};

enum stage2_exit_reason {
	STAGE2_EXIT_REASONS(STAGE2_TRACE_VALUE, STAGE2_TRACE_VALUE)
};

#undef STAGE2_TRACE_VALUE

#endif
