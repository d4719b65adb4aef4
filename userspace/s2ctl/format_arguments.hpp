// SPDX-License-Identifier: GPL-2.0-only
//
// A format on the command line: --stage, --granule, --output-bits, as decode and geometry take them.
#pragma once

#include "command.hpp"

#include "formats/formats.hpp"

namespace s2ctl
{

inline constexpr const char *stage_names[] = {"el1and0", "el2and0", "el2", "el3", "2", "2-fwb"};
inline constexpr const char *granule_names[] = {"4K", "16K", "64K"};
inline constexpr const char *output_names[] = {"48", "52"};

inline constexpr Argument stage_argument = {"--stage",
					    "STAGE",
					    "2, 2-fwb, el1and0, el2and0, el2 or el3 (2)",
					    Argument::Kind::choice,
					    false,
					    false,
					    stage_names};
inline constexpr Argument granule_argument = {"--granule",
					      "SIZE",
					      "the smallest page: 4K, 16K or 64K (4K)",
					      Argument::Kind::choice,
					      false,
					      false,
					      granule_names};
inline constexpr Argument output_argument = {"--output-bits",
					     "N",
					     "48, or 52 with LPA or LPA2 (48)",
					     Argument::Kind::choice,
					     false,
					     false,
					     output_names};

formats::Format format_of(const Arguments &arguments);

} // namespace s2ctl
