// SPDX-License-Identifier: GPL-2.0-only
//
// All suites, as data for their homes.
#include "suite.hpp"

#define X(name) &name##_suite,
constinit const test_suite *const all_suites[] = {
#include SUITES_DEF
};

constinit const size_t suite_count = std::size(all_suites);
