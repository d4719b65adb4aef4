// SPDX-License-Identifier: GPL-2.0-only
//
// The games at -Os. By other names, so that no function of the other file takes the place of one of these.
#define vmsa vmsa_small
#define support support_small
#include "alike/game.hpp"

static_assert(vmsa::optimized_for_size);

std::vector<alike::Said> alike::play_small(unsigned format, uint64_t seed)
{
	return play(format, seed);
}
