/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM's own stage 2 code (arch/arm64/kvm/hyp/pgtable.c), which nobody here wrote, as a judge
 * (suites/kvm.cpp), and to compare costs with (suites/kvm_cost.cpp, suites/kvm_tlbis.cpp):
 *
 *   the same requests ─┬─ Lab ──────────> our tables ───┐
 *                      │                                ├─ KVM's walker ─> equal entries
 *                      └─ kvm_tables_* ─> KVM's tables ─┘
 *
 * In a kernel only: KVM exports none of it to modules. Addresses and sizes are in bytes, and
 * aligned to 4K. A region is made of whole leaves: of one that is only touched, KVM takes the rest
 * along. What returns an int returns 0, or an errno, negative. Of one test: nothing is locked.
 */
#ifndef KUNIT_KVM_H
#define KUNIT_KVM_H

#ifdef __cplusplus
#include <cstddef>
extern "C" {
#else
#include <linux/types.h>
#endif

struct kunit;
struct kvm_tables;

enum kvm_memory { KVM_NORMAL, KVM_NORMAL_NC, KVM_DEVICE /* nGnRE */ };

struct kvm_wish {
	bool read;
	bool write;
	bool execute;
	enum kvm_memory memory;
	unsigned char software; /* bits 58:56 */
};

struct kvm_entry {
	unsigned long ipa;
	unsigned long descriptor; /* of a table without its address */
	int level;
};

/*
 * Is there a KVM at EL2? It takes LPA2 where the machine has that, FWB where it is asked for, or,
 * newer ones, where the machine has that.
 */
bool kvm_is_here(void);
bool kvm_has_lpa2(void);
bool kvm_has_fwb(void);
bool kvm_can_leave_fwb(void);

/* KVM's tables of one IPA space, until the test is over. NULL where there is no memory for them. */
struct kvm_tables *kvm_tables_make(struct kunit *test, unsigned int ipa_bits, bool fwb);

/* What KVM would write to VTCR_EL2. */
unsigned long kvm_tables_vtcr(const struct kvm_tables *tables);

int kvm_tables_map(struct kvm_tables *tables, unsigned long ipa, unsigned long size,
		   unsigned long pa, const struct kvm_wish *wish);
int kvm_tables_unmap(struct kvm_tables *tables, unsigned long ipa, unsigned long size);
int kvm_tables_write_protect(struct kvm_tables *tables, unsigned long ipa, unsigned long size);

/* What KVM's callers do when they have write-protected something: invalidates it. True. */
bool kvm_tables_flush(struct kvm_tables *tables, unsigned long ipa, unsigned long size);

/* Clears the access flags. Was one of them set? */
bool kvm_tables_age(struct kvm_tables *tables, unsigned long ipa, unsigned long size);

/* The descriptor of the leaf that decides `ipa`, or that of the hole. */
unsigned long kvm_tables_find(struct kvm_tables *tables, unsigned long ipa);

/* How many leaves there are. */
size_t kvm_tables_count(struct kvm_tables *tables, unsigned long ipa, unsigned long size);

/*
 * What KVM's walker finds, in its order, but for entries that are 0. Writes the first `room` of
 * them, and returns how many there are. `root` is NULL for KVM's own tables; otherwise it is that
 * of others, of the same shape, at the physical address `root_pa`, and all of them are in one
 * block of memory.
 */
size_t kvm_tables_read(struct kvm_tables *tables, unsigned long *root, unsigned long root_pa,
		       struct kvm_entry *entries, size_t room);

#ifdef __cplusplus
}
#endif

#endif /* KUNIT_KVM_H */
