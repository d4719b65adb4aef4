// SPDX-License-Identifier: GPL-2.0-only
//
// Refusals: attributes that no descriptor can say, or that contradict each other. Map, protect and modify
// say which of the two it is, and where, and change nothing.
#include "support/lab.hpp"
#include "support/snapshot.hpp"
#include "vmsa/format_stage2.hpp"

using namespace vmsa;
using namespace support;

namespace
{

template <class F> struct Bad {
	typename F::Attributes attributes;
	Errc why;
};

template <class F> class Refuser {
	using Region = vmsa::Region<typename F::Input>;
	using Attributes = typename F::Attributes;

	static constexpr uint64_t page = F::Granule::page_size;

    public:
	explicit Refuser(struct kunit *test)
	    : test{test}, lab_{test, F::output_bits}, before_{test, lab_.memory()}
	{
	}

	[[gnu::noinline]] void refuse(std::span<const Bad<F>> cases)
	{
		ASSERT(lab_.map({here_, 4 * page}, Pa{0}, normal | rw));
		before_.take(lab_.tree());
		for (const Bad<F> &bad : cases) {
			refuse_map({here_ + 4 * page, page}, bad); // into a table that is there
			refuse_map({here_ + 4 * page, 2 * page}, bad);
			refuse_map({here_ + F::Granule::size(1), F::Granule::size(2)}, bad);
			refuse_modify(bad);
		}
		EXPECT(before_.matches(lab_.tree()));
		ASSERT(lab_.good());
	}

	// Of a leaf with the memory type `memory`.
	[[gnu::noinline]] void refuse_protect(MemoryType memory, typename F::Access access)
	{
		const Region leaf{here_ + 8 * page, page};

		ASSERT(lab_.map(leaf, Pa{0}, memory | rw));
		before_.take(lab_.tree());
		EXPECT(lab_.protect(leaf, access).error() ==
		       Error(Errc::forbidden_attributes, leaf));
		EXPECT(before_.matches(lab_.tree()));
		ASSERT(lab_.unmap(leaf));
		ASSERT(lab_.good());
	}

	struct kunit *test;

    private:
	void refuse_map(Region region, const Bad<F> &bad)
	{
		EXPECT(lab_.map(region, Pa{0}, bad.attributes).error() == Error(bad.why, region));
	}

	// The third of four leaves.
	void refuse_modify(const Bad<F> &bad)
	{
		const Region leaf{here_ + 2 * page, page};
		const auto done =
			lab_.modify({here_, 4 * page}, [&](Region region, const Attributes &a) {
				return region == leaf ? bad.attributes : a;
			});

		EXPECT(done.error() == Error(bad.why, leaf));
	}

	Lab<F> lab_;
	Snapshot<Tree<F, ScratchMemory>> before_;
	const typename F::Input here_{F::Granule::size(1)};
};

constexpr auto reserved = Errc::reserved_attributes;
constexpr auto contradiction = Errc::forbidden_attributes;

template <class F> [[gnu::noinline]] void refuse_at_stage_2(struct kunit *test)
{
	const Stage2Attributes good = normal | rw;
	Stage2Attributes type = good, shareable = good, software = good, execute = good;

	type.memory = static_cast<MemoryType>(7);
	shareable.shareability = static_cast<Shareability>(1);
	software.software = 8;
	execute.access.execute = static_cast<Execute>(4);

	const Bad<F> cases[] = {
		{type, reserved},
		{shareable, reserved},
		{software, reserved},
		{execute, reserved},
		{device | rx, contradiction},
		{nc | rwx, contradiction},
		{MemoryType::device_GRE | Access{true, false, Execute::el0_only}, contradiction},
		{nc | Access{true, true, Execute::el1_only}, contradiction},
	};
	Refuser<F> refuser{test};

	refuser.refuse(cases);
	refuser.refuse_protect(device, rx);
	refuser.refuse_protect(nc, rwx);
}

template <class F> [[gnu::noinline]] void refuse_at_stage_1(struct kunit *test)
{
	const Stage1Attributes good = normal | rw;
	Stage1Attributes type = good, shareable = good, software = good, write_only = good;

	type.memory = static_cast<MemoryType>(8);
	shareable.shareability = static_cast<Shareability>(4);
	software.software = 16;
	write_only.access.read = false;

	const Bad<F> cases[] = {
		{type, reserved},
		{shareable, reserved},
		{software, reserved},
		{write_only, contradiction},
		{normal | Stage1Access{.read = false}, contradiction},
		{device | rx, contradiction},
		{MemoryType::device_GRE | rwx, contradiction},
	};
	Refuser<F> refuser{test};

	refuser.refuse(cases);
	refuser.refuse_protect(device, {.execute = true});
	refuser.refuse_protect(normal, {.read = false});
}

constexpr Stage1Access user_rwx{.write = true, .execute = true, .el0 = true};

} // namespace

