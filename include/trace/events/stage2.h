/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module's trace events. Names, fields, their order and their units are stable; fields may be
 * added at the end. Documentation/tracing.rst says when each fires.
 *
 *   guest        its name
 *   ipa, size    a region: its first address, and bytes
 *   error        0 or -errno
 *   level        of the Arm ARM: 0..3
 *   table_bytes  of tables that the guest has then, the root included
 *   ns           nanoseconds
 *
 * A raw tracepoint's arguments are those of TP_PROTO. What is a number there has names in
 * stage2/trace_events.h.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM stage2

#if !defined(STAGE2_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define STAGE2_TRACE_H

#include <linux/string.h>
#include <linux/tracepoint.h>

#include "stage2/trace_events.h"

/* Of a list of values, what __print_symbolic takes. */
#define stage2_first_symbol(name, value, text) { value, text }
#define stage2_next_symbol(name, value, text) , { value, text }
#define stage2_text(value, list)	\
	__print_symbolic(value, list(stage2_first_symbol, stage2_next_symbol))

#define stage2_guest_field __array(char, guest, STAGE2_GUEST_NAME_BYTES)
#define stage2_assign_guest strscpy_pad(__entry->guest, guest, STAGE2_GUEST_NAME_BYTES)

/*
 * The module stays while anybody uses one of its events: Linux does not take a trigger from an
 * event that goes with its module.
 */
int stage2_event_hold(void);
void stage2_event_release(void);

#define STAGE2_EVENT(name, proto, args, fields, assign, print)				\
	TRACE_EVENT_FN(name, PARAMS(proto), PARAMS(args), PARAMS(fields), PARAMS(assign),	\
		       PARAMS(print), stage2_event_hold, stage2_event_release)
#define STAGE2_EVENT_OF(class, name, proto, args)					\
	DEFINE_EVENT_FN(class, name, PARAMS(proto), PARAMS(args),				\
			stage2_event_hold, stage2_event_release)

/* A request to map, carried out or refused. */
STAGE2_EVENT(stage2_map,
	TP_PROTO(const char *guest, u64 ipa, u64 size, u32 prot, u32 attr, int error,
		 u64 table_bytes),
	TP_ARGS(guest, ipa, size, prot, attr, error, table_bytes),
	TP_STRUCT__entry(
		stage2_guest_field
		__field(u64, ipa)
		__field(u64, size)
		__field(u64, table_bytes)
		__field(u32, prot)
		__field(u32, attr)
		__field(int, error)
	),
	TP_fast_assign(
		stage2_assign_guest;
		__entry->ipa = ipa;
		__entry->size = size;
		__entry->table_bytes = table_bytes;
		__entry->prot = prot;
		__entry->attr = attr;
		__entry->error = error;
	),
	TP_printk("guest=%s ipa=0x%llx size=0x%llx prot=%s attr=%s error=%d table_bytes=%llu",
		  __entry->guest, __entry->ipa, __entry->size,
		  stage2_text(__entry->prot, STAGE2_PROTS),
		  stage2_text(__entry->attr, STAGE2_ATTRS),
		  __entry->error, __entry->table_bytes)
);

/* A request to unmap, carried out or refused. */
STAGE2_EVENT(stage2_unmap,
	TP_PROTO(const char *guest, u64 ipa, u64 size, int error, u64 table_bytes),
	TP_ARGS(guest, ipa, size, error, table_bytes),
	TP_STRUCT__entry(
		stage2_guest_field
		__field(u64, ipa)
		__field(u64, size)
		__field(u64, table_bytes)
		__field(int, error)
	),
	TP_fast_assign(
		stage2_assign_guest;
		__entry->ipa = ipa;
		__entry->size = size;
		__entry->table_bytes = table_bytes;
		__entry->error = error;
	),
	TP_printk("guest=%s ipa=0x%llx size=0x%llx error=%d table_bytes=%llu",
		  __entry->guest, __entry->ipa, __entry->size, __entry->error,
		  __entry->table_bytes)
);

