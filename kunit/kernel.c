// SPDX-License-Identifier: GPL-2.0-only
/*
 * The home of the suites in a kernel: each is a KUnit suite, each of its tests a KUnit case.
 *
 * KUnit wants its suites as static data but runs them after the initcalls, and their cases are
 * known only to C++: an initcall fills them in. A test's running instance is KUnit's own, so a
 * body is called by KUnit itself, with nothing in between. The module's objects are in the same
 * kernel, and are started for the suites.
 */
#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "home.h"
#include "module/kernel/kernel.h"

static struct kunit_suite *kunit_suites[]
__aligned(sizeof(struct kunit_suite *)) __used __section(".kunit_test_suites") = {
#define X(suite) (&(struct kunit_suite){ .name = #suite }),
#include "suites.def"
};

static int __init fill_suites(void)
{
	static struct kunit_case none;
	size_t i, j;

	if (!kunit_enabled())
		return 0;
	for (i = 0; i < suite_count; i++) {
		const struct test_suite *suite = all_suites[i];
		struct kunit_case *cases;

		/* A kernel of some suites. */
		if (!suite) {
			kunit_suites[i]->test_cases = &none;
			continue;
		}
		/* One more than there are tests: the empty case ends them. */
		cases = kcalloc(suite->count + 1, sizeof(*cases), GFP_KERNEL);
		if (!cases)
			return -ENOMEM;

		for (j = 0; j < suite->count; j++) {
			cases[j].name = suite->cases[j].name;
			cases[j].run_case = suite->cases[j].run;
			cases[j].module_name = KBUILD_MODNAME;
		}
		kunit_suites[i]->test_cases = cases;
	}
	return stage2_start("");
}
late_initcall(fill_suites);

static void show_value(char *text, size_t size, const struct test_value *value)
{
	switch (value->kind) {
	case TEST_VALUE_NUMBER:
		scnprintf(text, size, "%#llx", value->number);
		break;
	case TEST_VALUE_TEXT:
		scnprintf(text, size, "\"%.*s\"", value->text_size, value->text);
		break;
	case TEST_VALUE_OPAQUE:
		scnprintf(text, size, "(not printable)");
		break;
	}
}

void test_fail(struct kunit *test, const struct test_failure *failure)
{
	char left[128], right[128];

	kunit_set_failure(test);
	kunit_err(test, "%s:%d: expected %s\n", failure->file, failure->line, failure->expected);
	if (!failure->left)
		return;
	show_value(left, sizeof(left), failure->left);
	show_value(right, sizeof(right), failure->right);
	kunit_err(test, "    left:  %s\n", left);
	kunit_err(test, "    right: %s\n", right);
}

void test_skip(struct kunit *test, const char *why)
{
	if (test->status != KUNIT_FAILURE)
		kunit_mark_skipped(test, "%s", why);
}

struct test_thread {
	void (*run)(void *of);
	void *of;
	struct completion done;
};

static int run_beside(void *of)
{
	struct test_thread *thread = of;

	thread->run(thread->of);
	complete(&thread->done);
	return 0;
}

struct test_thread *test_beside(struct kunit *test, void (*run)(void *of), void *of)
{
	struct test_thread *thread = kunit_kzalloc(test, sizeof(*thread), GFP_KERNEL);
	struct task_struct *task;
	unsigned int cpu;

	if (!thread)
		return NULL;
	thread->run = run;
	thread->of = of;
	init_completion(&thread->done);
	task = kthread_create(run_beside, thread, "kunit_beside");
	if (IS_ERR(task))
		return NULL;
	/* Only now: making it, this thread may have moved. */
	cpu = cpumask_any_but(cpu_online_mask, raw_smp_processor_id());
	if (cpu >= nr_cpu_ids) {
		kthread_stop(task);
		return NULL;
	}
	kthread_bind(task, cpu);
	wake_up_process(task);
	return thread;
}

void test_join(struct test_thread *thread)
{
	wait_for_completion(&thread->done);
}

unsigned int test_effort(void)
{
	return 1;
}

/* A quarter: this machine is emulated, and the native ones play whole games. */
unsigned int test_moves(unsigned int moves)
{
	return moves / 4;
}

long test_only_game(void)
{
	return EVERY_GAME;
}

void test_played(struct kunit *test, unsigned long operations)
{
	kunit_info(test, "%lu operations played\n", operations);
}

void test_remark(struct kunit *test, const char *text, const unsigned long long *numbers,
		 size_t count)
{
	char line[160];
	int end = 0;
	size_t i;

	for (i = 0; i < count; i++)
		end += scnprintf(line + end, sizeof(line) - end, " %#llx", numbers[i]);
	kunit_info(test, "%s%.*s\n", text, end, line);
}

KUNIT_DEFINE_ACTION_WRAPPER(free_scratch, vfree, const void *);

/* From vmalloc, which knows alignment, puts an unmapped page behind, and has shadow under KASAN. */
void *test_scratch(struct kunit *test, size_t size, size_t align)
{
	void *block = __vmalloc_node(size, align, GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN,
				     NUMA_NO_NODE, __builtin_return_address(0));

	if (!block || kunit_add_action_or_reset(test, free_scratch, block))
		return NULL;
	return block;
}
