// SPDX-License-Identifier: GPL-2.0-only
//
// What the trace is told of a vCPU that runs, in the values of stage2/trace_events.h. Not called while
// nobody traces it (KERNEL_WORK_TRACE).
#pragma once

#include "faults.hpp"

namespace stage2
{

// It has just left the guest, in which it was for `ns`.
void trace_exit(const Vcpu &vcpu, unsigned long ns);
// The fault for which it did is answered, `ns` later.
void trace_fault(const Vcpu &vcpu, vmsa::Ipa ipa, Outcome outcome, unsigned long ns);

} // namespace stage2
