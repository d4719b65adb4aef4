// SPDX-License-Identifier: GPL-2.0-only
//
// The smallest guest that can be seen.
#include "guest.hpp"

using namespace guest;

int main(uint64_t vcpu, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t)
{
	print("hello from EL", (read_register(CurrentEL) >> 2) & 3, ", vCPU ", vcpu, "\n");
	return 0;
}
