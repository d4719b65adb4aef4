// SPDX-License-Identifier: GPL-2.0-only
//
// Pictures of tables: one page that needs nothing but a browser, or a still picture for documents; of one
// guest, or of what changed between two dumps.
//
// Everything is written as it is made. A dump is not trusted, and neither is its name: what they say
// cannot leave the place it stands in, and needs little memory beside the dump itself.
#pragma once

#include "dump/dump.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace render
{

using Sink = std::function<void(std::string_view)>;

struct Subject {
	std::string name; // as people call it
	const dump::Dump &dump;
};

void write_page(const Sink &sink, const Subject &subject);
void write_page(const Sink &sink, const Subject &before, const Subject &after);

void write_svg(const Sink &sink, const Subject &subject);
void write_svg(const Sink &sink, const Subject &before, const Subject &after);

// Text as HTML and SVG take it, in an attribute, too.
std::string escaped(std::string_view text);

} // namespace render
