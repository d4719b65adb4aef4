// SPDX-License-Identifier: GPL-2.0-only
//
// The engine of a kernel that was started at EL2 and runs at EL1. What each function promises is in
// engine.hpp.
#pragma once

#include "../engine.hpp"
#include "../kernel.h"

namespace stage2::el2::nvhe
{

// Copies the blob to memory of its own, with a page for each CPU, and calls it once. Null, or why
// guests cannot run here.
const char *start(const kernel_features &features);
void stop();

void load(stage2_context &vcpu);
void put(stage2_context &vcpu);
void enter(stage2_context &vcpu);
void ask(const engine::Stage2Registers &guest, std::span<const vmsa::Ipa> ipas, bool write,
	 uint64_t *par);

// In between, this CPU's list grows; it is done, with the guest's stage 2 in place, when it is full
// and at the end. Interrupts are masked.
class Window {
    public:
	explicit Window(const engine::Stage2Registers &guest);
	~Window();
	Window(const Window &) = delete;
	Window &operator=(const Window &) = delete;

	static void tlbi(vmsa::Tlbi op, uint64_t operand);
	static void dsb_ish();

    private:
	unsigned long flags_;
};

} // namespace stage2::el2::nvhe
