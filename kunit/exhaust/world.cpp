// SPDX-License-Identifier: GPL-2.0-only
//
// The world that the suites share. To compile it in each of them takes five times as long.
#include "exhaust/world.hpp"

namespace exhaust
{

template class World<Toy<1>>;

} // namespace exhaust
