// SPDX-License-Identifier: GPL-2.0-only
//
// From a description to an image.
#pragma once

#include "vmsa/granule.hpp"

#include <string>
#include <vector>

namespace vmsa_image
{

struct Made {
	std::vector<vmsa::Descriptor> descriptors;
	std::string summary; // where it goes and what the registers hold, in key=value words
	std::string setup; // the first line of the description, which print wants to know
};

// `name` is how complaints call `description`. Throws a Complaint.
Made make(const std::string &name, const std::string &description);

} // namespace vmsa_image
