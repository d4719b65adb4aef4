// SPDX-License-Identifier: GPL-2.0-only
//
// Random things to map: regions of blocks with pages at their edges, contiguous runs, any legal
// attributes, anywhere in the space, with the first page, the very last page and the top of the
// output drawn more often than chance would.
#pragma once

#include "support/random.hpp"
#include "vmsa/format_stage1.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/map.hpp"

namespace mmu
{

using support::Random;

template <class Format> struct Request {
	vmsa::Region<typename Format::Input> region;
	vmsa::Pa pa;
	typename Format::Attributes attributes;
};

inline vmsa::Stage1Access draw_access(Random &random, const vmsa::Stage1Attributes &)
{
	return {.write = random.one_in(2),
		.execute = random.one_in(2),
		.el0 = random.one_in(2),
		.el0_execute = random.one_in(2)};
}

inline vmsa::Access draw_access(Random &random, const vmsa::Stage2Attributes &)
{
	return {random.one_in(2), random.one_in(2), static_cast<vmsa::Execute>(random.below(4))};
}

template <class Format> typename Format::Attributes draw_attributes(Random &random)
{
	using Shareability = vmsa::Shareability;
	constexpr Shareability all[] = {Shareability::none, Shareability::outer,
					Shareability::inner};

	for (;;) {
		typename Format::Attributes a;

		a.memory = static_cast<vmsa::MemoryType>(random.below(7));
		a.access = draw_access(random, a);
		a.shareability = Format::lpa2 ? Shareability::inner : all[random.below(3)];
		a.accessed = !random.one_in(8);
		a.software = static_cast<uint8_t>(random.below(16));
		if constexpr (requires { a.guarded; }) {
			a.non_secure = random.one_in(2);
			a.global = random.one_in(2);
			a.guarded = random.one_in(2);
		}
		if (Format::is_legal(a))
			return a;
	}
}

template <class Format> class Draw {
	using Granule = typename Format::Granule;
	using Input = typename Format::Input;

    public:
	Draw(const vmsa::Geometry &geometry, Random &random) : geometry_{geometry}, random_{random}
	{
	}

	Request<Format> request()
	{
		const bool contiguous = random_.one_in(4);
		const vmsa::Level level = draw_level(contiguous);
		const size_t unit = contiguous ? Format::contiguous_run(level) : 1;
		const size_t n = contiguous ? unit : 1 + random_.below(4);
		const uint64_t size = Granule::size(level);
		const uint64_t page = Granule::page_size;
		const auto in = place(geometry_.input_bits, size, n, unit);
		const auto out = place(geometry_.output_bits, size, n, unit);

		// Pages before and after the leaves, where there is room on both sides.
		const bool ragged = !contiguous && random_.one_in(2);
		const uint64_t lead = ragged && in.below && out.below ? random_.below(8) * page : 0;
		const uint64_t tail = ragged && in.above && out.above ? random_.below(8) * page : 0;

		Request<Format> r{{Input{geometry_.first_input()} + (in.first - lead),
				   lead + n * size + tail},
				  vmsa::Pa{out.first - lead},
				  draw_attributes<Format>(random_)};
		r.attributes.contiguous = contiguous;
		return r;
	}

	// Any address of the space, on any byte.
	Input anywhere()
	{
		return Input{geometry_.first_input() +
			     random_.below(vmsa::bit(geometry_.input_bits))};
	}

    private:
	struct Place {
		uint64_t first;
		bool below; // is there anything before it?
		bool above;
	};

	// A level whose leaves (or contiguous runs) fit both spaces.
	vmsa::Level draw_level(bool contiguous)
	{
		for (;;) {
			const auto level =
				Format::largest_leaf_level +
				static_cast<int>(random_.below(vmsa::last_level -
							       Format::largest_leaf_level + 1));
			const uint64_t bytes = Granule::size(level) *
					       (contiguous ? Format::contiguous_run(level) : 1);

			if (level == vmsa::last_level ||
			    (level >= geometry_.start &&
			     bytes <= vmsa::bit(geometry_.input_bits) / 4 &&
			     bytes <= vmsa::bit(geometry_.output_bits) / 4))
				return level;
		}
	}

	// `n` leaves in a space of `bits`, aligned to `unit` of them: at its end, its start, across its
	// middle (where the upper bits of an output change, which stand elsewhere), or anywhere.
	Place place(unsigned bits, uint64_t size, size_t n, size_t unit)
	{
		const uint64_t slots = vmsa::bit(bits) / size / unit;
		const uint64_t last = slots - n / unit;
		const uint64_t places[] = {
			last, last, 0, last / 2, random_.below(last + 1), random_.below(last + 1)};
		const uint64_t slot = places[random_.below(6)];

		return {slot * unit * size, slot > 0, slot < last};
	}

	const vmsa::Geometry &geometry_;
	Random &random_;
};

} // namespace mmu
