// SPDX-License-Identifier: GPL-2.0-only
//
// Runs: sixteen pages in one table, which the library looks at, and changes, all at once where they are alike; and the
// hardware notes something before any one access. Other worlds have tables of two.
#include "exhaust/plan.hpp"

using namespace exhaust;

namespace exhaust
{

template class World<Toy<4>>;

} // namespace exhaust

namespace
{

// In all of the table, and in what is more than a line of it; leaves beside then differ.
std::vector<Operation> operations()
{
	return everywhere({0, 5, 16}, {
					      {.verb = Verb::map, .attributes = Kind::logged},
					      {.verb = Verb::map, .attributes = Kind::read},
					      {.verb = Verb::map, .attributes = Kind::written},
					      {.verb = Verb::unmap},
					      {.verb = Verb::protect, .attributes = Kind::r},
					      {.verb = Verb::remap, .attributes = Kind::r},
					      {.verb = Verb::remap, .attributes = Kind::read},
					      {.verb = Verb::harvest_accessed},
					      {.verb = Verb::harvest_dirty},
				      });
}

} // namespace

TEST(with_hardware)
{
	const Plan plan{.levels = 1,
			.operations = operations(),
			.ways = {{true, OnBreak::perform, 0}, {false, OnBreak::perform, 0}},
			.hardware = true};

	World<Toy<4>>{test, plan}.explore("runs");
}

// Leaves that are alike are looked at by plain reads, and each is changed by one access where hardware may note
// something in it. Where nothing is left to note, it is read and written.
TEST(a_leaf_takes_one_access)
{
	using F = Toy<4>;

	constexpr size_t pages = F::Granule::entries;
	constexpr size_t beside = 2; // where the table is, and what a visit of it takes
	const vmsa::Region<vmsa::Ipa> all{vmsa::Ipa{0}, pages << page_shift};

	for (Kind kind : {Kind::rw, Kind::read}) {
		for (bool accessed : {false, true}) {
			support::Lab<F> lab{test, toy_geometry<F>(1), 4};
			auto attributes = attributes_of(kind);

			attributes.accessed = accessed;
			ASSERT(lab.good() && lab.map(all, vmsa::Pa{ram}, attributes));
			steps = {};
			if (kind == Kind::rw)
				ASSERT(lab.protect(all, vmsa::r));
			else
				ASSERT(lab.harvest_accessed(all, [](auto, Level) {}));

			const bool open = kind == Kind::read || !accessed;

			EXPECT(steps.taken <= pages * (open ? 1 : 2) + beside);
			ASSERT(lab.good());
		}
	}
}

SUITE(exhaust_runs, with_hardware, a_leaf_takes_one_access);
