/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM's own stage 2 code (arch/arm64/kvm/hyp/pgtable.c) as a judge, for suites/kvm.cpp. Nobody here wrote it:
 *
 *   the same requests ──┬── Lab ──────────> our tables ───┐
 *                       │                                 ├── KVM's walker ──> entries, which are equal
 *                       └── kvm_tables_* ─> KVM's tables ─┘
 *
 * In a kernel only: KVM exports none of it to modules. Addresses and sizes are in bytes, and aligned to 4K.
 * A region is made of whole leaves: of one that is only touched, KVM takes the rest along. 0, or an errno, negative.
 */
#ifndef KUNIT_KVM_H
#define KUNIT_KVM_H

#ifdef __cplusplus
#include <cstddef>
#include <cstdint>
extern "C" {
#else
#include <linux/types.h>
#endif

struct kunit;
struct kvm_tables;

enum kvm_memory { KVM_NORMAL, KVM_NORMAL_NC, KVM_DEVICE_nGnRE };

struct kvm_wish {
	bool read;
	bool write;
	bool execute;
	enum kvm_memory memory;
	unsigned char software; /* bits 58:56 */
};

struct kvm_entry {
	uint64_t ipa;
	uint64_t descriptor; /* of a table without its address */
	int level;
};

/* Is there a KVM at EL2? It takes LPA2 where the machine has that, and FWB where it is asked for. */
bool kvm_is_here(void);
bool kvm_has_lpa2(void);
bool kvm_has_fwb(void);

/* KVM's tables of one IPA space. They go when the test is over. NULL where there is no memory for them. */
struct kvm_tables *kvm_tables_make(struct kunit *test, unsigned int ipa_bits, bool fwb);

/* What KVM would write to VTCR_EL2. */
uint64_t kvm_tables_vtcr(const struct kvm_tables *tables);

int kvm_tables_map(struct kvm_tables *tables, uint64_t ipa, uint64_t size, uint64_t pa,
		   const struct kvm_wish *wish);
int kvm_tables_unmap(struct kvm_tables *tables, uint64_t ipa, uint64_t size);
int kvm_tables_write_protect(struct kvm_tables *tables, uint64_t ipa, uint64_t size);

/* Clears the access flags. Was one of them set? */
bool kvm_tables_age(struct kvm_tables *tables, uint64_t ipa, uint64_t size);

/*
 * What KVM's walker finds, in its order, but for entries that are 0. Writes the first `room` of them, and returns how
 * many there are. `root` is NULL for KVM's own tables; otherwise it is that of others, of the same shape, in one block
 * of memory whose first byte is the root's, and has the physical address `root_pa`.
 */
size_t kvm_tables_read(struct kvm_tables *tables, uint64_t *root, uint64_t root_pa,
		       struct kvm_entry *entries, size_t room);

#ifdef __cplusplus
}
#endif

#endif /* KUNIT_KVM_H */
