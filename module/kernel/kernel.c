// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's side of the seam: memory, locks, the machine, text. No decision is made here.
 */
#include <linux/bitmap.h>
#include <linux/gfp.h>
#include <linux/kcsan-checks.h>
#include <linux/kmemleak.h>
#include <linux/mm.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/semaphore.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include <asm/cpufeature.h>
#include <asm/sysreg.h>
#include <asm/virt.h>

#include "compat.h"
#include "kernel.h"

/* Fail, rather than push others out or wake the OOM killer. */
#define STAGE2_GFP (GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NORETRY | __GFP_NOWARN)

void *kernel_alloc(unsigned long bytes)
{
	return kvmalloc(bytes, STAGE2_GFP);
}

void kernel_free(void *object)
{
	kvfree(object);
}

/* kmalloc aligns powers of two to their size; a table may be smaller than the kernel's page. */
void *kernel_table_alloc(unsigned long bytes)
{
	void *table = kmalloc(bytes, STAGE2_GFP);

	/* VTTBR_EL2 cannot name it as a root: that has 48 bits, memory with FEAT_LPA up to 52. */
	if (table && virt_to_phys(table) >> 48) {
		kfree(table);
		return NULL;
	}

	/* Tables are reached by physical address, which kmemleak does not look for. */
	kmemleak_ignore(table);
	return table;
}

void kernel_table_free(void *table)
{
	kfree(table);
}

void kernel_tables_free(void **tables, unsigned long count)
{
	kfree_bulk(count, tables);
}

unsigned long kernel_ram_alloc(unsigned long bytes)
{
	unsigned int order = get_order(bytes);
	struct page *page = alloc_pages(STAGE2_GFP, order);

	if (!page)
		return 0;
	split_page(page, order);
	/* A guest with its caches off must not see what was there before the zeroes. */
	kernel_cache_clean(page_address(page), bytes);
	return page_to_phys(page);
}

void kernel_ram_free(unsigned long phys, unsigned long bytes)
{
	unsigned long at;

	for (at = phys; at < phys + bytes; at += PAGE_SIZE) {
		__free_page(phys_to_page(at));
		if (at % SZ_256K == 0)
			cond_resched();
	}
	cond_resched();
}

unsigned long kernel_ram_total(void)
{
	return totalram_pages() << PAGE_SHIFT;
}

unsigned long kernel_ram_available(void)
{
	/* The first counts what only movable pages can use, too. */
	long pages = si_mem_available() - global_zone_page_state(NR_FREE_CMA_PAGES);

	return pages > 0 ? (unsigned long)pages << PAGE_SHIFT : 0;
}

unsigned long kernel_page_size(void)
{
	return PAGE_SIZE;
}

unsigned long kernel_linear_offset __ro_after_init;

void kernel_memory_start(void)
{
	kernel_linear_offset = PAGE_OFFSET - PHYS_OFFSET;
}

/* bitmap_find_next_zero_area_off, for maps of any size, and not without a pause. */
unsigned long kernel_bitmap_find(unsigned long *map, unsigned long bits, unsigned long count,
				 unsigned long align_mask, unsigned long align_offset)
{
	unsigned long looks = 0;
	unsigned long first = 0;

	for (;;) {
		unsigned long used;

		first = find_next_zero_bit(map, bits, first);
		first = ALIGN(first + align_offset, align_mask + 1) - align_offset;
		if (first >= bits || count > bits - first)
			return bits;
		used = find_next_bit(map, first + count, first);
		if (used >= first + count)
			return first;
		first = used + 1;
		if (++looks % 4096 == 0)
			cond_resched();
	}
}

/* bitmap_set and the others take 2^32 bits at most: as many as a piece has, which begins a word. */
#define PIECE (SZ_64M & ~(BITS_PER_LONG - 1))

static unsigned long piece_from(unsigned long first, unsigned long count)
{
	return min(count, PIECE - first % BITS_PER_LONG);
}

void kernel_bitmap_mark(unsigned long *map, unsigned long first, unsigned long count, bool used)
{
	while (count) {
		unsigned long n = piece_from(first, count);

		if (used)
			bitmap_set(map + BIT_WORD(first), first % BITS_PER_LONG, n);
		else
			bitmap_clear(map + BIT_WORD(first), first % BITS_PER_LONG, n);
		first += n;
		count -= n;
	}
}

unsigned long kernel_bitmap_weight(const unsigned long *map, unsigned long bits)
{
	unsigned long weight = 0;
	unsigned long first;

	for (first = 0; first < bits; first += PIECE) {
		weight += bitmap_weight(map + BIT_WORD(first), piece_from(0, bits - first));
		cond_resched();
	}
	return weight;
}

struct kernel_lock {
	/*
	 * Who wants the lock alone waits here for others like him. At an rwsem he would spin while
	 * its owner has a CPU, and who spins is not killed; here he sleeps.
	 */
	struct semaphore alone;
	struct rw_semaphore sem;	/* what it protects is up to its owner */
};

struct kernel_lock *kernel_lock_create(enum kernel_lock_class class_)
{
	static struct lock_class_key keys[KERNEL_LOCK_CLASSES];
	static const char *const names[KERNEL_LOCK_CLASSES] = {
		[KERNEL_LOCK_REGISTRY] = "stage2_registry",
		[KERNEL_LOCK_GUEST] = "stage2_guest",
		[KERNEL_LOCK_LOG] = "stage2_log",
	};
	struct kernel_lock *lock = kzalloc(sizeof(*lock), GFP_KERNEL_ACCOUNT);

