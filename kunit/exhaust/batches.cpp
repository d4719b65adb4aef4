// SPDX-License-Identifier: GPL-2.0-only
//
// Batches: every two operations under one invalidation, in every state of two levels; and every three, of one.
#include "exhaust/plan.hpp"

using namespace exhaust;

namespace
{

const std::vector<Operation> &operations()
{
	static const std::vector<Operation> all{
		{.verb = Verb::map},
		{.verb = Verb::map, .attributes = Kind::r, .largest = 3, .contiguous = true},
		{.verb = Verb::map, .shifted = true, .from = Note::a},
		{.verb = Verb::remap, .attributes = Kind::nc_rw},
		{.verb = Verb::remap, .shifted = true, .from = Note::a},
		{.verb = Verb::unmap},
		{.verb = Verb::unmap_saying, .to = Note::a},
		{.verb = Verb::unmap_showing},
		{.verb = Verb::protect, .attributes = Kind::r},
		{.verb = Verb::retype, .attributes = Kind::nc_rw},
		{.verb = Verb::annotate, .to = Note::a},
		{.verb = Verb::unannotate, .from = Note::a},
		{.verb = Verb::cut, .largest = 3},
		{.verb = Verb::fold},
		{.verb = Verb::fold, .largest = 3, .contiguous = true},
	};

	return all;
}

void explore_pairs(struct kunit *test, const char *name, unsigned bbm_level)
{
	const Plan plan{.levels = 2,
			.operations = everywhere(test_effort() > 1 ? Edges{0, 1, 2, 3, 4}
								   : Edges{0, 1, 2, 4},
						 operations()),
			.ways = {{true, OnBreak::perform, bbm_level}},
			.batch = 2};

	World<Toy<1>>{test, plan}.explore(name);
}

void explore_triples(struct kunit *test, const char *name, unsigned bbm_level)
{
	const Plan plan{
		.levels = 1,
		.operations = everywhere({0, 1, 2}, operations()),
		.ways = {{true, OnBreak::perform, bbm_level}, {false, OnBreak::perform, bbm_level}},
		.batch = 3};

	World<Toy<1>>{test, plan}.explore(name);
}

} // namespace

TEST(pairs_without_bbm)
{
	explore_pairs(test, "pairs, without FEAT_BBM", 0);
}

TEST(pairs_with_bbm2)
{
	explore_pairs(test, "pairs, FEAT_BBM 2", 2);
}

TEST(triples_without_bbm)
{
	explore_triples(test, "triples, without FEAT_BBM", 0);
}

TEST(triples_with_bbm2)
{
	explore_triples(test, "triples, FEAT_BBM 2", 2);
}

SUITE(exhaust_batches, pairs_without_bbm, pairs_with_bbm2, triples_without_bbm, triples_with_bbm2);
