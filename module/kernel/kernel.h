/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The seam between C++ and the kernel.
 *
 * C++ decides, C only touches the kernel. Kernel headers are not C++-clean, so this file, read by
 * both languages, is all that one side knows of the other. The first half is what the kernel does
 * for the C++ parts (kernel.c, debugfs.c); the second is what the C++ parts do for the kernel's
 * files (files.cpp). unsigned long is 64 bits wide here.
 */
#ifndef STAGE2_MODULE_KERNEL_H
#define STAGE2_MODULE_KERNEL_H

#ifdef __cplusplus
#include <cstddef>
#define __printf(string, first) [[gnu::format(printf, string, first)]]
#define __noreturn [[noreturn]]
extern "C" {
#else
#include <linux/compiler_attributes.h>
#include <linux/types.h>
#endif

struct seq_file;
struct stage2_guest;

/*
 * ---- Memory, charged to the cgroup of who asks. Nothing here wakes the OOM killer: asking for too
 * much just fails. ----
 */

/* Zeroed bytes for the module's own objects, or NULL. */
void *kernel_alloc(unsigned long bytes);
void kernel_free(void *object);

/* A zeroed translation table: physically contiguous, aligned to its size (a power of two). */
void *kernel_table_alloc(unsigned long bytes);
void kernel_table_free(void *table);
void kernel_tables_free(void **tables, unsigned long count);

/* Zeroed guest RAM: contiguous, `bytes` a power of two of pages. 0 when there is none. */
unsigned long kernel_ram_alloc(unsigned long bytes);
/* Frees any run of whole pages that kernel_ram_alloc gave. Lets other threads have the CPU. */
void kernel_ram_free(unsigned long phys, unsigned long bytes);
/* How many bytes there are, and how many of them kernel_ram_alloc can take without reclaim. */
unsigned long kernel_ram_total(void);
unsigned long kernel_ram_available(void);

unsigned long kernel_page_size(void);

/*
 * How much further memory lies in the linear map, modulo 2^64. Only for addresses there, as those
 * of allocated pages are, not for those of the kernel's image. The walk of a table is a few
 * instructions, and a call for each level would double them. kernel_memory_start, before anything
 * else, finds it out.
 */
extern unsigned long kernel_linear_offset;
void kernel_memory_start(void);

/* The top byte of a pointer may be a tag. */
static inline unsigned long kernel_phys(const void *linear)
{
	return ((unsigned long)linear - kernel_linear_offset) & ((1ul << 56) - 1);
}

static inline void *kernel_virt(unsigned long phys)
{
	return (void *)(phys + kernel_linear_offset);
}

/* Runs of clear bits (lib/bitmap.c); a bitmap is an array of unsigned long. */
unsigned long kernel_bitmap_find(unsigned long *map, unsigned long bits, unsigned long count,
				 unsigned long align_mask, unsigned long align_offset);
void kernel_bitmap_mark(unsigned long *map, unsigned long first, unsigned long count, bool used);
unsigned long kernel_bitmap_weight(const unsigned long *map, unsigned long bits);

/*
 * ---- Locks: sleeping, not recursive. Order: registry, then guest, then log. One holds a lock
 * alone (acquire), or any number share it. ----
 */

enum kernel_lock_class {
	KERNEL_LOCK_REGISTRY,
	KERNEL_LOCK_GUEST,
	KERNEL_LOCK_LOG,
	KERNEL_LOCK_CLASSES,
};

struct kernel_lock;

struct kernel_lock *kernel_lock_create(enum kernel_lock_class class_);
void kernel_lock_destroy(struct kernel_lock *lock);
void kernel_lock_acquire(struct kernel_lock *lock);
/* False: the calling thread was killed while it waited, and does not have it. */
bool kernel_lock_acquire_killable(struct kernel_lock *lock);
void kernel_lock_release(struct kernel_lock *lock);
void kernel_lock_share(struct kernel_lock *lock);
bool kernel_lock_share_killable(struct kernel_lock *lock);
void kernel_lock_unshare(struct kernel_lock *lock);

/*
 * ---- A thread that runs a vCPU. ----
 *
 * While it does, the vCPU's registers are in its CPU: `load` puts them there, `put` takes them
 * back, both with preemption disabled. The kernel calls put when the thread leaves its CPU, and
 * load when it is back on one.
 *
 *   begin -> mask -> (work, enter the guest)... -> unmask -> ... -> mask -> ... -> unmask -> end
 */

struct kernel_runner;

/* Before the first is created, and after the last is destroyed. */
void kernel_runners_start(void);
void kernel_runners_stop(void);

/* NULL when there is no memory. `of` is handed to both functions. */
struct kernel_runner *kernel_runner_create(void (*load)(void *of), void (*put)(void *of),
					   void *of);
void kernel_runner_destroy(struct kernel_runner *runner);

/* The calling thread runs from now on, for `ms` milliseconds at most (0: no limit). */
void kernel_runner_begin(struct kernel_runner *runner, unsigned long ms);
/* False: the vCPU was not loaded here any more (KERNEL_WORK_LOST), and was not put. */
bool kernel_runner_end(struct kernel_runner *runner);

/* Interrupts are masked in between (kernel_mask): the vCPU is loaded, and may be entered. */
void kernel_runner_mask(struct kernel_runner *runner);
void kernel_runner_unmask(struct kernel_runner *runner);

/*
 * What the thread should know before it enters the guest. Asked between mask and unmask: what
 * happens afterwards comes as an interrupt, and the guest is left for it.
 */
#define KERNEL_WORK_SIGNAL	1	/* a signal is pending */
#define KERNEL_WORK_TIME	2	/* the milliseconds are over */
#define KERNEL_WORK_RESCHEDULE	4	/* another thread wants the CPU */
#define KERNEL_WORK_TRACE	8	/* entries, exits or faults are traced */
#define KERNEL_WORK_LOST	16	/* the vCPU is not loaded here: the kernel has gone wrong */

unsigned int kernel_runner_work(const struct kernel_runner *runner);

/*
 * Makes the thread leave the guest and look around: it sees all that was stored before. Between
 * begin and end only, so the caller keeps the thread from ending.
 */
void kernel_runner_kick(struct kernel_runner *runner);

/*
 * Sleeps until *count is 0. Whoever makes it 0, under a lock, then tells with kernel_count_is_zero.
 */
void kernel_wait_for_zero(unsigned int *count);
void kernel_count_is_zero(unsigned int *count);

/* ---- The machine. ---- */

struct kernel_features {
	unsigned int pa_bits;		/* ID_AA64MMFR0_EL1.PARange, decoded */
	bool granule_4k;		/* usable at stage 2 */
	bool granule_16k;
	bool granule_64k;
	bool lpa2_4k;			/* 52-bit stage 2 with the 4K granule */
	bool lpa2_16k;			/* and with the 16K one */
	bool vmid16;			/* 16-bit VMIDs */
	bool access_flag;		/* hardware sets AF */
	bool dirty_state;		/* hardware keeps dirty state */
	bool xnx;			/* execute-never by exception level */
	bool fwb;			/* HCR_EL2.FWB */
	bool range_tlbi;		/* FEAT_TLBIRANGE */
	bool ttl;			/* FEAT_TTL */
	unsigned int bbm;		/* FEAT_BBM level 0..2 */
	bool ras;			/* FEAT_RAS */
	bool aarch32;			/* EL0 can be AArch32 */
	bool fgt2;			/* FEAT_FGT2, and this kernel knows it */
	bool mpam;			/* FEAT_MPAM, and this kernel uses it */
	bool mpam_hcr;			/* and MPAMHCR_EL2 */
	bool at_el2;			/* the kernel itself runs at EL2 (VHE) */

	/* Errata. */
	bool repeat_tlbi;		/* one TLBI and DSB more than usual */
	bool speculative_at;		/* AT may walk with registers of two worlds */
	bool hpfar_unreliable;		/* HPFAR_EL2 may hold another fault's IPA */
};

void kernel_read_features(struct kernel_features *features);

/* What this kernel knows of its CPUs' speculation, and what it has against it. */
struct kernel_mitigations {
	bool history_affected;		/* Spectre-BHB */
	bool targets_affected;		/* Spectre-v2 */
	bool history_by_hardware;	/* FEAT_ECBHB */
	bool clear_history;		/* FEAT_CLRBHB */
	bool firmware_1;		/* SMCCC_ARCH_WORKAROUND_1 is there, and needed */
	bool firmware_3;
	bool off;			/* mitigations=off */
};

void kernel_read_mitigations(struct kernel_mitigations *mitigations);

/*
 * Calls it when the kernel has come back from hibernation, before any thread runs: memory was
 * written through caches, and is not clean. 0 or an errno.
 */
int kernel_watch_hibernation(void (*call)(void));
void kernel_unwatch_hibernation(void);

/* Calls it on each CPU that is online, with its MIDR_EL1: at the same time, interrupts masked. */
void kernel_each_cpu(void (*look)(unsigned long midr, void *of), void *of);

/*
 * Whether EL2 is ours to use. A kernel that runs at EL2 shares it; one that was started there and
 * runs at EL1 has left a stub there, which is ours unless KVM has replaced it.
 */
enum kernel_el2 {
	KERNEL_EL2_HOST,		/* the kernel is there: VHE */
	KERNEL_EL2_STUB,		/* the stub is, on every CPU */
	KERNEL_EL2_KVM,			/* KVM is */
	KERNEL_EL2_NONE,		/* the kernel was started at EL1 */
};

enum kernel_el2 kernel_find_el2(void);

/*
 * Does the stub have EL2 of this CPU? To be asked where HVC is no call of firmware. The answer
 * holds while the CPU is masked.
 */
bool kernel_stub_is_here(void);

/* Returns when every CPU has been interrupted: a guest that was in one has left it meanwhile. */
void kernel_interrupt_cpus(void);

/*
 * Masks all that can interrupt this CPU, pseudo-NMIs and debug exceptions included; a guest entered
 * meanwhile is left for any interrupt, of whatever priority. unmask takes what mask returned.
 */
unsigned long kernel_mask(void);
void kernel_unmask(unsigned long flags);

/* Lets other threads have the CPU, if one wants it. Interrupts are not masked. */
void kernel_reschedule(void);
/* A signal that ends the calling thread is pending: what it does is for nobody. */
bool kernel_is_killed(void);

/* How many numbers CPUs may have; the number of this one, while it is masked. */
unsigned int kernel_cpus(void);
unsigned int kernel_this_cpu(void);

/* Cleans and invalidates to the Point of Coherency: who has no caches sees what was written. */
void kernel_cache_clean(const void *linear, unsigned long bytes);
/* No instruction cache, of whatever CPU, holds anything old. What was written is clean already. */
void kernel_icache_flush(void);

/* How the module speaks in the kernel's log; and ends the machine, when EL2 is not what it was. */
__printf(1, 2) void kernel_log(const char *format, ...);
__printf(1, 2) __noreturn void kernel_panic(const char *format, ...);

/* Microseconds since boot, as in the kernel's log; nanoseconds, as in its traces. */
unsigned long kernel_time_us(void);
unsigned long kernel_time_ns(void);

/*
 * ---- Trace events: trace/events/stage2.h has their fields. A call is a branch that is not taken
 * while its event is off. ----
 */

/* How many events are on. While none is, there need not even be a call. */
extern unsigned int kernel_events_on;

void kernel_trace_map(const char *guest, unsigned long ipa, unsigned long size, unsigned int prot,
		      unsigned int attr, int error, unsigned long table_bytes);
void kernel_trace_unmap(const char *guest, unsigned long ipa, unsigned long size, int error,
			unsigned long table_bytes);
void kernel_trace_protect(const char *guest, unsigned long ipa, unsigned long size,
			  unsigned int prot, int error, unsigned long table_bytes);
void kernel_trace_table_alloc(const char *guest, const void *table, unsigned long bytes,
			      unsigned long table_bytes);
void kernel_trace_table_free(const char *guest, const void *table, unsigned long bytes,
			     unsigned long table_bytes);
void kernel_trace_cut(const char *guest, unsigned long ipa, unsigned long size, int level);
void kernel_trace_fold(const char *guest, unsigned long ipa, unsigned long size, int level);
void kernel_trace_bbm(const char *guest, unsigned long ipa, unsigned long size, int level);
void kernel_trace_tlbi(const char *guest, unsigned int kind, unsigned long ipa, unsigned long size,
		       unsigned int operations);
void kernel_trace_oom(const char *guest, unsigned long ipa, unsigned long size,
		      unsigned int given_back, unsigned long table_bytes);
/* These three cost nothing where KERNEL_WORK_TRACE has said that they are off. */
void kernel_trace_fault(const char *guest, unsigned int vcpu, unsigned long ipa, unsigned int kind,
			unsigned int access, int level, unsigned int outcome, unsigned long ns);
void kernel_trace_enter(const char *guest, unsigned int vcpu, unsigned long pc);
void kernel_trace_exit(const char *guest, unsigned int vcpu, unsigned int reason, unsigned long pc,
		       unsigned long esr, unsigned long ns);

/* ---- Text. ---- */

__printf(2, 3) void kernel_print(struct seq_file *out, const char *format, ...);
void kernel_print_bytes(struct seq_file *out, const void *bytes, unsigned long count);
/* Returns how many characters were written, the NUL not counted. */
__printf(3, 4) int kernel_format(char *buffer, unsigned long size, const char *format, ...);
/* `args` is a va_list *. */
__printf(3, 0) int kernel_format_args(char *buffer, unsigned long size, const char *format,
				      void *args);

/* ---- debugfs. ---- */

/* guests/NAME with all of stage2_guest_files in it. NULL, or what kernel_guest_dir_remove takes. */
void *kernel_guest_dir_create(const char *name, struct stage2_guest *guest);
/* Returns when no open of a file in it is under way; files already open live on. */
void kernel_guest_dir_remove(void *dir);

/* ---- What the C++ parts do for the files. Errors are negative errno values. ---- */

/* Where an open file's reader stands. All zero is the beginning; meaning is up to the file. */
struct stage2_cursor {
	unsigned long at;
	int level;
	bool started;
	bool done;
	void *taken;		/* what begin of the file has taken */
};

struct stage2_file {
	const char *name;
	unsigned short mode;

	/* One request; `text` is NUL-terminated too. Returns 0 or an errno. `file` is this. */
	int (*write)(const struct stage2_file *file, struct stage2_guest *guest, const char *text,
		     unsigned long length);

	/*
	 * Not NULL: a read from the file's beginning begins with it. What it leaves in `taken` is
	 * kernel_free's when the file is closed, or read from its beginning again. It takes the
	 * locks that it needs. 0 or an errno.
	 */
	int (*begin)(const struct stage2_file *file, struct stage2_guest *guest, void **taken);

	/*
	 * Prints what stands at the cursor, and moves it on. The same cursor may come twice, when
	 * the reader's buffer was too small.
	 */
	void (*show)(struct stage2_guest *guest, struct seq_file *out,
		     struct stage2_cursor *cursor);
};

/*
 * Around any number of show calls: the guest is shared with others that look, and with faults.
 * -ENODEV when the guest was removed, -EINTR when who asked was killed; then end is not called.
 */
int stage2_show_begin(const struct stage2_file *file, struct stage2_guest *guest);
void stage2_show_end(struct stage2_guest *guest);

/* Each ends with an entry without a name. `guest` is NULL for the first. */
extern const struct stage2_file stage2_top_files[];
extern const struct stage2_file stage2_guest_files[];

/* The longest request a file takes, in bytes. */
#define STAGE2_REQUEST_MAX 4096

/* A request no one will read: says so in error_log, and returns -E2BIG. */
int stage2_request_too_long(const struct stage2_file *file, struct stage2_guest *guest,
			    unsigned long length);

/* A file of the guest is opened or closed: the guest stays valid in between. */
void stage2_guest_hold(struct stage2_guest *guest);
void stage2_guest_drop(struct stage2_guest *guest);

/*
 * Copies between `buffer` and guest memory at `ipa`, through the tables, within one page. Returns
 * how many bytes, or -EIO where nothing is mapped, or -ENODEV when the guest was removed, or -EINTR
 * when who asked was killed.
 */
long stage2_guest_memory(struct stage2_guest *guest, unsigned long ipa, void *buffer,
			 unsigned long bytes, bool write);

/* `engine`: the name of one, or empty for the best this machine has. */
int stage2_start(const char *engine);
void stage2_stop(void);

#ifdef __cplusplus
}
#endif

#endif
