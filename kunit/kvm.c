// SPDX-License-Identifier: GPL-2.0-only
/*
 * What of KVM's stage 2 code the suites kvm, kvm_cost and kvm_tlbis call, see kvm.h.
 */
#include <asm/kvm_host.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pgtable.h>
#include <asm/virt.h>
#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "kvm.h"

/* Newer ones always take FWB where it is, see Makefile. */
#ifndef KVM_CAN_LEAVE_FWB
#define KVM_PGTABLE_S2_NOFWB 0
#endif

struct kvm_tables {
	struct kvm kvm; /* all zero, but for arch.mmu */
	struct kvm_pgtable pgt;
};

static void *zalloc_page(void *unused)
{
	return (void *)get_zeroed_page(GFP_KERNEL);
}

static void *zalloc_pages_exact(size_t size)
{
	return alloc_pages_exact(size, GFP_KERNEL_ACCOUNT | __GFP_ZERO);
}

/* KVM counts the entries in use of a table, as references to its page. */
static void take_page(void *table)
{
	get_page(virt_to_page(table));
}

static void leave_page(void *table)
{
	put_page(virt_to_page(table));
}

static int count_page(void *table)
{
	return page_count(virt_to_page(table));
}

static void *to_virtual(phys_addr_t pa)
{
	return __va(pa);
}

static phys_addr_t to_physical(void *table)
{
	return __pa(table);
}

static struct kvm_pgtable_mm_ops kernel_memory = {
	.zalloc_page = zalloc_page,
	.zalloc_pages_exact = zalloc_pages_exact,
	.free_pages_exact = free_pages_exact,
	.get_page = take_page,
	.put_page = leave_page,
	.page_count = count_page,
	.phys_to_virt = to_virtual,
	.virt_to_phys = to_physical,
};

static void destroy(void *of)
{
	struct kvm_tables *tables = of;

	kvm_pgtable_stage2_destroy(&tables->pgt);
}

bool kvm_is_here(void)
{
	return is_kvm_arm_initialised() && is_kernel_in_hyp_mode();
}

bool kvm_has_lpa2(void)
{
	return kvm_lpa2_is_enabled();
}

bool kvm_has_fwb(void)
{
	return cpus_have_final_cap(ARM64_HAS_STAGE2_FWB);
}

bool kvm_can_leave_fwb(void)
{
	return KVM_PGTABLE_S2_NOFWB || !kvm_has_fwb();
}

struct kvm_tables *kvm_tables_make(struct kunit *test, unsigned int ipa_bits, bool fwb)
{
	struct kvm_tables *tables;
	struct kvm_s2_mmu *mmu;

	tables = kunit_kzalloc(test, sizeof(*tables), GFP_KERNEL);
	if (!tables)
		return NULL;
	mmu = &tables->kvm.arch.mmu;
	mmu->arch = &tables->kvm.arch;
	mmu->pgt = &tables->pgt;
	/* No vCPU ever has it, but what is unmapped is invalidated for it. */
	atomic64_set(&mmu->vmid.id, 1);
	mmu->vtcr = kvm_get_vtcr(read_sanitised_ftr_reg(SYS_ID_AA64MMFR0_EL1),
				 read_sanitised_ftr_reg(SYS_ID_AA64MMFR1_EL1), ipa_bits);
	if (__kvm_pgtable_stage2_init(&tables->pgt, mmu, &kernel_memory,
				      fwb ? 0 : KVM_PGTABLE_S2_NOFWB, NULL))
		return NULL;
	mmu->pgd_phys = __pa(tables->pgt.pgd);
	return kunit_add_action_or_reset(test, destroy, tables) ? NULL : tables;
}

unsigned long kvm_tables_vtcr(const struct kvm_tables *tables)
{
	return tables->kvm.arch.mmu.vtcr;
}

static enum kvm_pgtable_prot prot_of(const struct kvm_wish *wish)
{
	static const enum kvm_pgtable_prot types[] = {
		[KVM_NORMAL] = 0,
		[KVM_NORMAL_NC] = KVM_PGTABLE_PROT_NORMAL_NC,
		[KVM_DEVICE] = KVM_PGTABLE_PROT_DEVICE,
	};

