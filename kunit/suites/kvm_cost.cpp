// SPDX-License-Identifier: GPL-2.0-only
//
// What the module's tables cost, and KVM's, in instructions: the same operations in the same kernel, with
// pages from the same allocator, and real TLB maintenance. Where CNTVCT_EL0 counts instructions
// (scripts/bench-tables.sh), on 1 GiB, and 64 MiB where each page is a call; elsewhere on little, only to see
// that they succeed.
#include "kvm.h"
#include "module/engine/el2/registers.hpp"
#include "module/engine/tlb.hpp"
#include "module/guest/tables.hpp"
#include "module/kernel/kernel.hpp"
#include "suite.hpp"
#include "vmsa/mapping.hpp"
#include "vmsa/rows.hpp"

using namespace vmsa;
using namespace stage2;

namespace
{

constexpr uint64_t page = 4 * KiB, block = 2 * MiB;
constexpr kvm_wish wish{true, true, false, KVM_NORMAL, 0}; // rw

uint64_t now()
{
	constexpr Register cntvct_el0 = el2::reg(3, 14, 0, 2);

	el2::Cpu::isb();
	return el2::Cpu::read<cntvct_el0>();
}

// Interrupts are masked: the kernel's tick is in no count.
class Masked {
    public:
	explicit Masked(bool masks) : masks_{masks}, flags_{masks ? kernel_mask() : 0}
	{
	}
	~Masked()
	{
		if (masks_)
			kernel_unmask(flags_);
	}
	Masked(const Masked &) = delete;
	Masked &operator=(const Masked &) = delete;

    private:
	const bool masks_;
	const unsigned long flags_;
};

// A loop of two instructions takes as many ticks.
bool counter_counts_instructions()
{
	const Masked masked{true};
	const uint64_t start = now();
	uint64_t rounds = 10000;

	asm volatile("1: subs %0, %0, #1\n\tb.ne 1b" : "+r"(rounds) : : "cc");
	return now() - start - 20000 < 10;
}

struct Ours {
	using Mapping = vmsa::Mapping<Stage2_4K, Tables, engine::TlbOf<Stage2_4K>>;

	Tables tables{"cost"};
	engine::TlbOf<Stage2_4K> tlb{"cost"};
	Mapping mapping{tables, tlb};

	bool create()
	{
		kernel_features f;

		kernel_read_features(&f);
		tables.set_limit(8 * MiB);
		return mapping.create(stage2_geometry<Granule4K>(40, f.pa_bits).value()).ok() &&
		       tlb.admit(engine::registers_of(mapping.tree()),
				 mapping.tree().geometry().last_input());
	}
	~Ours()
	{
		tlb.dismiss();
		mapping.destroy();
	}

