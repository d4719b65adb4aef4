// SPDX-License-Identifier: GPL-2.0-only
//
// AnnotationGame: annotations among maps: random operations against an array that knows what every unit says. Units
// are pages or blocks, and now and then an allocation fails.
#pragma once

#include "support/lab.hpp"
#include "support/random.hpp"
#include "support/snapshot.hpp"

namespace support
{

template <class F> class AnnotationGame {
	using Input = typename F::Input;
	using Snap = Snapshot<vmsa::Tree<F, ScratchMemory>>;

    public:
	static constexpr size_t units = 96;

	AnnotationGame(struct kunit *test, unsigned bits, vmsa::Range range, uint64_t unit,
		       uint64_t first, const Random &random)
	    : lab_{test, bits, 128, range}, before_{test, lab_.memory()}, unit_{unit},
	      first_{first}, random_{random}
	{
		cells_ = scratch<uint8_t>(test, units);
	}

	bool play(unsigned operations)
	{
		bool agreed = true;
		const auto turns = [&](unsigned n) {
			for (; n && agreed && lab_.good(); n--)
				agreed = turn();
		};

		for (unsigned i = 0;
		     i < operations && agreed && !cells_.empty() && !random_.is_over(); i += 4) {
			// As one batch, now and then.
			if (random_.below(4) == 0)
				lab_.together([&] { turns(4); });
			else
				turns(4);
		}
		return agreed && lab_.good();
	}

    private:
	static constexpr uint8_t mapped = 0xff; // any other cell is an annotation, or 0

	struct Move {
		unsigned what;
		size_t first;
		size_t count;
		uint64_t from;
		uint64_t to;
		bool again = false; // map: also over what is mapped
	};

	vmsa::Region<Input> region(size_t first, size_t count) const
	{
		return {Input{first_ + first * unit_}, count * unit_};
	}

	// ---- What should come of it? ----

	// The first unit that stands in the way, and why.
	vmsa::Errc obstacle(const Move &m, size_t &at) const
	{
		for (at = m.first; at < m.first + m.count; at++) {
			const uint8_t c = cells_[at];

			switch (m.what) {
			case 0: // map, over `from`
				if (c == mapped && m.again)
					break;
				if (c == mapped)
					return vmsa::Errc::overlap;
				if (c && c != m.from)
					return vmsa::Errc::annotated;
				break;
			case 1: // unmap, and leave `to`
				if (c != mapped)
					return vmsa::Errc::not_mapped;
				break;
			default: // from `from` to `to`
				if (c == m.from)
					break;
				return c == mapped ? vmsa::Errc::overlap
				       : c	   ? vmsa::Errc::annotated
						   : vmsa::Errc::not_annotated;
			}
		}
		return vmsa::Errc::none;
	}

	// ---- What comes of it? ----

	[[gnu::noinline]] vmsa::Error make(const Move &m)
	{
		const auto r = region(m.first, m.count);

		switch (m.what) {
		case 0: {
			const vmsa::Linear rule{r.first,
						vmsa::Pa{r.first.raw() & vmsa::low_bits(40)}};
			const vmsa::MapLimits limits{.largest = random_.below(2) ? vmsa::Level{3}
										 : vmsa::Level{-1},
						     .over = vmsa::annotation(m.from)};

			return (m.again ? lab_.remap(r, rule, vmsa::normal | vmsa::rw, limits)
					: lab_.map_by(r, rule, vmsa::normal | vmsa::rw, limits))
				.error();
		}
		case 1:
			return (m.to ? lab_.unmap(r, m.to) : lab_.unmap(r)).error();
		default:
			if (!m.from)
				return lab_.annotate(r, m.to).error();
			return (m.to ? lab_.annotate(r, m.from, m.to) : lab_.unannotate(r, m.from))
				.error();
		}
	}

	[[gnu::noinline]] bool turn()
	{
		Move m{.what = static_cast<unsigned>(random_.below(4)),
		       .first = random_.below(units),
		       .count = 1,
		       .from = random_.below(3),
		       .to = random_.below(3)};

		m.count += random_.below(units - m.first);
		m.again = random_.below(3) == 0;
		if (m.what >= 2 && !m.from && !m.to)
			m.to = 1;
		shrink(m);

		size_t at = 0;
		const vmsa::Errc expected = obstacle(m, at);

		before_.take(lab_.tree());
		if (random_.below(8) == 0)
			lab_.memory().fail_at(random_.below(3));
		const vmsa::Error e = make(m);

		lab_.memory().fail_at(ScratchMemory::never);
		if (e.code == vmsa::Errc::none && expected == vmsa::Errc::none) {
			apply(m);
			return agrees();
		}
		if (!before_.matches(lab_.tree()))
			return false;
		return e.code == vmsa::Errc::no_memory
			       ? expected == vmsa::Errc::none
			       : e.code == expected && e.first == region(at, 1).first.raw();
	}

	// Most moves should succeed: to the like of the first unit.
	void shrink(Move &m)
	{
		const uint8_t c = cells_[m.first];

		if (random_.below(4) == 0)
			return;
		if (c == mapped)
			m.what = m.again ? 0 : 1;
		else if (c)
			m.from = c;
		else if (m.what == 1)
			m.what = 0;
		else if (m.what >= 2)
			m.from = 0, m.to = 1 + random_.below(2);
		for (size_t n = 1; n < m.count; n++) {
			if (cells_[m.first + n] != c)
				m.count = n;
		}
	}

	void apply(const Move &m)
	{
		for (size_t i = 0; i < m.count; i++)
			cells_[m.first + i] = m.what ? static_cast<uint8_t>(m.to) : mapped;
	}

	// The first and the last page of every unit.
	bool agrees() const
	{
		for (size_t i = 0; i < units; i++) {
			for (Input at : {region(i, 1).first, region(i, 1).last}) {
				const auto e = lab_.tree().at(at);
				const auto said = vmsa::annotation_at<uint64_t>(lab_.tree(), at);

				if (e.is_leaf() != (cells_[i] == mapped))
					return false;
				if (!e.is_leaf() && (said ? said.value() : 0) != cells_[i])
					return false;
			}
		}
		return true;
	}

	Lab<F> lab_;
	Snap before_;
	uint64_t unit_;
	uint64_t first_;
	Random random_;
	std::span<uint8_t> cells_;
};

} // namespace support
