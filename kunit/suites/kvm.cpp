// SPDX-License-Identifier: GPL-2.0-only
//
// KVM's stage 2 code and ours are asked the same, and make the same tables: descriptor by descriptor, as
// KVM's own walker reads both. In a kernel only (kvm.h).
#include "kvm.h"
#include "support/lab.hpp"
#include "support/random.hpp"
#include "vmsa/vtcr.hpp"

using namespace vmsa;
using namespace support;

namespace
{

using Granule = Granule4K;

struct Request {
	Region<Ipa> region;
	Pa pa;
	kvm_wish wish;
};

constexpr Stage2Attributes attributes_of(const kvm_wish &wish)
{
	constexpr MemoryType types[] = {MemoryType::normal, MemoryType::normal_nc,
					MemoryType::device_nGnRE};

	return {.memory = types[wish.memory],
		.access = {wish.read, wish.write, wish.execute ? Execute::all : Execute::none},
		.software = wish.software};
}

bool is_leaf(const kvm_entry &e)
{
	return e.level == last_level || !(e.descriptor & bit(1));
}

uint64_t size_of(const kvm_entry &e)
{
	return Granule::size(static_cast<Level>(e.level));
}

// Both, and what KVM's walker finds in each.
template <class F> class Pair {
    public:
	static constexpr bool fwb = std::same_as<typename F::Stage, Stage2Fwb>;
	static constexpr size_t most_entries = 32768;

	Pair(struct kunit *test, unsigned ipa_bits)
	    : test_{test}, lab_{test, ipa_bits, 256}, kvm_{kvm_tables_make(test, ipa_bits, fwb)}
	{
	}

	bool good() const
	{
		return lab_.good() && kvm_ && !ours_.empty() && !theirs_.empty();
	}

	[[gnu::noinline]] bool map(const Request &request)
	{
		const Region<Ipa> r = request.region;

		return lab_.map(r, request.pa, attributes_of(request.wish)).ok() &&
		       kvm_tables_map(kvm_, r.first.raw(), r.size(), request.pa.raw(),
				      &request.wish) == 0;
	}

	[[gnu::noinline]] bool unmap(Region<Ipa> r)
	{
		return lab_.unmap(r).ok() && kvm_tables_unmap(kvm_, r.first.raw(), r.size()) == 0;
	}

	[[gnu::noinline]] bool write_protect(Region<Ipa> r)
	{
		const auto done = lab_.modify(r, [](Region<Ipa>, Stage2Attributes a) {
			a.access.write = false;
			return a;
		});

		return done.ok() && kvm_tables_write_protect(kvm_, r.first.raw(), r.size()) == 0;
	}

	// Do they agree about whether it was accessed, too?
	[[gnu::noinline]] bool age(Region<Ipa> r)
	{
		bool accessed = false;
		const auto done =
			lab_.harvest_accessed(r, [&](Region<Ipa>, Level) { accessed = true; });

		return done.ok() && kvm_tables_age(kvm_, r.first.raw(), r.size()) == accessed;
	}

	// What we note in an entry that names a table, hardware and KVM ignore.
	static Descriptor but_for_occupancy(Descriptor d, Level level)
	{
		return F::is_table(d, level) ? d & ~occupancy.mask() : d;
	}

	[[gnu::noinline]] void compare()
	{
		Descriptor *root = lab_.tree().root();
		const size_t ours = kvm_tables_read(kvm_, root, lab_.memory().physical(root).raw(),
						    ours_.data(), ours_.size());
		const size_t theirs =
			kvm_tables_read(kvm_, nullptr, 0, theirs_.data(), theirs_.size());
		struct kunit *test = test_;

		count_ = 0;
		ASSERT(ours <= most_entries);
		for (size_t i = 0; i < ours && i < theirs; i++) {
			ASSERT_EQ(ours_[i].ipa, theirs_[i].ipa);
			ASSERT_EQ(ours_[i].level, theirs_[i].level);
			ASSERT_EQ(but_for_occupancy(ours_[i].descriptor, ours_[i].level),
				  theirs_[i].descriptor);
		}
		ASSERT_EQ(ours, theirs);
		count_ = ours;
	}

	std::span<const kvm_entry> entries() const
	{
		return ours_.first(count_);
	}

    private:
	struct kunit *test_;
	Lab<F> lab_;
	kvm_tables *kvm_;
	std::span<kvm_entry> ours_ = scratch<kvm_entry>(test_, most_entries);
	std::span<kvm_entry> theirs_ = scratch<kvm_entry>(test_, most_entries);
	size_t count_ = 0; // 0, too, where they differ
};

// In slot `slot` of 16. At most a few thousand leaves: the PA is aligned like the region, or to the level below.
Request draw(Random &random, unsigned ipa_bits, unsigned pa_bits, unsigned slot)
{
	const uint64_t slot_bytes = uint64_t{1} << (ipa_bits - 4);
	Level level = static_cast<Level>(1 + random.below(3));

	while (Granule::size(level) * 8 > slot_bytes)
		level++;
	const uint64_t unit = Granule::size(level);
	const uint64_t units = 1 + random.below(level == last_level ? 1500 : 4);
	const uint64_t offset = unit * random.below(slot_bytes / unit - units + 1);
	const Level fit = std::min<Level>(level + random.one_in(2), last_level);
	const auto memory = static_cast<kvm_memory>(random.one_in(2) ? 0 : random.below(3));

	return {{Ipa{slot * slot_bytes + offset}, units * unit},
		Pa{(random.below(16) << (pa_bits - 4)) + Granule::size(fit) * random.below(64)},
		{.read = random.one_in(2),
		 .write = random.one_in(2),
		 // KVM gives only Normal memory that.
		 .execute = memory == KVM_NORMAL && random.one_in(2),
		 .memory = memory,
		 .software = static_cast<uint8_t>(random.below(8))}};
}

// Leaves that follow each other without a hole, at most `most`, from the first after entry `i` on.
Region<Ipa> run_of_leaves(std::span<const kvm_entry> entries, size_t i, uint64_t most)
{
	while (!is_leaf(entries[i]))
		i++;
	const uint64_t first = entries[i].ipa;
	uint64_t end = first;

	for (; i < entries.size() && most; i++) {
		if (!is_leaf(entries[i]))
			continue;
		if (entries[i].ipa != end)
			break;
		end += size_of(entries[i]);
		most--;
	}
	return {Ipa{first}, end - first};
}

template <class F> void play_with_both(struct kunit *test, unsigned ipa_bits)
{
	Pair<F> both{test, ipa_bits};
	Random random{ipa_bits};

	ASSERT(both.good());
	for (unsigned slot = 0; slot < 16; slot += 1 + random.below(2))
		ASSERT(both.map(draw(random, ipa_bits, F::output_bits, slot)));
	both.compare();
	ASSERT(!both.entries().empty());
	for (unsigned round = 0; round < 30 && !both.entries().empty(); round++) {
		const Region<Ipa> region = run_of_leaves(
			both.entries(), random.below(both.entries().size()), 1 + random.below(600));

		switch (random.below(3)) {
		case 0:
			ASSERT(both.unmap(region));
			break;
		case 1:
			ASSERT(both.write_protect(region));
			break;
		case 2:
			ASSERT(both.age(region));
			break;
		}
		both.compare();
	}
	while (!both.entries().empty()) {
		ASSERT(both.unmap(run_of_leaves(both.entries(), 0, both.most_entries)));
		both.compare();
	}
	ASSERT(both.good());
}

template <class F> void check_vtcr(struct kunit *test)
{
	// KVM leaves the address size and the VMID's to the machine, and lets hardware keep access flags.
	constexpr uint64_t machine =
		Field{18, 16}.mask() | Field{19, 19}.mask() | Field{21, 21}.mask();

	for (unsigned ipa_bits = 32; ipa_bits <= F::output_bits; ipa_bits++) {
		kvm_tables *kvm = kvm_tables_make(test, ipa_bits, false);

		ASSERT(kvm);
		ASSERT_EQ(vtcr<F>(geometry_of<F>(ipa_bits).value(), false) & ~machine,
			  kvm_tables_vtcr(kvm) & ~machine);
	}
}

template <class Stage> using Format48 = Format<Stage, Granule, 48>;
template <class Stage> using Format52 = Format<Stage, Granule, 52>;

} // namespace

