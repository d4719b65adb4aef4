// SPDX-License-Identifier: GPL-2.0-only
//
// description: a text for vmsa-image is refused with a place and a reason, or it makes an image that print reads.
#include "input.hpp"

#include "vmsa-image/make.hpp"
#include "vmsa-image/print.hpp"

#include "stage2/numbers.hpp"

using namespace vmsa_image;

namespace
{

// Not wrong, but no use: it takes seconds to write that many tables.
bool is_large(std::string_view text)
{
	for (size_t at = text.find("size="); at != text.npos; at = text.find("size=", at)) {
		at += 5;

		const uint64_t n =
			numbers::parse(text.substr(at, text.find_first_of(" \t\r\n#", at) - at))
				.value;

		if (n > (16 << 20) && n <= uint64_t{1} << 52)
			return true;
	}
	return false;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const std::string text{reinterpret_cast<const char *>(data), size};
	Made made;

	if (is_large(text))
		return -1;
	try {
		made = make("text", text);
	} catch (const Complaint &why) {
		fuzz::require(std::string_view{why.what()}.starts_with("text:"),
			      "a complaint says where");
		return 0;
	}
	try {
		for (const Style style : {Style::text, Style::json})
			print(made.descriptors, {"setup", made.setup}, style);
	} catch (const Complaint &why) {
		fuzz::require(false, why.what());
	}
	return 0;
}