	// Inlined, as the library's calls are: a count of single calls has no frame of the caller's in it.
	[[gnu::always_inline]] bool map(Region<Ipa> region, Pa pa)
	{
		return mapping.map(region, Linear{region.first, pa}, normal | rw).ok();
	}
};

constinit bool counts = false; // counter_counts_instructions()

// Not inlined: a count shall not depend on what else is in this file.
template <class Do> [[gnu::noinline]] bool done(const Do &act)
{
	return act();
}

// What it takes. Where nothing counts, memory may be waited for.
template <class Do> uint64_t count(struct kunit *test, const Do &act)
{
	uint64_t taken;
	bool succeeded;
	{
		const Masked masked{counts};
		const uint64_t start = now();

		succeeded = done(act);
		taken = now() - start;
	}
	EXPECT(succeeded);
	return taken;
}

// Both do the same, and scripts/bench-tables.sh reads what each took: "cost NAME: UNITS OURS KVM".
template <class DoOurs, class DoKvm>
void measure(struct kunit *test, const char *name, uint64_t units, const DoOurs &ours,
	     const DoKvm &kvm)
{
	const unsigned long long numbers[] = {units, count(test, ours), count(test, kvm)};

	test_remark(test, name, numbers, std::size(numbers));
}

// The same, where KVM does nothing like it.
template <class DoOurs>
void measure(struct kunit *test, const char *name, uint64_t units, const DoOurs &ours)
{
	const unsigned long long numbers[] = {units, count(test, ours), 0};

	test_remark(test, name, numbers, std::size(numbers));
}

template <class Call> bool for_each_page(Region<Ipa> all, const Call &call)
{
	for (uint64_t offset = 0; offset < all.size(); offset += page) {
		if (!call(all.first + offset))
			return false;
	}
	return true;
}

// The pages of `all`, whose number is a power of two, in no order that a walk could make use of.
template <class Call> bool at_random(Region<Ipa> all, unsigned calls, const Call &call)
{
	const uint64_t pages = all.size() / page;

	for (uint64_t i = 0; calls; calls--, i += 0x9e37'79b1) {
		if (!call(all.first + page * (i >> 4 & (pages - 1))))
			return false;
	}
	return true;
}

void compare_costs(struct kunit *test, Ours &our, kvm_tables *kvm, Region<Ipa> all)
{
	const uint64_t first = all.first.raw(), size = all.size(), pages = size / page;
	// Not aligned to a block: all pages.
	const Pa ram{page};

	measure(
		test, "cost map_4k:", pages, [&] { return our.map(all, ram); },
		[&] { return !kvm_tables_map(kvm, first, size, ram.raw(), &wish); });
	measure(
		test, "cost translate:", 1000,
		[&] {
			return at_random(all, 1000,
					 [&](Ipa at) { return our.mapping.translate(at).ok(); });
		},
		[&] {
			return at_random(all, 1000,
					 [&](Ipa at) { return kvm_tables_find(kvm, at.raw()); });
		});
	measure(
		test, "cost walk_4k:", pages,
		[&] { return census(our.mapping.tree()).leaves[last_level] == pages; },
		[&] { return kvm_tables_count(kvm, first, size) == pages; });
	measure(
		test, "cost protect_4k:", pages, [&] { return our.mapping.protect(all, r).ok(); },
		[&] { return !kvm_tables_write_protect(kvm, first, size); });
	measure(
		test, "cost age_4k:", pages,
		[&] { return our.mapping.harvest_accessed(all, [](Region<Ipa>, Level) {}).ok(); },
		[&] { return kvm_tables_age(kvm, first, size); });
	// Hardware may set the access flags of these.
	measure(test, "cost protect_aged:", pages,
		[&] { return our.mapping.protect(all, rw).ok(); });
	measure(
		test, "cost unmap_4k:", pages, [&] { return our.mapping.unmap(all).ok(); },
		[&] { return !kvm_tables_unmap(kvm, first, size); });

	const Region<Ipa> some{all.first, size / 16};

	measure(
		test, "cost map_single:", pages / 16,
		[&] {
			return for_each_page(
				some, [&](Ipa at) __attribute__((always_inline)) {
					return our.map({at, page}, ram);
				});
		},
		[&] {
			return for_each_page(some, [&](Ipa at) {
				return !kvm_tables_map(kvm, at.raw(), page, ram.raw(), &wish);
			});
		});
	measure(
		test, "cost unmap_single:", pages / 16,
		[&] {
			return for_each_page(
				some, [&](Ipa at) __attribute__((always_inline)) {
					return our.mapping.unmap({at, page}).ok();
				});
		},
		[&] {
			return for_each_page(some, [&](Ipa at) {
				return !kvm_tables_unmap(kvm, at.raw(), page);
			});
		});
	EXPECT(our.map(some, ram));
	// As Space has it while no vCPU runs.
	our.mapping.rules().live = false;
	measure(test, "cost unmap_single_idle:", pages / 16, [&] {
		return for_each_page(
			some, [&](Ipa at) __attribute__((always_inline)) {
				return our.mapping.unmap({at, page}).ok();
			});
	});
	our.mapping.rules().live = true;
	measure(
		test, "cost map_2m:", size / block, [&] { return our.map(all, Pa{block}); },
		[&] { return !kvm_tables_map(kvm, first, size, block, &wish); });
}

// What KVM does by faults, in the guest's time, or not at all.
void our_costs(struct kunit *test, Ours &our, Region<Ipa> all)
{
	const uint64_t pages = all.size() / page;
	Stage2Attributes logged = normal | rw;

	measure(test, "cost cut_2m:", pages, [&] { return our.mapping.cut(all).ok(); });
	measure(test, "cost fold_2m:", pages, [&] { return our.mapping.fold(all).ok(); });
	EXPECT(our.mapping.unmap(all).ok());
	EXPECT(our.map(all, Pa{page}));
	measure(test, "cost remap_4k:", pages, [&] {
		return our.mapping.remap(all, Linear{all.first, Pa{2 * page}}, normal | rw).ok();
	});
	EXPECT(our.mapping.unmap(all).ok());
	logged.dbm = true; // and dirty, as it is writable
	EXPECT(our.mapping.map(all, Linear{all.first, Pa{page}}, logged).ok());
	measure(test, "cost dirty_4k:", pages,
		[&] { return our.mapping.harvest_dirty(all, [](Region<Ipa>, Level) {}).ok(); });
	measure(test, "cost destroy_4k:", pages, [&] {
		our.mapping.destroy();
		return true;
	});
}

// What the kernel alone takes to free the tables of so many pages, in bulk: less is not to be had.
void kernel_costs(struct kunit *test, uint64_t pages)
{
	const auto tables = scratch<void *>(test, pages / 512);

	bool all = true;

	for (void *&table : tables) {
		table = kernel_table_alloc(page);
		all = all && table;
	}
	EXPECT(all);
	if (!all) { // a bulk must have no null in it
		for (void *table : tables)
			kernel_table_free(table);
		return;
	}
	measure(test, "cost kernel_free:", pages, [&] {
		for (size_t i = 0, n; i < tables.size(); i += n) {
			n = tables.size() - i < Tables::at_once ? tables.size() - i
								: Tables::at_once;
			kernel_tables_free(&tables[i], n);
		}
		return true;
	});
}

} // namespace

TEST(both_do_the_same)
{
	Ours our;

	if (!kvm_is_here())
		SKIP("no KVM at EL2 here");
	kvm_tables *kvm = kvm_tables_make(test, 40, kvm_has_fwb());

	ASSERT(our.create());
	ASSERT(kvm);
	counts = counter_counts_instructions();
	const Region<Ipa> all{Ipa{0}, counts ? GiB : 4 * block};

	compare_costs(test, our, kvm, all);
	our_costs(test, our, all);
	kernel_costs(test, all.size() / page);
}

SUITE(kvm_cost, both_do_the_same);
