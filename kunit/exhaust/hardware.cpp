// SPDX-License-Identifier: GPL-2.0-only
//
// Hardware at every step: while an operation is at work, the walker notes that a page was accessed, or written,
// before any one of its atomic accesses. Nothing that it notes may be lost, unless the page itself goes.
#include "exhaust/plan.hpp"

using namespace exhaust;

namespace
{

const std::vector<Operation> &operations()
{
	static const std::vector<Operation> all = everywhere(
		test_effort() > 1 ? Edges{0, 1, 2, 4} : Edges{0, 1, 2},
		around_notes({
			{.verb = Verb::remap, .attributes = Kind::logged, .shifted = true},
			{.verb = Verb::remap, .attributes = Kind::r},
			{.verb = Verb::unmap_showing},
		}));

	return all;
}

void explore(struct kunit *test, const char *name, unsigned bbm_level)
{
	const Plan plan{.levels = 2,
			.operations = operations(),
			.ways = {{true, OnBreak::perform, bbm_level}},
			.hardware = true};

	World<Toy<1>>{test, plan}.explore(name);
}

} // namespace

TEST(without_bbm)
{
	explore(test, "hardware, without FEAT_BBM", 0);
}

TEST(with_bbm1)
{
	explore(test, "hardware, FEAT_BBM 1", 1);
}

TEST(with_bbm2)
{
	explore(test, "hardware, FEAT_BBM 2", 2);
}

SUITE(exhaust_hardware, without_bbm, with_bbm1, with_bbm2);
