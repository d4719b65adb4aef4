// SPDX-License-Identifier: GPL-2.0-only
//
// A stage 2 fault, answered as the guest's policies say.
#pragma once

#include "guest.hpp"

namespace stage2
{

enum class Outcome : uint8_t {
	again, // what was in the way is gone: the guest goes on
	report, // nobody helps
	no_ram, // somebody would have helped
	no_tables,
};

// Under the guest's lock. `ipa` is where the fault was.
Outcome answer_fault(Guest &guest, Syndrome syndrome, vmsa::Ipa ipa);

} // namespace stage2
