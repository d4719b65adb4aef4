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

// Does this MMU walk stage 2 from level 0 of the 16K granule, as it has to with 52 bits in (LPA2)?
// QEMU 7.2 faults there, later ones do not. Asked with registers and tables that the library had no
// hand in: a root of 32 entries, a table, and a block of 64 GiB at address 0.
inline bool walks_16k_from_level_0(Ram &ram)
{
	// DS, RES1, PS: 52 bits, TG0: 16K, SH0, ORGN0, IRGN0, SL0: level 0, T0SZ: 52 bits
	constexpr uint64_t vtcr = vmsa::bit(32) | vmsa::bit(31) | 6 << 16 | 2 << 14 | 3 << 12 |
				  1 << 10 | 1 << 8 | 3 << 6 | 12;
	// AF, S2AP: read and write, MemAttr: Write-Back
	constexpr vmsa::Descriptor block = vmsa::bit(10) | 3 << 6 | 0xf << 2 | 1;

	ram.reset();
	vmsa::Descriptor *root = ram.allocate(16 * vmsa::KiB);
	vmsa::Descriptor *table = ram.allocate(16 * vmsa::KiB);

	root[0] = Ram::physical(table).raw() | 3;
	table[0] = block;
	Hardware<vmsa::Stage2>::enter(World::non_secure);
	write_register(vtcr_el2, vtcr);
	write_register(vttbr_el2, Ram::physical(root).raw());
	Hardware<vmsa::Stage2>::sync();
	Hardware<vmsa::Stage2>::turn(true);
	const uint64_t par = ask_mmu(s12e1r, 0);
	Hardware<vmsa::Stage2>::turn(false);
	return !(par & 1);
}

template <class Format> bool is_walked(const vmsa::Geometry &g, Ram &ram)
{
	return !is_stage2<Format> || Format::Granule::page_shift != 14 || g.start > 0 ||
	       walks_16k_from_level_0(ram);
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
			if (!is_walked<Format>(g.value(), ram)) {
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
		report.skip("this MMU does not walk from level 0",
			    Hardware<typename Format::Stage>::name, ", ",
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
