// SPDX-License-Identifier: GPL-2.0-only
/*
 * The trace events, as the C++ parts fire them. What has to be computed for an event is computed
 * behind its static branch.
 */
#include <linux/io.h>
#include <linux/module.h>

#include "kernel.h"

#define CREATE_TRACE_POINTS
#include <trace/events/stage2.h>

/* Written under tracepoints_mutex, where these two are called. */
unsigned int kernel_events_on;

int stage2_event_hold(void)
{
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	WRITE_ONCE(kernel_events_on, kernel_events_on + 1);
	return 0;
}

/*
 * Called under event_mutex, or by who has a reference of its own: the module cannot be freed before
 * this has returned.
 */
void stage2_event_release(void)
{
	WRITE_ONCE(kernel_events_on, kernel_events_on - 1);
	module_put(THIS_MODULE);
}

void kernel_trace_map(const char *guest, unsigned long ipa, unsigned long size, unsigned int prot,
		      unsigned int attr, int error, unsigned long table_bytes)
{
	trace_stage2_map(guest, ipa, size, prot, attr, error, table_bytes);
}

void kernel_trace_unmap(const char *guest, unsigned long ipa, unsigned long size, int error,
			unsigned long table_bytes)
{
	trace_stage2_unmap(guest, ipa, size, error, table_bytes);
}

void kernel_trace_protect(const char *guest, unsigned long ipa, unsigned long size,
			  unsigned int prot, int error, unsigned long table_bytes)
{
	trace_stage2_protect(guest, ipa, size, prot, error, table_bytes);
}

void kernel_trace_table_alloc(const char *guest, const void *table, unsigned long bytes,
			      unsigned long table_bytes)
{
	if (trace_stage2_table_alloc_enabled())
		trace_stage2_table_alloc(guest, kernel_phys(table), bytes, table_bytes);
}

void kernel_trace_table_free(const char *guest, const void *table, unsigned long bytes,
			     unsigned long table_bytes)
{
	if (trace_stage2_table_free_enabled())
		trace_stage2_table_free(guest, kernel_phys(table), bytes, table_bytes);
}

void kernel_trace_cut(const char *guest, unsigned long ipa, unsigned long size, int level)
{
	trace_stage2_cut(guest, ipa, size, level);
}

void kernel_trace_fold(const char *guest, unsigned long ipa, unsigned long size, int level)
{
	trace_stage2_fold(guest, ipa, size, level);
}

void kernel_trace_bbm(const char *guest, unsigned long ipa, unsigned long size, int level)
{
	trace_stage2_bbm(guest, ipa, size, level);
}

void kernel_trace_tlbi(const char *guest, unsigned int kind, unsigned long ipa, unsigned long size,
		       unsigned int operations)
{
	trace_stage2_tlbi(guest, kind, ipa, size, operations);
}

void kernel_trace_oom(const char *guest, unsigned long ipa, unsigned long size,
		      unsigned int given_back, unsigned long table_bytes)
{
	trace_stage2_oom(guest, ipa, size, given_back, table_bytes);
}

void kernel_trace_fault(const char *guest, unsigned int vcpu, unsigned long ipa, unsigned int kind,
			unsigned int access, int level, unsigned int outcome, unsigned long ns)
{
	trace_stage2_fault(guest, vcpu, ipa, kind, access, level, outcome, ns);
}

void kernel_trace_enter(const char *guest, unsigned int vcpu, unsigned long pc)
{
	trace_stage2_enter(guest, vcpu, pc);
}

void kernel_trace_exit(const char *guest, unsigned int vcpu, unsigned int reason, unsigned long pc,
		       unsigned long esr, unsigned long ns)
{
	trace_stage2_exit(guest, vcpu, reason, pc, esr, ns);
}