	return types[wish->memory] | (wish->read ? KVM_PGTABLE_PROT_R : 0) |
	       (wish->write ? KVM_PGTABLE_PROT_W : 0) | (wish->execute ? KVM_PGTABLE_PROT_X : 0) |
	       (wish->software & 1 ? KVM_PGTABLE_PROT_SW1 : 0) |
	       (wish->software & 2 ? KVM_PGTABLE_PROT_SW2 : 0) |
	       (wish->software & 4 ? KVM_PGTABLE_PROT_SW3 : 0);
}

int kvm_tables_map(struct kvm_tables *tables, unsigned long ipa, unsigned long size,
		   unsigned long pa, const struct kvm_wish *wish)
{
	/* Where pages come from is handed to zalloc_page. KVM wants there to be something. */
	return kvm_pgtable_stage2_map(&tables->pgt, ipa, size, pa, prot_of(wish), tables, 0);
}

int kvm_tables_unmap(struct kvm_tables *tables, unsigned long ipa, unsigned long size)
{
	return kvm_pgtable_stage2_unmap(&tables->pgt, ipa, size);
}

int kvm_tables_write_protect(struct kvm_tables *tables, unsigned long ipa, unsigned long size)
{
	return kvm_pgtable_stage2_wrprotect(&tables->pgt, ipa, size);
}

bool kvm_tables_flush(struct kvm_tables *tables, unsigned long ipa, unsigned long size)
{
	kvm_tlb_flush_vmid_range(&tables->kvm.arch.mmu, ipa, size);
	return true;
}

bool kvm_tables_age(struct kvm_tables *tables, unsigned long ipa, unsigned long size)
{
	return kvm_pgtable_stage2_test_clear_young(&tables->pgt, ipa, size, true);
}

unsigned long kvm_tables_find(struct kvm_tables *tables, unsigned long ipa)
{
	kvm_pte_t pte;

	return kvm_pgtable_get_leaf(&tables->pgt, ipa, &pte, NULL) ? 0 : pte;
}

static int count_leaf(const struct kvm_pgtable_visit_ctx *at, enum kvm_pgtable_walk_flags visit)
{
	*(size_t *)at->arg += kvm_pte_valid(at->old);
	return 0;
}

size_t kvm_tables_count(struct kvm_tables *tables, unsigned long ipa, unsigned long size)
{
	size_t count = 0;
	struct kvm_pgtable_walker walker = {
		.cb = count_leaf,
		.arg = &count,
		.flags = KVM_PGTABLE_WALK_LEAF,
	};

	return kvm_pgtable_walk(&tables->pgt, ipa, size, &walker) ? 0 : count;
}

/* What is read. KVM gives the conversion of an address nothing to remember things in. */
static struct reading {
	void *root;
	phys_addr_t root_pa;
	struct kvm_entry *entries;
	size_t room;
	size_t count;
} reading;

static void *to_other_virtual(phys_addr_t pa)
{
	return reading.root + (pa - reading.root_pa);
}

static struct kvm_pgtable_mm_ops other_memory = { .phys_to_virt = to_other_virtual };

static int note(const struct kvm_pgtable_visit_ctx *at, enum kvm_pgtable_walk_flags visit)
{
	const bool table = visit == KVM_PGTABLE_WALK_TABLE_PRE;

	if (!at->old)
		return 0;
	if (reading.count < reading.room)
		reading.entries[reading.count] = (struct kvm_entry){
			.ipa = at->addr,
			.descriptor = table ? at->old & ~kvm_phys_to_pte(~0ULL) : at->old,
			.level = at->level,
		};
	reading.count++;
	return 0;
}

size_t kvm_tables_read(struct kvm_tables *tables, unsigned long *root, unsigned long root_pa,
		       struct kvm_entry *entries, size_t room)
{
	struct kvm_pgtable pgt = tables->pgt;
	struct kvm_pgtable_walker walker = {
		.cb = note,
		.flags = KVM_PGTABLE_WALK_LEAF | KVM_PGTABLE_WALK_TABLE_PRE,
	};

	reading = (struct reading){ root, root_pa, entries, room };
	if (root) {
		pgt.pgd = (kvm_pteref_t)root;
		pgt.mm_ops = &other_memory;
	}
	return kvm_pgtable_walk(&pgt, 0, BIT(pgt.ia_bits), &walker) ? 0 : reading.count;
}