	if (lock) {
		sema_init(&lock->alone, 1);
		__init_rwsem(&lock->sem, names[class_], &keys[class_]);
	}
	return lock;
}

void kernel_lock_destroy(struct kernel_lock *lock)
{
	kfree(lock);
}

void kernel_lock_acquire(struct kernel_lock *lock)
{
	down(&lock->alone);
	down_write(&lock->sem);
}

bool kernel_lock_acquire_killable(struct kernel_lock *lock)
{
	if (down_killable(&lock->alone))
		return false;
	if (!down_write_killable(&lock->sem))
		return true;
	up(&lock->alone);
	return false;
}

void kernel_lock_release(struct kernel_lock *lock)
{
	up_write(&lock->sem);
	up(&lock->alone);
}

void kernel_lock_share(struct kernel_lock *lock)
{
	down_read(&lock->sem);
}

bool kernel_lock_share_killable(struct kernel_lock *lock)
{
	return !down_read_killable(&lock->sem);
}

void kernel_lock_unshare(struct kernel_lock *lock)
{
	up_read(&lock->sem);
}

#ifdef CONFIG_KCSAN
/* What g++ calls before it stores a pointer to virtual functions; the kernel's KCSAN is for C. */
void __tsan_vptr_update(void **at, void *functions);

void __tsan_vptr_update(void **at, void *functions)
{
	kcsan_check_write(at, sizeof(*at));
}
#endif

static unsigned int field(u64 value, unsigned int shift)
{
	return (value >> shift) & 0xf;
}

/* ID_AA64MMFR0_EL1.TGRANx_2: 0 means "as stage 1", 1 means not supported (Arm ARM D19.2.64). */
static bool stage2_granule(unsigned int tgran_2, bool stage1)
{
	return tgran_2 == 0 ? stage1 : tgran_2 != 1;
}

static bool has_erratum(unsigned int capability)
{
	return cpus_have_cap(capability);
}

void kernel_read_features(struct kernel_features *features)
{
	static const u8 pa_bits[] = { 32, 36, 40, 42, 44, 48, 52, 56 };
	u64 mmfr0 = read_sanitised_ftr_reg(SYS_ID_AA64MMFR0_EL1);
	u64 mmfr1 = read_sanitised_ftr_reg(SYS_ID_AA64MMFR1_EL1);
	u64 mmfr2 = read_sanitised_ftr_reg(SYS_ID_AA64MMFR2_EL1);
	u64 isar0 = read_sanitised_ftr_reg(SYS_ID_AA64ISAR0_EL1);
	u64 pfr0 = read_sanitised_ftr_reg(SYS_ID_AA64PFR0_EL1);

	/* Field positions: Arm ARM D19.2.61 to D19.2.67. */
	*features = (struct kernel_features) {
		.pa_bits = pa_bits[field(mmfr0, 0) & 7],
		.granule_4k = stage2_granule(field(mmfr0, 40), field(mmfr0, 28) != 0xf),
		.granule_16k = stage2_granule(field(mmfr0, 32), field(mmfr0, 20) != 0),
		.granule_64k = stage2_granule(field(mmfr0, 36), field(mmfr0, 24) != 0xf),
		.lpa2_4k = field(mmfr0, 40) == 3 ||
			   (field(mmfr0, 40) == 0 && field(mmfr0, 28) == 1),
		.lpa2_16k = field(mmfr0, 32) == 3 ||
			    (field(mmfr0, 32) == 0 && field(mmfr0, 20) == 2),
		.vmid16 = field(mmfr1, 4) == 2,
		.access_flag = field(mmfr1, 0) >= 1,
		.dirty_state = field(mmfr1, 0) >= 2,
		.xnx = field(mmfr1, 28) >= 1,
		.fwb = field(mmfr2, 40) >= 1,
		.range_tlbi = field(isar0, 56) >= 2,
		.ttl = field(mmfr2, 48) >= 1,
		.bbm = field(mmfr2, 52),
		.ras = field(pfr0, 28) >= 1,
		.aarch32 = field(pfr0, 0) == 2,
#ifdef SYS_HFGRTR2_EL2
		.fgt2 = field(mmfr0, 56) >= 2,
#endif
#ifdef ARM64_MPAM
		.mpam = cpus_have_cap(ARM64_MPAM),
		.mpam_hcr = cpus_have_cap(ARM64_MPAM_HCR),
#endif
		.at_el2 = is_kernel_in_hyp_mode(),
		.repeat_tlbi = has_erratum(ARM64_WORKAROUND_REPEAT_TLBI_SYNC),
		.speculative_at = has_erratum(ARM64_WORKAROUND_SPECULATIVE_AT),
		.hpfar_unreliable = has_erratum(ARM64_WORKAROUND_834220),
	};
}

unsigned long kernel_time_us(void)
{
	return local_clock() / NSEC_PER_USEC;
}

unsigned long kernel_time_ns(void)
{
	return local_clock();
}

void kernel_print(struct seq_file *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	seq_vprintf(out, format, args);
	va_end(args);
}

void kernel_print_bytes(struct seq_file *out, const void *bytes, unsigned long count)
{
	seq_write(out, bytes, count);
}

int kernel_format_args(char *buffer, unsigned long size, const char *format, void *args)
{
	return vscnprintf(buffer, size, format, *(va_list *)args);
}

int kernel_format(char *buffer, unsigned long size, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = kernel_format_args(buffer, size, format, &args);
	va_end(args);
	return length;
}
