// SPDX-License-Identifier: GPL-2.0-only
//
// The engine of a kernel that was started at EL2 and runs at EL1. What each function promises is in
// engine.hpp.
#pragma once

#include "engine/engine.hpp"
#include "kernel/kernel.h"

namespace stage2::el2::nvhe
{

// Copies the blob to memory of its own, with a page for each CPU, and calls it once. Null, or why
// guests cannot run here.
const char *start(const kernel_features &features);
void stop();

bool enter(stage2_context &vcpu);
bool ask(const engine::Stage2Registers &guest, std::span<const vmsa::Ipa> ipas, bool write,
	 uint64_t *par);

// Issues a plan for the guest's VMID, and returns when it is complete. False: KVM has EL2 on this CPU, and nothing was
// issued.
[[nodiscard]] bool invalidate(const engine::Stage2Registers &guest, bool repeat,
			      const vmsa::TlbiPlan &plan);

} // namespace stage2::el2::nvhe
