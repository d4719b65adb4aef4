// SPDX-License-Identifier: GPL-2.0-only
//
// How many TLBI instructions a change takes, of ours and of KVM's, for the same shapes: never more than KVM's.
// scripts/bench-tables.sh makes the manual's table of them.
#include "kvm.h"
#include "module/engine/tlb.hpp"
#include "module/guest/tables.hpp"
#include "module/kernel/kernel.hpp"
#include "suite.hpp"
#include "tlbis.h"
#include "vmsa/mapping.hpp"

using namespace vmsa;
using namespace stage2;

namespace
{

constexpr uint64_t page = 4 * KiB, block = 2 * MiB;
constexpr kvm_wish wish{true, true, false, KVM_NORMAL, 0}; // rw
// Not aligned to a block: all pages.
constexpr Pa ram{page};

constexpr Ipa start{GiB};
constexpr Region<Ipa> shapes[] = {
	{start + 3 * page, page}, // a page
	{start + 3 * page, 37 * page}, // a run
	{start + 16 * page, 16 * page}, // a group that could be contiguous
	{start + block, block}, // a subtree: a table of pages
	{start, 8 * block}, // the guest
};

struct Both {
	Tables tables{"tlbis"};
	engine::TlbOf<Stage2_4K> tlb{"tlbis"};
	Mapping<Stage2_4K, Tables, engine::TlbOf<Stage2_4K>> our{tables, tlb};
	kvm_tables *kvm = nullptr;

	bool create(struct kunit *test)
	{
		kernel_features f;

		kernel_read_features(&f);
		tables.set_limit(MiB);
		kvm = kvm_tables_make(test, 40, kvm_has_fwb());
		return kvm && our.create(stage2_geometry<Granule4K>(40, f.pa_bits).value()).ok() &&
		       tlb.admit(engine::registers_of(our.tree()),
				 our.tree().geometry().last_input());
	}
	~Both()
	{
		tlb.dismiss();
		our.destroy();
	}

	// The guest is whole, of pages.
	bool fill()
	{
		const Region<Ipa> all = shapes[std::size(shapes) - 1];

		(void)kvm_tables_unmap(kvm, all.first.raw(), all.size());
		return our.remap(all, Linear{all.first, ram}, normal | rw).ok() &&
		       !kvm_tables_map(kvm, all.first.raw(), all.size(), ram.raw(), &wish);
	}
};

// Of all shapes; each begins with a whole guest.
template <class DoOurs, class DoKvm>
void compare(struct kunit *test, Both &both, const char *const (&remarks)[std::size(shapes)],
	     const DoOurs &ours, const DoKvm &kvm)
{
	for (size_t i = 0; i < std::size(shapes); i++) {
		const Region<Ipa> region = shapes[i];

		ASSERT(both.fill());
		const unsigned long before = tlbis_executed();

		EXPECT(ours(region));
		const unsigned long middle = tlbis_executed();

		EXPECT(kvm(region.first.raw(), region.size()));
		const unsigned long long numbers[] = {1, middle - before,
						      tlbis_executed() - middle};

		test_remark(test, remarks[i], numbers, std::size(numbers));
		EXPECT(numbers[1] > 0);
		EXPECT(numbers[1] <= numbers[2]);
	}
}

} // namespace

#define REMARKS(change)                                                                            \
	{                                                                                          \
		"tlbis " change "_page:", "tlbis " change "_run:", "tlbis " change "_group:",      \
			"tlbis " change "_subtree:", "tlbis " change "_guest:"                     \
	}

TEST(never_more_than_kvm)
{
	Both both;

	if (!kvm_is_here())
		SKIP("no KVM at EL2 here");
	if (!tlbis_record(test))
		SKIP("no kprobes here");
	ASSERT(both.create(test));
	compare(
		test, both, REMARKS("unmap"),
		[&](Region<Ipa> region) { return both.our.unmap(region).ok(); },
		[&](uint64_t first, uint64_t size) {
			return !kvm_tables_unmap(both.kvm, first, size);
		});
	// KVM's callers flush what they have protected.
	compare(
		test, both, REMARKS("protect"),
		[&](Region<Ipa> region) { return both.our.protect(region, r).ok(); },
		[&](uint64_t first, uint64_t size) {
			return !kvm_tables_write_protect(both.kvm, first, size) &&
			       kvm_tables_flush(both.kvm, first, size);
		});
	// By other pages.
	compare(
		test, both, REMARKS("remap"),
		[&](Region<Ipa> region) {
			return both.our.remap(region, Linear{start, ram + GiB}, normal | rw).ok();
		},
		[&](uint64_t first, uint64_t size) {
			return !kvm_tables_map(both.kvm, first, size,
					       (ram + GiB).raw() + (first - start.raw()), &wish);
		});
}

SUITE(kvm_tlbis, never_more_than_kvm);
