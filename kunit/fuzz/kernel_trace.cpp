// SPDX-License-Identifier: GPL-2.0-only
//
// Trace events of the module: nobody listens, but what would be said has to be found out.
#include "kernel/kernel.h"

void kernel_trace_map(const char *, unsigned long, unsigned long, unsigned, unsigned, int,
		      unsigned long)
{
}
void kernel_trace_unmap(const char *, unsigned long, unsigned long, int, unsigned long)
{
}
void kernel_trace_protect(const char *, unsigned long, unsigned long, unsigned, int, unsigned long)
{
}
void kernel_trace_table_alloc(const char *, const void *, unsigned long, unsigned long)
{
}
void kernel_trace_table_free(const char *, const void *, unsigned long, unsigned long)
{
}
void kernel_trace_cut(const char *, unsigned long, unsigned long, int)
{
}
void kernel_trace_fold(const char *, unsigned long, unsigned long, int)
{
}
void kernel_trace_bbm(const char *, unsigned long, unsigned long, int)
{
}
unsigned int kernel_events_on = 1;

void kernel_trace_tlbi(const char *, unsigned, unsigned long, unsigned long, unsigned)
{
}
void kernel_trace_oom(const char *, unsigned long, unsigned long, unsigned, unsigned long)
{
}
void kernel_trace_fault(const char *, unsigned, unsigned long, unsigned, unsigned, int, unsigned,
			unsigned long)
{
}
void kernel_trace_enter(const char *, unsigned, unsigned long)
{
}
void kernel_trace_exit(const char *, unsigned, unsigned, unsigned long, unsigned long,
		       unsigned long)
{
}
