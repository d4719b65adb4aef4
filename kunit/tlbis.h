/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many TLBI instructions are executed: a breakpoint is at each in the kernel that belongs to
 * the module, to the library, or to KVM's stage 2. So it does not matter what any of them
 * believes to have issued.
 */
#ifndef KUNIT_TLBIS_H
#define KUNIT_TLBIS_H

#ifdef __cplusplus
extern "C" {
#endif

struct kunit;

/* From now on, until the test is over. False: this kernel has no kprobes, or no memory for them. */
bool tlbis_record(struct kunit *test);

/* Since then. */
unsigned long tlbis_executed(void);

#ifdef __cplusplus
}
#endif

#endif /* KUNIT_TLBIS_H */
