// SPDX-License-Identifier: GPL-2.0-only
#include "format_arguments.hpp"

#include <algorithm>

namespace s2ctl
{

namespace
{

template <size_t N> unsigned index_in(const char *const (&names)[N], const std::string &name)
{
	return static_cast<unsigned>(std::ranges::find(names, name) - names);
}

} // namespace

formats::Format format_of(const Arguments &arguments)
{
	return {static_cast<formats::Stage>(index_in(stage_names, arguments.text("--stage", "2"))),
		12 + 2 * index_in(granule_names, arguments.text("--granule", "4K")),
		arguments.text("--output-bits", "48") == "52" ? 52u : 48u};
}

} // namespace s2ctl
