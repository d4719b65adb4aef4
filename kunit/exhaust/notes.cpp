// SPDX-License-Identifier: GPL-2.0-only
//
// Notes: what hardware, a fault handler and who harvests write in leaves: access flag, dirty state, and the
// software bit that keeps it. In pages, blocks and groups, in two levels.
#include "exhaust/plan.hpp"

using namespace exhaust;

namespace
{

const std::vector<Operation> &operations()
{
	static const std::vector<Operation> all = everywhere(
		test_effort() > 1 ? Edges{0, 1, 2, 3, 4} : Edges{0, 1, 2, 4},
		around_notes({
			{.verb = Verb::map, .attributes = Kind::logged, .contiguous = true},
			{.verb = Verb::write_noted_beside},
		}));

	return all;
}

void explore(struct kunit *test, const char *name, unsigned bbm_level)
{
	const Plan plan{2, operations(), ways_of(bbm_level)};

	World<Toy<1>>{test, plan}.explore(name);
}

} // namespace

TEST(without_bbm)
{
	explore(test, "notes, without FEAT_BBM", 0);
}

TEST(with_bbm2)
{
	explore(test, "notes, FEAT_BBM 2", 2);
}

SUITE(exhaust_notes, without_bbm, with_bbm2);
