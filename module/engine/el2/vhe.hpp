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

// In between, instructions that act on "the current VMID" act on the guest's: interrupts are masked,
// VTTBR_EL2 is the guest's, and HCR_EL2.TGE is clear. Nothing may touch user memory meanwhile.
class Window {
    public:
	// `more` is added to HCR_EL2.
	explicit Window(const engine::Stage2Registers &guest, uint64_t more = 0);
	~Window();
	Window(const Window &) = delete;
	Window &operator=(const Window &) = delete;

    private:
	unsigned long flags_;
	uint64_t hcr_;
	uint64_t vttbr_;
	uint64_t vtcr_;
	uint64_t tcr_ = 0; // of EL1, with the erratum
	uint64_t sctlr_ = 0;
};

} // namespace stage2::el2::vhe
