// SPDX-License-Identifier: GPL-2.0-only
//
// Included ahead of everything in the program (kunit/host.mk). Who loads the address of a table and then what the table
// holds needs no acquire: the second load depends on the first (shared_mapping.hpp). ThreadSanitizer knows of no
// dependencies, so for it every load is an acquire.
#pragma once

#define __atomic_load_n(p, order) __atomic_load_n(p, __ATOMIC_ACQUIRE)
