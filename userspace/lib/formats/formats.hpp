// SPDX-License-Identifier: GPL-2.0-only
//
// From a format that is only known at run time to the library's type for it:
//
//   formats::with_format({Stage::stage2, 12, 48}, [&]<class F> { ... F::Granule::page_size ... });
//
// One switch here; behind it everything is a template.
#pragma once

#include "vmsa/format_stage1.hpp"
#include "vmsa/format_stage2.hpp"

namespace formats
{

enum class Stage { el1and0, el2and0, el2, el3, stage2, stage2_fwb };

constexpr bool is_stage2(Stage stage)
{
	return stage == Stage::stage2 || stage == Stage::stage2_fwb;
}

struct Format {
	Stage stage = Stage::stage2;
	unsigned page_shift = 12; // 12, 14 or 16
	unsigned output_bits = 48; // 48, or 52 for LPA and LPA2

	constexpr bool operator==(const Format &) const = default;
};

namespace detail
{

template <class S, class G, class Use> auto with_output(const Format &format, const Use &use)
{
	return format.output_bits > 48 ? use.template operator()<vmsa::Format<S, G, 52>>()
				       : use.template operator()<vmsa::Format<S, G, 48>>();
}

template <class S, class Use> auto with_granule(const Format &format, const Use &use)
{
	switch (format.page_shift) {
	case 12:
		return with_output<S, vmsa::Granule4K>(format, use);
	case 14:
		return with_output<S, vmsa::Granule16K>(format, use);
	default:
		return with_output<S, vmsa::Granule64K>(format, use);
	}
}

} // namespace detail

// Stage 2 only, which is all that tables.bin can hold: a third of the code.
template <class Use> auto with_stage2_format(const Format &format, const Use &use)
{
	return format.stage == Stage::stage2_fwb
		       ? detail::with_granule<vmsa::Stage2Fwb>(format, use)
		       : detail::with_granule<vmsa::Stage2>(format, use);
}

template <class Use> auto with_format(const Format &format, const Use &use)
{
	switch (format.stage) {
	case Stage::el1and0:
		return detail::with_granule<vmsa::El1And0>(format, use);
	case Stage::el2and0:
		return detail::with_granule<vmsa::El2And0>(format, use);
	case Stage::el2:
		return detail::with_granule<vmsa::El2>(format, use);
	case Stage::el3:
		return detail::with_granule<vmsa::El3>(format, use);
	default:
		return with_stage2_format(format, use);
	}
}

} // namespace formats
