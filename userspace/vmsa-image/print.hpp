// SPDX-License-Identifier: GPL-2.0-only
//
// From an image back to what it maps.
#pragma once

#include "words.hpp"

#include "vmsa/granule.hpp"

#include <string>
#include <vector>

namespace vmsa_image
{

enum class Style { text, json };

// `setup` is the first line of the description. Throws a Complaint, about that line, when the image
// is none.
std::string print(std::vector<vmsa::Descriptor> image, const Line &setup, Style style);

} // namespace vmsa_image
