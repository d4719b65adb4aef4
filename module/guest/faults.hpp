// SPDX-License-Identifier: GPL-2.0-only
//
// A stage 2 fault, answered as the guest's policies say.
#pragma once

#include "guest.hpp"
#include "stage2/trace_events.h"

namespace stage2
{

enum class Outcome : uint8_t {
	report = STAGE2_OUTCOME_REPORTED, // nobody helps
	no_ram = STAGE2_OUTCOME_NO_RAM, // somebody would have helped
	no_tables = STAGE2_OUTCOME_NO_TABLES,
	// What was in the way is gone: the guest goes on.
	resolved = STAGE2_OUTCOME_RESOLVED,
	page = STAGE2_OUTCOME_PAGE,
	block = STAGE2_OUTCOME_BLOCK,
	dirty = STAGE2_OUTCOME_DIRTY,
	accessed = STAGE2_OUTCOME_ACCESSED,
};

// Where a guest met a fault that nothing was in the way of, and how much had changed by then.
struct FaultPlace {
	uint64_t pc;
	uint64_t esr;
	vmsa::Ipa ipa;
	uint64_t changes;

	bool operator==(const FaultPlace &) const = default;
};

// The fault that the vCPU has just met, answered by its own thread without the guest's lock. Faults of several
// vCPUs are answered at once: pages are mapped, and writes and accesses noted, as vmsa::SharedMapping has it. Only
// where that does not help, or a block can be mapped, does the thread ask for the guest alone; so nothing is
// reported that another vCPU was about to answer.
//
// `last`: the last of this vCPU's that nothing was in the way of. If nothing has changed since, the guest would come
// here again for ever: that is reported.
Outcome answer_fault(Vcpu &vcpu, vmsa::Ipa ipa, FaultPlace &last);

} // namespace stage2