TEST(of_attributes_at_stage_2)
{
	refuse_at_stage_2<Stage2_4K>(test);
	refuse_at_stage_2<Format<Stage2Fwb, Granule16K, 52>>(test);
}

TEST(of_write_through_where_write_back_is_forced)
{
	using F = Format<Stage2Fwb, Granule64K>;
	const Bad<F> cases[] = {{MemoryType::normal_wt | r, contradiction}};

	Refuser<F>{test}.refuse(cases);
}

TEST(of_attributes_at_stage_1)
{
	refuse_at_stage_1<Format<El1And0, Granule4K>>(test);
	refuse_at_stage_1<Format<El3, Granule16K, 52>>(test);
}

// What EL0 may write, now or once hardware finds it clean, the privileged level may not execute.
TEST(of_rights_of_el0_that_exclude_others)
{
	using F = Format<El2And0, Granule64K, 52>;
	Stage1Attributes clean = normal | Stage1Access{.execute = true, .el0 = true};

	clean.dbm = true;

	const Bad<F> cases[] = {
		{normal | user_rwx, contradiction},
		{clean, contradiction},
		{device | user_rx, contradiction},
	};
	Refuser<F> refuser{test};

	refuser.refuse(cases);
	refuser.refuse_protect(normal, user_rwx);
	refuser.refuse_protect(device, user_rx);
}

TEST(of_rights_of_el0_where_there_is_none)
{
	using F = Format<El2, Granule4K>;
	Stage1Attributes local = normal | rw;

	local.global = false;

	const Bad<F> cases[] = {
		{normal | user_r, contradiction},
		{normal | user_rx, contradiction},
		{normal | Stage1Access{.el0_execute = true}, contradiction},
		{local, contradiction},
	};
	Refuser<F> refuser{test};

	refuser.refuse(cases);
	refuser.refuse_protect(normal, user_r);
}

// LPA2 has no SH in a descriptor: TCR or VTCR says it for all, and says inner.
TEST(of_a_shareability_that_no_leaf_can_say)
{
	Stage2Attributes none2 = normal | rw, outer2 = normal | rw;
	Stage1Attributes none1 = normal | rw, outer1 = normal | rw;

	none2.shareability = none1.shareability = Shareability::none;
	outer2.shareability = outer1.shareability = Shareability::outer;

	const Bad<Format<Stage2, Granule4K, 52>> stage2[] = {{none2, contradiction},
							     {outer2, contradiction}};
	const Bad<Format<El1And0, Granule16K, 52>> stage1[] = {{none1, contradiction},
							       {outer1, contradiction}};

	Refuser<Format<Stage2, Granule4K, 52>>{test}.refuse(stage2);
	Refuser<Format<El1And0, Granule16K, 52>>{test}.refuse(stage1);
	EXPECT_EQ((Format<El1And0, Granule64K, 52>::check(none1)), Errc::none); // LPA has
}

SUITE(refusals, of_attributes_at_stage_2, of_write_through_where_write_back_is_forced,
      of_attributes_at_stage_1, of_rights_of_el0_that_exclude_others,
      of_rights_of_el0_where_there_is_none, of_a_shareability_that_no_leaf_can_say);
