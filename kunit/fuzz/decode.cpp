// SPDX-License-Identifier: GPL-2.0-only
//
// decode: any value of any register, and any descriptor of any format, is 64 bits, each in one field; and what is
// written as a number is read as one.
#include "input.hpp"

#include "decode/decode.hpp"
#include "stage2/numbers.hpp"
#include "text/text.hpp"

namespace
{

void look_at(const decode::Decoded &d)
{
	unsigned below = 64;

	for (const decode::Field &f : d.fields) {
		fuzz::require(f.high + 1 == below && f.low <= f.high, "each bit is in one field");
		fuzz::require(f.value == vmsa::Field{f.high, f.low}.get(d.value),
			      "a field has the bits it names");
		below = f.low;
	}
	fuzz::require(below == 0 && !d.name.empty(), "every bit is in a field");
}

void read_number(std::string_view text)
{
	const numbers::Number n = numbers::parse(text);

	if (n.trouble != numbers::Number::Trouble::none) {
		fuzz::require(n.at <= text.size() && *numbers::explain(n.trouble),
			      "trouble has a place in the word");
		return;
	}
	fuzz::require(numbers::parse(numbers::exact_size(n.value).text()).value == n.value,
		      "an exact size is read as what it was");
	fuzz::require(numbers::parse(numbers::size(n.value).text()).value <= n.value,
		      "a size is rounded down");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz::Input input{data, size};
	const size_t what = input.below(4);
	const size_t which = input.below(256);
	const auto value = input.number<uint64_t>();

	if (what == 0) {
		const auto rest = input.rest();

		read_number({reinterpret_cast<const char *>(data), size});
		decode::find_register({reinterpret_cast<const char *>(rest.data()), rest.size()});
	} else if (what == 1) {
		const auto registers = decode::registers();

		look_at(registers[which % registers.size()].decode(
			value, {input.below(2) == 1, input.below(2) ? 52u : 48u}));
	} else {
		const formats::Format format{static_cast<formats::Stage>(which % 6),
					     12 + 2 * static_cast<unsigned>(which / 6 % 3),
					     which / 18 % 2 ? 52u : 48u};
		const int first =
			formats::with_format(format, []<class F>() { return F::first_level; });
		const int level = first + static_cast<int>(input.below(4 - first));

		look_at(decode::descriptor(format, level, value,
					   what == 2 ? std::nullopt
						     : std::optional{input.number<uint64_t>()}));
	}
	return 0;
}
