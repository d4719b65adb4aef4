// SPDX-License-Identifier: GPL-2.0-only
//
// Maps that share a TLB, each under an ASID or VMID of its own: what changes in one is gone under its own tag, and a
// table of it is not used again before that.
#include "support/random.hpp"
#include "support/shared_tlb.hpp"

using namespace vmsa;
using namespace support;

namespace
{

// One operation on `map`, of a kind that a number says, in the first GiB.
template <class Map> void change(Map &map, Random &random, bool may_be_global)
{
	using Input = typename Map::Input;
	const uint64_t sizes[] = {4 * KiB, 64 * KiB, 2 * MiB, 8 * MiB};
	const uint64_t size = sizes[random.below(4)];
	const Region<Input> region{Input{size * random.below(16)}, size};
	typename Map::Attributes a = normal | (random.below(2) ? rw : rx);

	if constexpr (requires { a.global; })
		a.global = may_be_global && random.below(2);
	switch (random.below(6)) {
	case 0:
	case 1:
		static_cast<void>(map.map(region, a, {.contiguous = random.below(2) != 0}));
		break;
	case 2:
		static_cast<void>(map.unmap(region));
		break;
	case 3:
		static_cast<void>(map.protect(region, r));
		break;
	case 4:
		static_cast<void>(map.cut(region));
		break;
	default:
		static_cast<void>(map.fold(region));
	}
}

template <class Map> typename Map::Attributes usual([[maybe_unused]] bool global)
{
	typename Map::Attributes a = normal | rw;

	if constexpr (requires { a.global; })
		a.global = global;
	return a;
}

// Both are active; either is changed while either is on the CPU.
template <class Stage> void check_turns(struct kunit *test, TlbiFeatures tlbi, bool global)
{
	using Shared = SharedTlb<Stage>;

	Shared tlb{test};
	const MapConfig c{.va_bits = 39, .asid = 5, .global = global, .tlbi = tlbi};
	MapConfig d = c;

	d.asid = 6;

	typename Shared::Member five{test, tlb, c};
	typename Shared::Member six{test, tlb, d};
	const auto none = five.map.activate();
	const auto first = six.map.activate();
	Random random{c.asid};

	ASSERT(none && first);
	for (size_t i = 0; i < 300; i++) {
		const bool on_first = random.below(2);
		const uint64_t root = (on_first ? five : six).map.root_register();

		typename Shared::Cpu{&tlb}.template write<RegimeRegisters<Stage>::lower>(root);
		change((random.below(2) ? five : six).map, random, global);
		tlb.settle();
		ASSERT_EQ(tlb.current(), on_first ? 5u : 6u);
		ASSERT(tlb.verdict.good());
	}
	// More pages than single instructions are issued for: all of a tag goes.
	for (auto *m : {&five, &six}) {
		const vmsa::Region<typename Shared::Input> many{typename Shared::Input{2 * GiB},
								8 * MiB};

		auto a = usual<typename Shared::Map>(global);

		ASSERT(m->map.map(many, a, {3}));
		ASSERT(m->map.protect(many, r));
		tlb.settle();
		ASSERT(m->map.unmap(many));
		tlb.settle();
	}
	six.map.deactivate(first.value());
	five.map.deactivate(none.value());
	tlb.settle();
	ASSERT(tlb.verdict.good());
}

template <class Stage> void check_all(struct kunit *test)
{
	for (bool global : {false, true}) {
		check_turns<Stage>(test, {}, global);
		check_turns<Stage>(test, {.range = true, .ttl = true}, global);
		check_turns<Stage>(test, {.range = true, .repeat = true}, global);
	}
}

} // namespace

TEST(two_vmids_take_turns)
{
	check_all<Stage2>(test);
	check_all<Stage2Fwb>(test);
}

TEST(two_asids_take_turns)
{
	check_all<El1And0>(test);
	check_all<El2And0>(test);
}

// The judge itself: who invalidates under the wrong tag has invalidated nothing.
TEST(an_entry_goes_by_its_own_tag)
{
	using F = Format<El1And0, Granule4K>;
	Verdict verdict{test};
	const Region<Va> page{Va{GiB}, 4 * KiB};
	const Descriptor ours = F::encode(Stage1Attributes{.global = false}) | 3;
	const Descriptor everyones = F::encode(Stage1Attributes{}) | 3;
	const TlbReach five{false, 5, true}, six{false, 6, true}, asid_five{false, 5, false};
	const struct {
		Descriptor leaf;
		TlbReach reach;
		bool stays;
	} cases[] = {
		{ours, five, false},	  {ours, six, true},
		{ours, {}, false},	  {ours, asid_five, false},
		{everyones, five, false}, {everyones, six, false},
		{everyones, {}, false},	  {everyones, asid_five, true},
	};

	for (const auto &c : cases) {
		TlbModel<F> tlb{test, verdict, 16};

		tlb.changed({page, 3, c.leaf, 0}, 5);
		tlb.invalidate(page, 3, false, c.reach);
		tlb.sync();
		EXPECT_EQ(tlb.may_hold(page), c.stays);
	}

	// Side by side and alike, but of two: they are not one.
	TlbModel<F> tlb{test, verdict, 16};
	const Region<Va> next{page.last + 1, 4 * KiB};

	tlb.changed({page, 3, ours, 0}, 5);
	tlb.changed({next, 3, ours | 0x1000, 0}, 6);
	tlb.invalidate(page.hull(next), 3, false, five);
	tlb.sync();
	EXPECT(!tlb.may_hold(page) && tlb.may_hold(next));
	ASSERT(verdict.good());
}

SUITE(tags, two_vmids_take_turns, two_asids_take_turns, an_entry_goes_by_its_own_tag);
