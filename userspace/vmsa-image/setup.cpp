// SPDX-License-Identifier: GPL-2.0-only
#include "setup.hpp"

namespace vmsa_image
{

namespace
{

// Numbers of bits: more than a byte's worth is nonsense, and the geometry refuses the rest.
unsigned small_number(const Words &words, const char *key, uint64_t number)
{
	if (number > 64)
		words.complain(key, "an address has no more than 64 bits");
	return static_cast<unsigned>(number);
}

Stage stage_of(const Words &words)
{
	if (words.choice("stage", {"1", "2"}) == 0) {
		if (words.has("fwb"))
			words.complain("fwb", "fwb= is for stage=2");
		return static_cast<Stage>(
			words.choice("regime", {"el1and0", "el2and0", "el2", "el3"}));
	}
	for (const char *key : {"regime", "range"}) {
		if (words.has(key))
			words.complain(key, std::string{key} + "= is for stage=1");
	}
	return words.choice("fwb", {"off", "on"}, 0) ? Stage::stage2_fwb : Stage::stage2;
}

} // namespace

Setup::Setup(Line line)
    : words{std::move(line),
	    {"stage", "regime", "fwb", "granule", "bits", "range", "output_bits", "base"}},
      stage{stage_of(words)}, page_shift{12 + 2 * static_cast<unsigned>(words.choice(
							  "granule", {"4K", "16K", "64K"}))},
      bits{small_number(words, "bits", words.number("bits"))},
      output_bits{small_number(words, "output_bits", words.number("output_bits", 48))},
      range{static_cast<vmsa::Range>(words.choice("range", {"lower", "upper"}, 0))},
      base{words.number("base")}
{
	if (range == vmsa::Range::upper && (stage == Stage::el2 || stage == Stage::el3))
		words.complain("range", "this regime has only a lower range");
	if (output_bits < 32 || output_bits > 52)
		words.complain("output_bits", "a machine has 32 to 52 physical address bits");
}

void complain(const Setup &setup, const vmsa::Error &error)
{
	const std::string least = formats::is_stage2(setup.stage) ? "32" : "25";

	switch (error.code) {
	case vmsa::Errc::input_bits:
		setup.words.complain("bits", "bits must be " + least + " to " +
						     std::to_string(error.last) +
						     " here (up to 52 with output_bits=52)");
	case vmsa::Errc::output_bits:
		setup.words.complain("bits", "more input bits than the machine has output bits");
	case vmsa::Errc::unaligned_base:
		setup.words.complain("base", "the base is not aligned to the root table");
	case vmsa::Errc::beyond_output:
		setup.words.complain("base", "the tables do not fit below the end of the output");
	default:
		setup.words.complain("base", "not an image with this base, granule and bits: a "
					     "table descriptor leads outside, or to a table "
					     "that is in use already");
	}
}

} // namespace vmsa_image
