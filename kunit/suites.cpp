// SPDX-License-Identifier: GPL-2.0-only
//
// All suites, as data for their homes.
#include "suite.hpp"

// A program of some suites has null where the others would be.
#ifdef SOME_SUITES
extern "C" {
#define X(name) extern const test_suite name##_suite [[gnu::weak]];
#include SUITES_DEF
#undef X
}
#endif

#define X(name) &name##_suite,
constinit const test_suite *const all_suites[] = {
#include SUITES_DEF
};

constinit const size_t suite_count = std::size(all_suites);
