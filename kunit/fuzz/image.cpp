// SPDX-License-Identifier: GPL-2.0-only
//
// image: any words read back as an image are refused, or they walk as hardware would walk them, move to another base
// and back, and take a change.
#include "tables.hpp"

#include "vmsa/image.hpp"

#include <algorithm>

using namespace vmsa;

namespace
{

constexpr Pa base{0x4000'0000};
constexpr Pa elsewhere{0x8'0000'0000};

template <class F> bool is(const Image<F> &image, std::span<const Descriptor> words)
{
	return std::ranges::equal(image.descriptors(), words);
}

template <class F> void move(Image<F> &image, std::vector<Descriptor> before)
{
	fuzz::require(image.relocate(elsewhere).ok(), "it can be moved");
	fuzz::look_at<F>(image.tree(), image.descriptors(), elsewhere);

	std::vector<Descriptor> moved{image.descriptors().begin(), image.descriptors().end()};
	Image<F> other{moved};

	fuzz::require(other.open(image.tree().geometry(), elsewhere, image.bytes()).ok(),
		      "what was moved can be read");
	fuzz::require(image.relocate(base).ok() && is(image, before),
		      "there and back it is the same");
}

template <class F> int play(fuzz::Input input)
{
	constexpr unsigned smallest = Stage2Tag<typename F::Stage> ? 32 : 25;
	const auto bits =
		static_cast<unsigned>(smallest + input.below(F::output_bits - smallest + 1));
	const Geometry shape = support::geometry_of<F>(bits).value();
	const size_t tables = shape.root_tables + (F::Granule::page_shift == 12 ? 8u : 3u);
	const size_t short_of = input.below(8) ? 0 : 1 + input.below(255);
	std::vector<Descriptor> words(tables * F::Granule::entries);

	fuzz::scribble<F>(input, words, base);

	const auto before = words;
	const size_t bytes = words.size() * sizeof(Descriptor) - short_of;
	Image<F> image{words};

	if (!image.open(shape, base, bytes)) {
		fuzz::require(words == before, "refused, and something has changed");
		return 0;
	}
	fuzz::require(!short_of && is(image, before), "what is read is what was there");
	fuzz::look_at<F>(image.tree(), words, base);
	move(image, before);

	const Region<typename F::Input> page{
		image.tree().space().last - (F::Granule::page_size - 1), F::Granule::page_size};

	if (!image.map(page, Pa{0}, normal | rw))
		fuzz::require(is(image, before), "a map failed, and something has changed");
	else
		fuzz::require(image.tree().translate(page.first).value().pa == Pa{0},
			      "what is mapped is there");
	return 0;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz::Input input{data, size};

	return fuzz::with_a_format(input, [&]<class F>(F) { return play<F>(input); });
}
