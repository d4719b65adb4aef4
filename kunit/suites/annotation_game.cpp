// SPDX-License-Identifier: GPL-2.0-only
//
// Annotations among maps (support/annotation_game.hpp), at the edges of tables and at the very end of the space.
#include "support/annotation_game.hpp"
#include "vmsa/format_stage2.hpp"

using namespace vmsa;
using namespace support;

namespace
{

constexpr size_t units = AnnotationGame<Stage2_4K>::units;

template <class F>
[[gnu::noinline]] void play(struct kunit *test, unsigned bits, Range range, uint64_t unit,
			    uint64_t first)
{
	AnnotationGame<F> game{test, bits, range, unit, first, Random{first + bits}};

	EXPECT(game.play(test_moves(400)));
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
