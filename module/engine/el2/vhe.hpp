// SPDX-License-Identifier: GPL-2.0-only
//
// The engine of a kernel that runs at EL2. What each function promises is in engine.hpp.
#pragma once

#include "engine/engine.hpp"
#include "kernel/kernel.h"

namespace stage2::el2::vhe
{

// `mitigates`: each exit does what stage2_mitigations says.
void start(const kernel_features &features, bool mitigates);

void load(stage2_context &vcpu);
void put(stage2_context &vcpu);
void enter(stage2_context &vcpu);
void ask(const engine::Stage2Registers &guest, std::span<const vmsa::Ipa> ipas, bool write,
	 uint64_t *par);

// Issues a plan for the guest's VMID, and returns when it is complete.
void invalidate(const engine::Stage2Registers &guest, bool repeat, const vmsa::TlbiPlan &plan);
// The same of one leaf's TLBI IPAS2LE1IS, on a CPU without errata: no plan, and no walks to stop.
void invalidate_leaf(const engine::Stage2Registers &guest, uint64_t operand);

} // namespace stage2::el2::vhe
