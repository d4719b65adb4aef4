// SPDX-License-Identifier: GPL-2.0-only
//
// A hostile guest. x1 says which of the things in escape.def it tries; what it returns from had no
// effect outside.
#include "escape/addresses.hpp"
#include "escape/others.hpp"
#include "escape/state.hpp"
#include "escape/time.hpp"

using namespace guest;

namespace
{

constexpr struct {
	uint64_t number;
	void (*attempt)();
} tries[] = {
#define TRY(number, name, ends) {number, escape::name},
#include "escape/escape.def"
#undef TRY
};

} // namespace

int main(uint64_t, uint64_t number, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t)
{
	for (const auto &one : tries) {
		if (one.number == number) {
			one.attempt();
			return 0;
		}
	}
	print("x1 must be the number of a try, 1 to ",
	      tries[sizeof(tries) / sizeof(tries[0]) - 1].number, ", not ", number, "\n");
	return 1;
}