TEST(vtcr_is_the_same)
{
	if (!kvm_is_here())
		SKIP("no KVM at EL2 here");
	if (kvm_has_lpa2())
		check_vtcr<Format52<Stage2>>(test);
	else
		check_vtcr<Format48<Stage2>>(test);
}

TEST(tables_are_the_same)
{
	if (!kvm_is_here())
		SKIP("no KVM at EL2 here");
	if (!kvm_can_leave_fwb())
		SKIP("this KVM makes no tables without FEAT_S2FWB on a machine that has it");
	for (unsigned ipa_bits : {33, 36, 40, 44, 48}) {
		if (kvm_has_lpa2())
			play_with_both<Format52<Stage2>>(test, ipa_bits);
		else
			play_with_both<Format48<Stage2>>(test, ipa_bits);
	}
}

TEST(tables_are_the_same_with_fwb)
{
	if (!kvm_is_here() || !kvm_has_fwb())
		SKIP("no KVM at EL2 here, or no FEAT_S2FWB");
	for (unsigned ipa_bits : {34, 39, 48}) {
		if (kvm_has_lpa2())
			play_with_both<Format52<Stage2Fwb>>(test, ipa_bits);
		else
			play_with_both<Format48<Stage2Fwb>>(test, ipa_bits);
	}
}

SUITE(kvm, vtcr_is_the_same, tables_are_the_same, tables_are_the_same_with_fwb);
