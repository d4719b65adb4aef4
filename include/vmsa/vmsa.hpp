// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The whole library. Each header also stands alone; Documentation/library.rst is the tour.
#pragma once

#include "vmsa/cut.hpp"
#include "vmsa/error_text.hpp"
#include "vmsa/fold.hpp"
#include "vmsa/format_stage1.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/go_live.hpp"
#include "vmsa/harvest.hpp"
#include "vmsa/id_map.hpp"
#include "vmsa/linear_map.hpp"
#include "vmsa/mapping.hpp"
#include "vmsa/rows.hpp"
#include "vmsa/stocked_memory.hpp"
#include "vmsa/version.hpp"
#include "vmsa/vtcr.hpp"

// An image is a std::span, which a freestanding C++20 may be without.
#if __has_include(<span>)
#include "vmsa/static_tables.hpp"
#endif
