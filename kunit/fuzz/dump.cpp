// SPDX-License-Identifier: GPL-2.0-only
//
// dump: any tables, as tables.bin has them, with some words of the file changed: what userspace reads of it is refused,
// or all ways to look at it agree (userspace/tests/unit/judge_dump.hpp).
#include "tables.hpp"

#include "tests/unit/judge_dump.hpp"
#include "tests/unit/make_dump.hpp"

using namespace vmsa;

namespace
{

constexpr Pa base{0x4000'0000};

// Empty where that is no image.
template <class F> std::string file_of(fuzz::Input input)
{
	const auto bits = static_cast<unsigned>(32 + input.below(F::output_bits - 31));
	const Geometry shape = support::geometry_of<F>(bits).value();
	const size_t tables = shape.root_tables + 2;
	std::vector<Descriptor> words(tables * F::Granule::entries);
	Image<F> image{words};

	fuzz::scribble<F>(input, words, base);
	if (!image.open(shape, base, words.size() * sizeof(Descriptor)))
		return {};
	return unit::dump_of(image);
}

// One number where another stood, near the beginning most of the time; and an end that comes early.
void damage(fuzz::Input &input, std::string &bytes)
{
	const size_t width = size_t{1} << input.below(4);
	const size_t at = input.below(2) ? input.below(128) : input.number<uint16_t>();
	const auto value = input.number<uint64_t>();

	if (at / width * width + width <= bytes.size())
		std::memcpy(bytes.data() + at / width * width, &value, width);
	else
		bytes.resize(at % (bytes.size() + 1));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz::Input input{data, size};
	const bool small = input.below(4) < 3;
	const auto pictures =
		input.below(64) == 63 ? unit::Pictures::drawn : unit::Pictures::left_out;
	std::vector<fuzz::Input> damages;

	for (size_t n = input.below(4); n; n--) {
		damages.push_back(input);
		static_cast<void>(input.number<uint64_t>());
		static_cast<void>(input.number<uint32_t>());
	}

	std::string bytes = small ? file_of<Format<Stage2, Granule4K>>(input)
				  : file_of<Format<Stage2Fwb, Granule16K, 52>>(input);

	if (bytes.empty())
		return -1;
	for (fuzz::Input &each : damages)
		damage(each, bytes);
	unit::judge_dump(bytes, pictures);
	return 0;
}