/* A request to change access, carried out or refused. */
STAGE2_EVENT(stage2_protect,
	TP_PROTO(const char *guest, u64 ipa, u64 size, u32 prot, int error, u64 table_bytes),
	TP_ARGS(guest, ipa, size, prot, error, table_bytes),
	TP_STRUCT__entry(
		stage2_guest_field
		__field(u64, ipa)
		__field(u64, size)
		__field(u64, table_bytes)
		__field(u32, prot)
		__field(int, error)
	),
	TP_fast_assign(
		stage2_assign_guest;
		__entry->ipa = ipa;
		__entry->size = size;
		__entry->table_bytes = table_bytes;
		__entry->prot = prot;
		__entry->error = error;
	),
	TP_printk("guest=%s ipa=0x%llx size=0x%llx prot=%s error=%d table_bytes=%llu",
		  __entry->guest, __entry->ipa, __entry->size,
		  stage2_text(__entry->prot, STAGE2_PROTS), __entry->error, __entry->table_bytes)
);

/* Tables come and go: `pa` is a physical address, `bytes` is the size of this one. */
DECLARE_EVENT_CLASS(stage2_table,
	TP_PROTO(const char *guest, u64 pa, u64 bytes, u64 table_bytes),
	TP_ARGS(guest, pa, bytes, table_bytes),
	TP_STRUCT__entry(
		stage2_guest_field
		__field(u64, pa)
		__field(u64, bytes)
		__field(u64, table_bytes)
	),
	TP_fast_assign(
		stage2_assign_guest;
		__entry->pa = pa;
		__entry->bytes = bytes;
		__entry->table_bytes = table_bytes;
	),
	TP_printk("guest=%s pa=0x%llx bytes=%llu table_bytes=%llu",
		  __entry->guest, __entry->pa, __entry->bytes, __entry->table_bytes)
);

STAGE2_EVENT_OF(stage2_table, stage2_table_alloc,
	TP_PROTO(const char *guest, u64 pa, u64 bytes, u64 table_bytes),
	TP_ARGS(guest, pa, bytes, table_bytes)
);

STAGE2_EVENT_OF(stage2_table, stage2_table_free,
	TP_PROTO(const char *guest, u64 pa, u64 bytes, u64 table_bytes),
	TP_ARGS(guest, pa, bytes, table_bytes)
);

/* An entry of `level` changes its shape; [ipa, ipa + size) is all that it maps. */
DECLARE_EVENT_CLASS(stage2_shape,
	TP_PROTO(const char *guest, u64 ipa, u64 size, int level),
	TP_ARGS(guest, ipa, size, level),
	TP_STRUCT__entry(
		stage2_guest_field
		__field(u64, ipa)
		__field(u64, size)
		__field(int, level)
	),
	TP_fast_assign(
		stage2_assign_guest;
		__entry->ipa = ipa;
		__entry->size = size;
		__entry->level = level;
	),
	TP_printk("guest=%s ipa=0x%llx size=0x%llx level=%d",
		  __entry->guest, __entry->ipa, __entry->size, __entry->level)
);

/* The block that was there became a table. */
STAGE2_EVENT_OF(stage2_shape, stage2_cut,
	TP_PROTO(const char *guest, u64 ipa, u64 size, int level),
	TP_ARGS(guest, ipa, size, level)
);

/* The table that was there became a block. */
STAGE2_EVENT_OF(stage2_shape, stage2_fold,
	TP_PROTO(const char *guest, u64 ipa, u64 size, int level),
	TP_ARGS(guest, ipa, size, level)
);

/* Break-before-make: entries of `level` were broken, are now invalidated, and will be made anew. */
STAGE2_EVENT_OF(stage2_shape, stage2_bbm,
	TP_PROTO(const char *guest, u64 ipa, u64 size, int level),
	TP_ARGS(guest, ipa, size, level)
);

/* TLBIs are issued, to all CPUs: `operations` instructions of one kind, for all of the region. */
STAGE2_EVENT(stage2_tlbi,
	TP_PROTO(const char *guest, u32 kind, u64 ipa, u64 size, u32 operations),
	TP_ARGS(guest, kind, ipa, size, operations),
	TP_STRUCT__entry(
		stage2_guest_field
		__field(u64, ipa)
		__field(u64, size)
		__field(u32, kind)
		__field(u32, operations)
	),
	TP_fast_assign(
		stage2_assign_guest;
		__entry->ipa = ipa;
		__entry->size = size;
		__entry->kind = kind;
		__entry->operations = operations;
	),
	TP_printk("guest=%s kind=%s ipa=0x%llx size=0x%llx operations=%u",
		  __entry->guest, stage2_text(__entry->kind, STAGE2_TLBI_KINDS),
		  __entry->ipa, __entry->size, __entry->operations)
);

