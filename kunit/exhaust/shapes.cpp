// SPDX-License-Identifier: GPL-2.0-only
//
// Shapes: what trees can look like. Pages, blocks, groups, holes and annotations, in three levels.
#include "exhaust/plan.hpp"

using namespace exhaust;

namespace
{

const std::vector<Operation> &operations()
{
	static const std::vector<Operation> all = everywhere(
		test_effort() > 1 ? Edges{0, 1, 2, 3, 4, 5, 6, 7, 8} : Edges{0, 1, 2, 4, 8},
		{
			{.verb = Verb::map},
			{.verb = Verb::map,
			 .attributes = Kind::r,
			 .largest = 3,
			 .contiguous = true},
			{.verb = Verb::map, .largest = 2, .contiguous = true},
			{.verb = Verb::map, .shifted = true, .from = Note::a},
			{.verb = Verb::remap, .attributes = Kind::r},
			{.verb = Verb::remap, .shifted = true, .from = Note::a},
			{.verb = Verb::remap, .largest = 3, .contiguous = true},
			{.verb = Verb::unmap},
			{.verb = Verb::unmap_saying, .to = Note::a},
			{.verb = Verb::unmap_showing},
			{.verb = Verb::protect, .attributes = Kind::r},
			{.verb = Verb::annotate, .to = Note::a},
			{.verb = Verb::unannotate, .from = Note::a},
			{.verb = Verb::cut, .largest = 3},
			{.verb = Verb::cut, .largest = 2},
			{.verb = Verb::fold},
			{.verb = Verb::fold, .largest = 3, .contiguous = true},
			{.verb = Verb::fold, .largest = 2, .contiguous = true},
		});

	return all;
}

void explore(struct kunit *test, const char *name, unsigned bbm_level)
{
	const Plan plan{3, operations(), ways_of(bbm_level)};

	World<Toy<1>>{test, plan}.explore(name);
}

} // namespace

TEST(without_bbm)
{
	explore(test, "shapes, without FEAT_BBM", 0);
}

TEST(with_bbm1)
{
	explore(test, "shapes, FEAT_BBM 1", 1);
}

TEST(with_bbm2)
{
	explore(test, "shapes, FEAT_BBM 2", 2);
}

SUITE(exhaust_shapes, without_bbm, with_bbm1, with_bbm2);
