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

// In between, this CPU's list grows; it is done, with the guest's stage 2 in place, when it is full
// and by finish(). Interrupts are masked.
class Window {
    public:
	explicit Window(const engine::Stage2Registers &guest);
	~Window();
	Window(const Window &) = delete;
	Window &operator=(const Window &) = delete;

	// False: KVM has EL2 on this CPU, and nothing of the list was done.
	[[nodiscard]] bool finish();

	static void tlbi(vmsa::Tlbi op, uint64_t operand);
	static void dsb_ish();

    private:
	unsigned long flags_;
};

} // namespace stage2::el2::nvhe
