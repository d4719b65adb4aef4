// SPDX-License-Identifier: GPL-2.0-only
#include "errata.hpp"

namespace stage2::engine::errata
{

namespace
{

// On each CPU at the same time.
void look_at(unsigned long midr, void *found_)
{
	Found &found = *static_cast<Found *>(found_);
	const auto id = static_cast<uint32_t>(midr);
	const unsigned rounds = branch_history_rounds(id);
	unsigned most = __atomic_load_n(&found.branch_history_rounds, __ATOMIC_RELAXED);

	for (size_t i = 0; i < std::size(table); i++) {
		if (has(id, table[i]))
			__atomic_fetch_or(&found.errata, uint64_t{1} << i, __ATOMIC_RELAXED);
	}
	__atomic_fetch_or(&found.effects, effects(id), __ATOMIC_RELAXED);
	while (rounds > most &&
	       !__atomic_compare_exchange_n(&found.branch_history_rounds, &most, rounds, false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

} // namespace

Found find()
{
	Found found{};

	kernel_each_cpu(look_at, &found);
	return found;
}

void apply(const Found &found, kernel_features &features)
{
	if (found.effects & no_access_flag)
		features.access_flag = false;
	if (found.effects & no_dirty_state)
		features.dirty_state = false;
}

} // namespace stage2::engine::errata
