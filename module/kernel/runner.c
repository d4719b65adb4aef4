// SPDX-License-Identifier: GPL-2.0-only
/*
 * A thread that runs a vCPU, as the scheduler, the signals and the clock see it.
 */
#include <linux/hrtimer.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>

#include <trace/events/stage2.h>

#include "compat.h"
#include "kernel.h"
#include "mask.h"

struct kernel_runner {
	struct task_struct *task;	/* between begin and end */
	unsigned long switches;		/* of the thread, when it was loaded */
	bool loaded;
	void (*load)(void *of);
	void (*put)(void *of);
	void *of;
#ifdef CONFIG_PREEMPT_NOTIFIERS
	struct preempt_notifier notifier;
#endif
	unsigned long flags;		/* between mask and unmask */
	struct hrtimer timer;
	bool expired;
};

static enum hrtimer_restart expire(struct hrtimer *timer)
{
	struct kernel_runner *runner = container_of(timer, struct kernel_runner, timer);

	WRITE_ONCE(runner->expired, true);
	kernel_runner_kick(runner);
	return HRTIMER_NORESTART;
}

/*
 * The scheduler tells when the thread comes and goes. A kernel that cannot (one without KVM) has
 * the vCPU loaded only while interrupts are masked.
 */
#ifdef CONFIG_PREEMPT_NOTIFIERS

/* How often the thread has lost its CPU: counted before the scheduler tells of it. */
static unsigned long switches(void)
{
	return current->nvcsw + current->nivcsw;
}

/*
 * Is it loaded on this CPU, so many switches later? If the scheduler did not tell of one, the
 * registers here may be somebody else's: they are not saved, and no guest is entered with them.
 */
static bool is_here(const struct kernel_runner *runner, unsigned long later)
{
	return runner->loaded && switches() - runner->switches == later;
}

static void load(struct kernel_runner *runner)
{
	runner->load(runner->of);
	runner->loaded = true;
	runner->switches = switches();
}

static void put(struct kernel_runner *runner)
{
	runner->put(runner->of);
	runner->loaded = false;
}

static struct kernel_runner *runner_of(struct preempt_notifier *notifier)
{
	return container_of(notifier, struct kernel_runner, notifier);
}

/* No warning in these two: the scheduler holds its lock. */
static void sched_in(struct preempt_notifier *notifier, int cpu)
{
	struct kernel_runner *runner = runner_of(notifier);

	/* Still loaded is loaded elsewhere, for good: the count of switches will not fit again. */
	if (!runner->loaded)
		load(runner);
}

static void sched_out(struct preempt_notifier *notifier, struct task_struct *next)
{
	struct kernel_runner *runner = runner_of(notifier);

	if (is_here(runner, 1))
		put(runner);
}

static struct preempt_ops ops = {
	.sched_in = sched_in,
	.sched_out = sched_out,
};

/*
 * The scheduler is patched here, and then a CPU may still run the old instruction (arm64 before
 * 6.11 does not make the others synchronize; QEMU can keep what it has translated). So it is done
 * once, long before the first run: done for each guest, one in a thousand was not told of a switch.
 */
void kernel_runners_start(void)
{
	preempt_notifier_inc();
}

void kernel_runners_stop(void)
{
	preempt_notifier_dec();
}

static void watch(struct kernel_runner *runner)
{
	preempt_notifier_init(&runner->notifier, &ops);
	preempt_disable();
	preempt_notifier_register(&runner->notifier);
	load(runner);
	preempt_enable();
}

static bool unwatch(struct kernel_runner *runner)
{
	bool here;

	preempt_disable();
	here = is_here(runner, 0);
	if (here)
		put(runner);
	runner->loaded = false;
	preempt_notifier_unregister(&runner->notifier);
	preempt_enable();
	return here;
}

void kernel_runner_mask(struct kernel_runner *runner)
{
	runner->flags = mask_all();
}

void kernel_runner_unmask(struct kernel_runner *runner)
{
	unmask_all(runner->flags);
}

#else

void kernel_runners_start(void)
{
}

void kernel_runners_stop(void)
{
}

static bool is_here(const struct kernel_runner *runner, unsigned long later)
{
	return true;
}

static void watch(struct kernel_runner *runner)
{
}

static bool unwatch(struct kernel_runner *runner)
{
	return true;
}

void kernel_runner_mask(struct kernel_runner *runner)
{
	runner->flags = mask_all();
	runner->load(runner->of);
}

void kernel_runner_unmask(struct kernel_runner *runner)
{
	runner->put(runner->of);
	unmask_all(runner->flags);
}

#endif

struct kernel_runner *kernel_runner_create(void (*load)(void *of), void (*put)(void *of),
					   void *of)
{
	struct kernel_runner *runner = kzalloc(sizeof(*runner), GFP_KERNEL_ACCOUNT);

	if (!runner)
		return NULL;
	runner->load = load;
	runner->put = put;
	runner->of = of;
	/* Hard: on a real-time kernel, too, the timer interrupts the guest. */
	hrtimer_setup(&runner->timer, expire, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	return runner;
}

void kernel_runner_destroy(struct kernel_runner *runner)
{
	kfree(runner);
}

void kernel_runner_begin(struct kernel_runner *runner, unsigned long ms)
{
	runner->task = current;
	runner->expired = false;
	if (ms)
		hrtimer_start(&runner->timer, ms_to_ktime(ms), HRTIMER_MODE_REL_HARD);
	watch(runner);
}

bool kernel_runner_end(struct kernel_runner *runner)
{
	bool kept = unwatch(runner);

	hrtimer_cancel(&runner->timer);
	WARN_ONCE(!kept, "%s: the scheduler did not announce a switch\n", current->comm);
	return kept;
}

unsigned int kernel_runner_work(const struct kernel_runner *runner)
{
	unsigned long flags = read_thread_flags();
	unsigned int work = 0;

	if (!is_here(runner, 0))
		work |= KERNEL_WORK_LOST;
	if (flags & (_TIF_SIGPENDING | _TIF_NOTIFY_SIGNAL))
		work |= KERNEL_WORK_SIGNAL;
	if (READ_ONCE(runner->expired))
		work |= KERNEL_WORK_TIME;
	if (flags & _TIF_NEED_RESCHED)
		work |= KERNEL_WORK_RESCHEDULE;
	if (trace_stage2_enter_enabled() || trace_stage2_exit_enabled() ||
	    trace_stage2_fault_enabled())
		work |= KERNEL_WORK_TRACE;
	return work;
}

/* The thread looks around each time it comes to a CPU, and each time it is interrupted on one. */
void kernel_runner_kick(struct kernel_runner *runner)
{
	/* Either it sees what the caller stored, or the caller sees it on its CPU. */
	smp_mb();
	kick_process(runner->task);
}

void kernel_wait_for_zero(unsigned int *count)
{
	/* Pairs with the release of whatever lock the count was lowered under. */
	wait_var_event(count, smp_load_acquire(count) == 0);
}

void kernel_count_is_zero(unsigned int *count)
{
	/* The count first, then the look for waiters: wake_up_var asks for it. */
	smp_mb();
	wake_up_var(count);
}
