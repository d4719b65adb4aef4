// SPDX-License-Identifier: GPL-2.0-only
//
// Modify writes what its updater changed, and nothing else: leaves that others made say things that no
// attribute has a word for.
#include "support/lab.hpp"
#include "support/random.hpp"
#include "vmsa/format_stage2.hpp"

using namespace vmsa;
using namespace support;

namespace
{

constexpr uint64_t page = 4 * KiB;

// Everything of a leaf but type and output, in the Arm ARM's numbers.
constexpr Descriptor low_attributes = 0xffc;
constexpr Descriptor high_attributes = ~low_bits(50);

struct Same {
	template <class A> constexpr A operator()(auto, A a) const
	{
		return a;
	}
};

struct Noted {
	template <class A> constexpr A operator()(auto, A a) const
	{
		a.software ^= 1;
		return a;
	}
};

template <class F, class Update> constexpr Descriptor edited(Descriptor d)
{
	const Update update;
	const ChangeRules rules;
	const UpdateLeaves<F, Update> operation{{}, update, rules};
	const Region<typename F::Input> region{{}, page};

	return operation.check(d, region, last_level) == Errc::none
		       ? operation.edit(d, region, last_level)
		       : 0;
}

template <class F> void check_every_value(struct kunit *test)
{
	const Descriptor software = bit(F::software.low);
	Random random{F::output_bits};

	for (Descriptor low = 0; low <= low_attributes; low += 4) {
		for (unsigned n = 0; n < 32; n++) {
			const Descriptor d =
				3 | low | GiB |
				(n < 14 ? bit(50 + n)
					: mix(random.below(bit(40))) & high_attributes);

			ASSERT_EQ((edited<F, Same>(d)), d);
			ASSERT_EQ((edited<F, Noted>(d)), d ^ software);
		}
	}
}

// A live leaf that somebody else wrote: neither stored to, nor broken, nor invalidated.
template <class F> void check_untouched(struct kunit *test, Descriptor leaf)
{
	using Input = typename F::Input;
	Lab<F> lab{test, 40};
	const Region<Input> pages{Input{0}, 2 * page};

	ASSERT(lab.good() && lab.map(pages, Pa{GiB}, normal | rw));
	*lab.descriptor(pages.first) = GiB | 3 | leaf;
	lab.hardware_was_here();
	lab.rules().on_break = OnBreak::refuse;
	ASSERT(lab.modify(pages, Same{}));
	EXPECT_EQ(*lab.descriptor(pages.first), GiB | 3 | leaf);
	EXPECT_EQ(lab.tlb().invalidations(), 0);
	ASSERT(lab.modify({pages.first, page}, Noted{}));
	EXPECT_EQ(*lab.descriptor(pages.first), GiB | 3 | leaf | bit(F::software.low));
	ASSERT(lab.good());
}

} // namespace

TEST(every_value_of_the_attribute_bits_survives)
{
	check_every_value<Format<Stage2, Granule4K>>(test);
	check_every_value<Format<Stage2Fwb, Granule4K>>(test);
	check_every_value<Format<El1And0, Granule4K>>(test);
	check_every_value<Format<El2, Granule4K>>(test);
	check_every_value<Format<El3, Granule4K>>(test); // NSE
	check_every_value<Format<Stage2Fwb, Granule4K, 52>>(test);
	check_every_value<Format<El1And0, Granule4K, 52>>(test);
}

// FWB: 7 keeps stage 1's type, 0xf does and grants no tags, 4 is reserved; AF, S2AP and SH as usual.
TEST(memory_types_of_stage_2_without_a_name_stay)
{
	for (Descriptor mem_attr : {0x7, 0xf, 0x4})
		check_untouched<Format<Stage2Fwb, Granule4K>>(test, 0x7c0 | mem_attr << 2);
	for (Descriptor mem_attr : {0x4, 0x6, 0xe, 0xb})
		check_untouched<Format<Stage2, Granule4K>>(test, 0x7c0 | mem_attr << 2);
}

// AttrIndx 7, a reserved SH, NS.
TEST(what_stage_1_leaves_say_in_other_words_stays)
{
	for (Descriptor leaf : {0x71c, 0x510, 0x7f0})
		check_untouched<Format<El1And0, Granule4K>>(test, leaf);
}

TEST(a_field_that_is_changed_is_written_whole)
{
	using F = Format<Stage2Fwb, Granule4K>;
	const auto as_device = [](auto, Stage2Attributes a) {
		a.memory = device;
		a.no_tags = false;
		return a;
	};
	const ChangeRules rules;
	const UpdateLeaves<F, decltype(as_device)> operation{{}, as_device, rules};

	for (Descriptor mem_attr = 0; mem_attr < 16; mem_attr++)
		EXPECT_EQ(operation.edit(0x7c3 | mem_attr << 2, {Ipa{0}, page}, last_level),
			  0x7c3 | 0x1 << 2);
}

SUITE(identity, every_value_of_the_attribute_bits_survives,
      memory_types_of_stage_2_without_a_name_stay, what_stage_1_leaves_say_in_other_words_stays,
      a_field_that_is_changed_is_written_whole);
