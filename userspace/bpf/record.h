/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the BPF program and s2ctl hand each other: records of events, counts and histograms.
 */
#ifndef STAGE2_BPF_RECORD_H
#define STAGE2_BPF_RECORD_H

#include <linux/types.h>

#include "stage2/trace_events.h"

#define ARGUMENT(name, format)
#define EVENT(name, arguments, what) EVENT_##name,
enum event {
#include "events.def"
	EVENTS,
};

#undef EVENT
#undef ARGUMENT

/* An event, as it lies in the ring. */
struct record {
	__u64 time;			/* CLOCK_MONOTONIC, nanoseconds */
	__u32 cpu;
	__u32 event;
	char guest[STAGE2_GUEST_NAME_BYTES];
	__u64 argument[];		/* the tracepoint's; what is narrow has zeros */
};

/*
 * A histogram of nanoseconds whose buckets are an eighth of a power of two wide: up to 7 each
 * value has its own, then eight buckets share each power of two. The last one has all that is
 * longer, too.
 */
#define HISTOGRAM_EIGHTHS 3
#define HISTOGRAM_BUCKETS 280

struct histogram {
	__u64 sum;			/* of all values */
	__u64 max;
	__u64 bucket[HISTOGRAM_BUCKETS];
};

/* What is counted of a guest, on one CPU. */
struct cpu_counts {
	__u64 event[EVENTS];
	__u64 tlbi;			/* TLB invalidation instructions */
	struct histogram fault;		/* how long a fault took to answer */
	struct histogram run;		/* how long the guest ran until it left */
};

/* Places of the counters of what was lost. */
enum lost {
	LOST_RECORDS,			/* the ring was full */
	LOST_COUNTS,			/* there were too many guests to count them all */
	LOST_KINDS,
};

#endif
