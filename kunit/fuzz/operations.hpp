// SPDX-License-Identifier: GPL-2.0-only
//
// A format in which the target `operations` can play.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace fuzz
{

using Player = int (*)(size_t bits, size_t shape, std::span<const uint8_t> moves);

struct PlayedFormat {
	explicit PlayedFormat(Player player);
};

} // namespace fuzz
