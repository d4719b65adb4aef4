// SPDX-License-Identifier: GPL-2.0-only
//
// Annotations among maps: random operations against an array that knows what every unit says. Units are
// pages or blocks, at the edges of tables and at the very end of the space, and now and then an
// allocation fails.
#include "support/lab.hpp"
#include "support/random.hpp"
#include "support/snapshot.hpp"
#include "vmsa/format_stage2.hpp"

using namespace vmsa;
using namespace support;

namespace
{

constexpr size_t units = 96;
constexpr uint8_t mapped = 0xff; // any other cell is an annotation, or 0

template <class F> class Game {
	using Input = typename F::Input;
	using Snap = Snapshot<Tree<F, ScratchMemory>>;

    public:
	Game(struct kunit *test, unsigned bits, Range range, uint64_t unit, uint64_t first)
	    : lab_{test, bits, 128, range}, before_{test, lab_.memory()}, unit_{unit},
	      first_{first}, random_{first + bits}
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

		for (unsigned i = 0; i < operations && agreed && !cells_.empty(); i += 4) {
			// As one batch, now and then.
			if (random_.below(4) == 0)
				lab_.together([&] { turns(4); });
			else
				turns(4);
		}
		return agreed && lab_.good();
	}

    private:
	struct Move {
		unsigned what;
		size_t first;
		size_t count;
		uint64_t from;
		uint64_t to;
		bool again = false; // map: also over what is mapped
	};

	Region<Input> region(size_t first, size_t count) const
	{
		return {Input{first_ + first * unit_}, count * unit_};
	}

	// ---- What should come of it? ----

	// The first unit that stands in the way, and why.
	Errc obstacle(const Move &m, size_t &at) const
	{
		for (at = m.first; at < m.first + m.count; at++) {
			const uint8_t c = cells_[at];

			switch (m.what) {
			case 0: // map, over `from`
				if (c == mapped && m.again)
					break;
				if (c == mapped)
					return Errc::overlap;
				if (c && c != m.from)
					return Errc::annotated;
				break;
			case 1: // unmap, and leave `to`
				if (c != mapped)
					return Errc::not_mapped;
				break;
			default: // from `from` to `to`
				if (c == m.from)
					break;
				return c == mapped ? Errc::overlap
				       : c	   ? Errc::annotated
						   : Errc::not_annotated;
			}
		}
		return Errc::none;
	}

	// ---- What comes of it? ----

	[[gnu::noinline]] Error make(const Move &m)
	{
		const auto r = region(m.first, m.count);

		switch (m.what) {
		case 0: {
			const Linear rule{r.first, Pa{r.first.raw() & low_bits(40)}};
			const MapLimits limits{.largest = random_.below(2) ? Level{3} : Level{-1},
					       .over = annotation(m.from)};

			return (m.again ? lab_.remap(r, rule, normal | rw, limits)
					: lab_.map_by(r, rule, normal | rw, limits))
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
		const Errc expected = obstacle(m, at);

		before_.take(lab_.tree());
		if (random_.below(8) == 0)
			lab_.memory().fail_at(random_.below(3));
		const Error e = make(m);

		lab_.memory().fail_at(ScratchMemory::never);
		if (e.code == Errc::none && expected == Errc::none) {
			apply(m);
			return agrees();
		}
		if (!before_.matches(lab_.tree()))
			return false;
		return e.code == Errc::no_memory
			       ? expected == Errc::none
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
				const auto said = annotation_at<uint64_t>(lab_.tree(), at);

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

template <class F>
[[gnu::noinline]] void play(struct kunit *test, unsigned bits, Range range, uint64_t unit,
			    uint64_t first)
{
	Game<F> game{test, bits, range, unit, first};

	EXPECT(game.play(400 * test_effort()));
}

} // namespace

TEST(pages_across_the_end_of_a_table)
{
	play<Format<Stage2, Granule4K>>(test, 40, Range::lower, 4 * KiB, 2 * GiB - 48 * 4 * KiB);
	play<Format<El1And0, Granule16K>>(test, 42, Range::lower, 16 * KiB,
					  32 * MiB - 32 * 16 * KiB);
}

TEST(blocks_across_the_end_of_a_table)
{
	play<Format<Stage2, Granule4K>>(test, 40, Range::lower, 2 * MiB, 3 * GiB - 96 * MiB);
	play<Format<Stage2, Granule64K, 52>>(test, 48, Range::lower, 512 * MiB, 4 * TiB - 24 * GiB);
}

TEST(pages_and_blocks_at_the_last_byte_of_the_upper_range)
{
	play<Format<El1And0, Granule4K, 52>>(test, 52, Range::upper, 4 * KiB, 0 - units * 4 * KiB);
	play<Format<El1And0, Granule16K, 52>>(test, 48, Range::upper, 32 * MiB,
					      0 - units * 32 * MiB);
	play<Format<El2And0, Granule64K>>(test, 42, Range::upper, 64 * KiB, 0 - units * 64 * KiB);
}

// No leaf is larger than 1 GiB here, but an annotation may be.
TEST(more_than_a_block_at_once)
{
	play<Format<Stage2, Granule4K>>(test, 48, Range::lower, GiB, 512 * GiB - 40 * GiB);
	play<Format<El1And0, Granule4K, 52>>(test, 52, Range::lower, GiB, bit(48) - 40 * GiB);
}

// A block takes the place of tables in which nothing but annotations stands.
TEST(parts_of_blocks)
{
	play<Format<Stage2, Granule4K>>(test, 40, Range::lower, 512 * KiB, 2 * GiB - 24 * MiB);
	play<Format<Stage2, Granule4K>>(test, 40, Range::lower, 256 * MiB, 8 * GiB);
	play<Format<El1And0, Granule16K>>(test, 42, Range::lower, 8 * MiB, 96 * MiB);
}

SUITE(annotation_game, pages_across_the_end_of_a_table, blocks_across_the_end_of_a_table,
      pages_and_blocks_at_the_last_byte_of_the_upper_range, more_than_a_block_at_once,
      parts_of_blocks);
