// SPDX-License-Identifier: GPL-2.0-only
//
// How a guest that is stepped gets past a load-exclusive and its store-exclusive. The exit between the two takes the
// monitor away, so the store would fail for ever. As debuggers do, the vCPU runs from one to what is behind the other.
#pragma once

#include "guest.hpp"

#include "engine/el2/context.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace stage2::exclusive
{

inline constexpr size_t most_instructions = 16;

// Where it can go from a sequence that begins at `pc` with a load-exclusive.
struct Ends {
	uint64_t behind;
	uint64_t branch; // out of it; 0: there is none
};

// A branch anywhere but by one condition, a second load, or no store within the code there is: nothing.
std::optional<Ends> find(uint64_t pc, std::span<const uint32_t> code);

// Of a vCPU that is stepped. A sequence from a load-exclusive to its store-exclusive is one step.

// Before each entry.
void before_step(stage2_context &vcpu);
// After each exit: how many steps were completed, 0 or 1.
unsigned completed_steps(stage2_context &vcpu);
// Was that a load-exclusive, whose address is known?
bool was_stepped(const stage2_context &vcpu);
// Then: how many steps it takes back, to run on from there to the end of the sequence. Shares the guest's lock.
unsigned begin(stage2_guest &guest, stage2_context &vcpu);

} // namespace stage2::exclusive
