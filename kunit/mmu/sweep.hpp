// SPDX-License-Identifier: GPL-2.0-only
//
// Every shape of tree that a regime can have, judged with several seeds: granules, output sizes,
// ranges, and all address sizes from the smallest to the largest.
#pragma once

#include "judge.hpp"

namespace mmu
{

// A question through the keyhole costs two flushes of QEMU's TLB: EL3 gets fewer.
template <class Format>
constexpr unsigned seeds = Hardware<typename Format::Stage>::keyhole_bytes ? 2 : 4;

template <class Format> constexpr bool is_stage2 = vmsa::Stage2Tag<typename Format::Stage>;

template <class Format>
vmsa::Result<vmsa::Geometry> geometry_of(unsigned bits, unsigned pa_bits, vmsa::Range range)
{
	using Granule = typename Format::Granule;

	if constexpr (is_stage2<Format>)
		return vmsa::stage2_geometry<Granule, Format::output_bits>(bits, pa_bits);
	else
		return vmsa::stage1_geometry<Granule, Format::output_bits>(bits, pa_bits, range);
}

// An output size that the format has and, at stage 2, that is not smaller than the input.
template <class Format> unsigned draw_pa_bits(Random &random, unsigned input_bits)
{
	constexpr uint8_t sizes[] = {32, 36, 40, 42, 44, 48, 52};

	for (;;) {
		const unsigned bits = sizes[random.below(7)];

		if (bits <= Format::output_bits && (!is_stage2<Format> || bits >= input_bits))
			return bits;
	}
}

// QEMU 7.2 finds nothing where a stage 2 walk begins at level 0 of the 16K granule, as it does with
// 52 bits in (LPA2); later ones do.
template <class Format> constexpr bool beyond_qemu(const vmsa::Geometry &g)
{
	return is_stage2<Format> && Format::Granule::page_shift == 14 && g.start == 0;
}

template <class Format> void sweep(Report &report, Ram &ram, vmsa::Range range)
{
	constexpr unsigned smallest = is_stage2<Format> ? 32 : 25;
	constexpr unsigned largest = Format::output_bits;
	Score score;
	unsigned skipped = 0;

	for (unsigned bits = smallest; bits <= largest; bits++) {
		for (unsigned i = 0; i < seeds<Format>; i++) {
			const uint64_t seed = bits << 8 | i;
			Random random{seed};
			const auto g = geometry_of<Format>(bits, draw_pa_bits<Format>(random, bits),
							   range);

			if (!g) {
				score.objections++;
				print("# refused: ", uint64_t{bits}, " bits\n");
				continue;
			}
			if (beyond_qemu<Format>(g.value())) {
				skipped = bits;
				continue;
			}
			ram.reset();
			Judge<Format>{score, ram, g.value(), seed}.run();
		}
	}
	report.line(!score.objections, Hardware<typename Format::Stage>::name, ", ",
		    uint64_t{Format::Granule::page_size / 1024}, "K, ",
		    uint64_t{Format::output_bits}, "-bit, ",
		    range == vmsa::Range::lower ? "lower" : "upper",
		    " range: ", score.configurations, " configurations, ", score.leaves,
		    " leaves, ", score.holes, " holes, ", score.answers, " answers");
	if (skipped)
		report.skip("not in this QEMU", Hardware<typename Format::Stage>::name, ", ",
			    uint64_t{Format::Granule::page_size / 1024}, "K, ", uint64_t{skipped},
			    " bits in");
}

template <class Stage> void sweep_range(Report &report, Ram &ram, vmsa::Range range)
{
	using namespace vmsa;

	sweep<Format<Stage, Granule4K, 48>>(report, ram, range);
	sweep<Format<Stage, Granule16K, 48>>(report, ram, range);
	sweep<Format<Stage, Granule64K, 48>>(report, ram, range);
	sweep<Format<Stage, Granule4K, 52>>(report, ram, range);
	sweep<Format<Stage, Granule16K, 52>>(report, ram, range);
	sweep<Format<Stage, Granule64K, 52>>(report, ram, range);
}

template <class Stage> void sweep_regime(Report &report)
{
	Ram ram;

	sweep_range<Stage>(report, ram, vmsa::Range::lower);
	if constexpr (requires { requires Stage::has_upper; })
		sweep_range<Stage>(report, ram, vmsa::Range::upper);
}

} // namespace mmu