/* A stage 2 fault was answered: `ns` from the exit until it was, the wait for the lock included. */
STAGE2_EVENT(stage2_fault,
	TP_PROTO(const char *guest, u32 vcpu, u64 ipa, u32 kind, u32 access, int level,
		 u32 outcome, u64 ns),
	TP_ARGS(guest, vcpu, ipa, kind, access, level, outcome, ns),
	TP_STRUCT__entry(
		stage2_guest_field
		__field(u64, ipa)
		__field(u64, ns)
		__field(u32, vcpu)
		__field(u32, kind)
		__field(u32, access)
		__field(int, level)
		__field(u32, outcome)
	),
	TP_fast_assign(
		stage2_assign_guest;
		__entry->ipa = ipa;
		__entry->ns = ns;
		__entry->vcpu = vcpu;
		__entry->kind = kind;
		__entry->access = access;
		__entry->level = level;
		__entry->outcome = outcome;
	),
	TP_printk("guest=%s vcpu=%u ipa=0x%llx kind=%s access=%s level=%d outcome=%s ns=%llu",
		  __entry->guest, __entry->vcpu, __entry->ipa,
		  stage2_text(__entry->kind, STAGE2_FAULT_KINDS),
		  stage2_text(__entry->access, STAGE2_ACCESSES), __entry->level,
		  stage2_text(__entry->outcome, STAGE2_FAULT_OUTCOMES), __entry->ns)
);

/* The CPU goes into the guest, at `pc`. */
STAGE2_EVENT(stage2_enter,
	TP_PROTO(const char *guest, u32 vcpu, u64 pc),
	TP_ARGS(guest, vcpu, pc),
	TP_STRUCT__entry(
		stage2_guest_field
		__field(u64, pc)
		__field(u32, vcpu)
	),
	TP_fast_assign(
		stage2_assign_guest;
		__entry->pc = pc;
		__entry->vcpu = vcpu;
	),
	TP_printk("guest=%s vcpu=%u pc=0x%llx", __entry->guest, __entry->vcpu, __entry->pc)
);

/* And out: `ns` since the CPU went in. `esr` is ESR_EL2, or 0 for an interrupt. */
STAGE2_EVENT(stage2_exit,
	TP_PROTO(const char *guest, u32 vcpu, u32 reason, u64 pc, u64 esr, u64 ns),
	TP_ARGS(guest, vcpu, reason, pc, esr, ns),
	TP_STRUCT__entry(
		stage2_guest_field
		__field(u64, pc)
		__field(u64, esr)
		__field(u64, ns)
		__field(u32, vcpu)
		__field(u32, reason)
	),
	TP_fast_assign(
		stage2_assign_guest;
		__entry->pc = pc;
		__entry->esr = esr;
		__entry->ns = ns;
		__entry->vcpu = vcpu;
		__entry->reason = reason;
	),
	TP_printk("guest=%s vcpu=%u reason=%s pc=0x%llx esr=0x%llx ns=%llu",
		  __entry->guest, __entry->vcpu,
		  stage2_text(__entry->reason, STAGE2_EXIT_REASONS), __entry->pc, __entry->esr,
		  __entry->ns)
);

/* A change of [ipa, ipa + size) ended for want of a table, and gave back those it had taken. */
STAGE2_EVENT(stage2_oom,
	TP_PROTO(const char *guest, u64 ipa, u64 size, u32 given_back, u64 table_bytes),
	TP_ARGS(guest, ipa, size, given_back, table_bytes),
	TP_STRUCT__entry(
		stage2_guest_field
		__field(u64, ipa)
		__field(u64, size)
		__field(u64, table_bytes)
		__field(u32, given_back)
	),
	TP_fast_assign(
		stage2_assign_guest;
		__entry->ipa = ipa;
		__entry->size = size;
		__entry->table_bytes = table_bytes;
		__entry->given_back = given_back;
	),
	TP_printk("guest=%s ipa=0x%llx size=0x%llx given_back=%u table_bytes=%llu",
		  __entry->guest, __entry->ipa, __entry->size, __entry->given_back,
		  __entry->table_bytes)
);

#endif

/* Not guarded: it reads this file again. */
#include <trace/define_trace.h>
