// SPDX-License-Identifier: GPL-2.0-only
/*
 * The BPF program behind s2ctl's trace, top and hist: it puts the module's trace events into a
 * ring, and counts them for each guest.
 *
 * A tracepoint's arguments are numbers, but for the guest's name, which comes first. So one body
 * does for all events, and for both ways to attach it: as a raw tracepoint, and, where the module
 * has BTF, as a tracepoint whose arguments the verifier knows (tp_btf). No type of the kernel is
 * used, and nothing has to be relocated.
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "record.h"

#define GUESTS 256

/* Set before the program is loaded; what is 0 is not even verified. */
const volatile __u32 recording;
const volatile __u32 counting;
const volatile __u32 filtering;

/* The guests to watch, where not all are. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, char[STAGE2_GUEST_NAME_BYTES]);
	__type(value, __u8);
} wanted SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, GUESTS);
	__type(key, char[STAGE2_GUEST_NAME_BYTES]);
	__type(value, struct cpu_counts);
} guests SEC(".maps");

/* Where a guest's counts begin: they are too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cpu_counts);
} nothing SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LOST_KINDS);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

static __always_inline void lose(__u32 kind)
{
	__u64 *count = bpf_map_lookup_elem(&lost, &kind);

	if (count)
		(*count)++;
}

static __always_inline struct cpu_counts *counts_of(const char *guest)
{
	const __u32 first = 0;
	struct cpu_counts *counts = bpf_map_lookup_elem(&guests, guest);
	const void *none;

	if (counts)
		return counts;
	none = bpf_map_lookup_elem(&nothing, &first);
	if (none)
		bpf_map_update_elem(&guests, guest, none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&guests, guest);
}

/* The place of the highest set bit; value is not 0. */
static __always_inline __u32 log2_of(__u64 value)
{
	__u32 place = 0;

	for (int half = 32; half; half /= 2) {
		if (value >> half) {
			value >>= half;
			place += half;
		}
	}
	return place;
}

static __always_inline void observe(struct histogram *histogram, __u64 ns)
{
	const __u32 eighths = 1 << HISTOGRAM_EIGHTHS;
	__u64 bucket = ns;

	if (ns >= eighths) {
		const __u32 power = log2_of(ns) - HISTOGRAM_EIGHTHS;

		bucket = power * eighths + (ns >> power);
	}
	if (bucket >= HISTOGRAM_BUCKETS)
		bucket = HISTOGRAM_BUCKETS - 1;
	histogram->bucket[bucket]++;
	histogram->sum += ns;
	if (histogram->max < ns)
		histogram->max = ns;
}

static __always_inline void count(const __u64 *argument, const char *guest, enum event event)
{
	struct cpu_counts *counts = counts_of(guest);

	if (!counts) {
		lose(LOST_COUNTS);
		return;
	}
	counts->event[event]++;
	if (event == EVENT_tlbi)
		counts->tlbi += argument[3];
	if (event == EVENT_fault)
		observe(&counts->fault, argument[6]);
	if (event == EVENT_exit)
		observe(&counts->run, argument[4]);
}

/* The reader is woken when a quarter is full: for each event would cost more than all else. */
static __always_inline __u64 wakeup(void)
{
	return bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) * 4 >=
			       bpf_ringbuf_query(&ring, BPF_RB_RING_SIZE)
		       ? BPF_RB_FORCE_WAKEUP
		       : BPF_RB_NO_WAKEUP;
}

static __always_inline void put(const __u64 *argument, const char *guest, enum event event,
				unsigned int arguments)
{
	const __u64 bytes = sizeof(struct record) + arguments * sizeof(*argument);
	struct record *record = bpf_ringbuf_reserve(&ring, bytes, 0);

	if (!record) {
		lose(LOST_RECORDS);
		return;
	}
	record->time = bpf_ktime_get_ns();
	record->cpu = bpf_get_smp_processor_id();
	record->event = event;
	__builtin_memcpy(record->guest, guest, sizeof(record->guest));
	for (unsigned int i = 0; i < arguments; i++)
		record->argument[i] = argument[i];
	bpf_ringbuf_submit(record, wakeup());
}

static __always_inline int handle(const __u64 *context, enum event event, unsigned int arguments)
{
	char guest[STAGE2_GUEST_NAME_BYTES] = {};

	bpf_probe_read_kernel_str(guest, sizeof(guest), (const void *)context[0]);
	if (filtering && !bpf_map_lookup_elem(&wanted, guest))
		return 0;
	if (counting)
		count(context + 1, guest, event);
	if (recording)
		put(context + 1, guest, event, arguments);
	return 0;
}

#define ARGUMENT(name, format) + 1
#define EVENT(name, arguments, what)						\
	SEC("raw_tp/stage2_" #name) int on_##name(const __u64 *context)		\
	{									\
		return handle(context, EVENT_##name, 0 arguments);		\
	}
#include "events.def"

const char program_license[] SEC("license") = "GPL";
