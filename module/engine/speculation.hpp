// SPDX-License-Identifier: GPL-2.0-only
//
// What an exit does so that the kernel does not speculate as the guest has taught the CPU: what this kernel does for
// KVM's guests, or what features says is absent. The ends of Documentation/engines.rst, "What a guest can learn".
#pragma once

#include "kernel/kernel.h"

#include <cstdint>

namespace stage2::engine
{

struct Speculation {
	enum class History : uint8_t {
		not_affected,
		hardware,
		instruction,
		loop,
		firmware,
		none,
		off
	};
	enum class Targets : uint8_t { not_affected, firmware, none, off };

	History history;
	Targets targets;
	unsigned rounds; // of the loop
	uint32_t call; // of the firmware, or 0

	constexpr bool does_something() const
	{
		return history == History::instruction || history == History::loop || call;
	}
};

constexpr Speculation speculation(const kernel_mitigations &kernel, unsigned rounds)
{
	using History = Speculation::History;
	using Targets = Speculation::Targets;

	constexpr uint32_t workaround_1 = 0x8000'8000, workaround_3 = 0x8000'3fff; // SMCCC
	Speculation s{};

	// In the order of Linux: spectre_bhb_enable_mitigation in proton-pack.c.
	if (!kernel.history_affected)
		s.history = History::not_affected;
	else if (kernel.off)
		s.history = History::off;
	else if (kernel.history_by_hardware)
		s.history = History::hardware;
	else if (kernel.clear_history)
		s.history = History::instruction;
	else if (rounds)
		s.history = History::loop;
	else if (kernel.firmware_3)
		s.history = History::firmware;
	else
		s.history = History::none;
	s.rounds = s.history == History::loop ? rounds : 0;
	s.call = s.history == History::firmware ? workaround_3 : 0;

	if (!kernel.targets_affected)
		s.targets = Targets::not_affected;
	else if (kernel.off)
		s.targets = Targets::off;
	else if (s.call || kernel.firmware_1)
		s.targets = Targets::firmware;
	else
		s.targets = Targets::none;
	if (s.targets == Targets::firmware && !s.call)
		s.call = workaround_1;
	return s;
}

// History and targets are affected; the history is hardware's, there is CLRBHB; firmware has calls 1 and 3; all is off.
static_assert(speculation({true, false, false, false, false, false, false}, 24).rounds == 24);
static_assert(!speculation({false, false, false, false, true, true, false}, 24).does_something());
static_assert(!speculation({true, true, false, true, true, true, true}, 24).does_something());
static_assert(speculation({true, false, false, true, false, false, false}, 24).rounds == 0);
static_assert(speculation({true, true, false, false, true, false, false}, 8).call == 0x8000'8000);
static_assert(speculation({true, true, false, false, true, true, false}, 0).call == 0x8000'3fff);

} // namespace stage2::engine
