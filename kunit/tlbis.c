// SPDX-License-Identifier: GPL-2.0-only
/*
 * Breakpoints at TLBI instructions, see tlbis.h.
 */
#include <asm/sections.h>
#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "tlbis.h"

#ifdef CONFIG_KPROBES

/* SYS with op0 = 1 and CRn = 8. */
static bool is_tlbi(u32 instruction)
{
	return (instruction & 0xfff8f000) == 0xd5088000;
}

/* Of the library, of the module, or of KVM's stage 2? A C++ name has its namespaces in it. */
static bool is_compared(const u32 *at)
{
	char name[KSYM_SYMBOL_LEN];

	sprint_symbol_no_offset(name, (unsigned long)at);
	return strstarts(name, "__kvm_tlb_flush_vmid") || strstr(name, "4vmsa") ||
	       strstr(name, "6stage2");
}

static unsigned long executed;

static int note(struct kprobe *probe, struct pt_regs *regs)
{
	executed++;
	return 0;
}

struct probes {
	size_t count;
	struct kprobe *planted[];
};

static void take_out(void *of)
{
	struct probes *probes = of;

	unregister_kprobes(probes->planted, probes->count);
}

/* How many there are; plants them where there is room for so many. */
static size_t find(struct kprobe *room, struct probes *probes)
{
	size_t count = 0;
	const u32 *at;

	for (at = (const u32 *)_stext; at < (const u32 *)_etext; at++) {
		if (!is_tlbi(le32_to_cpup((const __le32 *)at)) || !is_compared(at))
			continue;
		if (room) {
			room[count].addr = (kprobe_opcode_t *)at;
			room[count].pre_handler = note;
			probes->planted[count] = &room[count];
		}
		count++;
	}
	return count;
}

bool tlbis_record(struct kunit *test)
{
	const size_t count = find(NULL, NULL);
	struct probes *probes;
	struct kprobe *room;

	probes = kunit_kzalloc(test, struct_size(probes, planted, count), GFP_KERNEL);
	room = kunit_kcalloc(test, count, sizeof(*room), GFP_KERNEL);
	if (!count || !probes || !room)
		return false;
	probes->count = find(room, probes);
	executed = 0;
	return !register_kprobes(probes->planted, count) &&
	       !kunit_add_action_or_reset(test, take_out, probes);
}

unsigned long tlbis_executed(void)
{
	return READ_ONCE(executed);
}

#else

bool tlbis_record(struct kunit *test)
{
	return false;
}

unsigned long tlbis_executed(void)
{
	return 0;
}

#endif
