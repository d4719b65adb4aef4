// SPDX-License-Identifier: GPL-2.0-only
//
// Images: tables as bytes, the same whoever builds them and wherever, moved and read back; and tables
// that the compiler built.
#include "suite.hpp"
#include "vmsa/format_stage1.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/rows.hpp"
#include "vmsa/static_tables.hpp"
#include "vmsa/unmap.hpp"

#include <algorithm>

using namespace vmsa;

namespace
{

using F4 = Format<Stage2, Granule4K>;
using F4Lpa2 = Format<Stage2, Granule4K, 52>;
using F16 = Format<Stage2, Granule16K>;
using F64Lpa = Format<Stage2, Granule64K, 52>;
using El1 = Format<El1And0, Granule4K>;

constexpr Pa home{0x4000'0000};

template <class F> Geometry shape(unsigned bits)
{
	return stage2_geometry<typename F::Granule, F::output_bits>(bits, F::output_bits).value();
}

template <class F> std::span<Descriptor> tables(struct kunit *test, size_t count)
{
	return scratch<Descriptor>(test, count * F::Granule::entries);
}

// A hole, blocks and single pages, in tables of every level.
template <class F> [[gnu::noinline]] bool furnish(Image<F> &image)
{
	const uint64_t page = F::Granule::page_size;
	const uint64_t block = F::Granule::size(2);

	return image.map({Ipa{block}, 2 * block + 3 * page}, Pa{4 * block}, normal | rwx).ok() &&
	       image.map({Ipa{0}, page}, Pa{page}, device | rw).ok() &&
	       image.map({Ipa{bit(31)}, page}, Pa{0}, normal | r).ok();
}

template <class F> [[gnu::noinline]] bool same_bytes(const Image<F> &a, const Image<F> &b)
{
	return std::ranges::equal(a.descriptors(), b.descriptors());
}

TEST(is_the_same_bytes_wherever_it_is_built)
{
	Image<F4> one{tables<F4>(test, 16)};
	Image<F4> other{tables<F4>(test, 99)};

	ASSERT(one.create(shape<F4>(40), home) && furnish(one));
	ASSERT(other.create(shape<F4>(40), home) && furnish(other));
	EXPECT(same_bytes(one, other));
	EXPECT_EQ(one.root_address(), home);
	EXPECT_EQ(one.tree().root_address(), home);
	// The root is two tables; 0..1 GiB and 2..3 GiB have a table each, and each a table of pages
	// at its beginning; one more ends the run of blocks.
	EXPECT_EQ(one.bytes(), 7 * 4096);
	EXPECT_EQ(one.tree().translate(Ipa{0x20'1234}).value().pa, Pa{0x80'1234});
}

TEST(without_room_changes_nothing)
{
	const auto buffer = tables<F4>(test, 16);
	const auto before = scratch<Descriptor>(test, buffer.size());
	size_t refused = 0;

	ASSERT(!before.empty());
	for (size_t room = 1;; room++) {
		Image<F4> image{buffer.first(room * 512)};
		const auto made = image.create(shape<F4>(39), home);

		ASSERT(made.ok());
		ASSERT(room < 3 || image.map({Ipa{0}, 4 * KiB}, Pa{0}, device | rw));
		std::ranges::copy(image.descriptors(), before.begin());

		const size_t used = image.bytes();
		// Of two tables below the root, one may be there already.
		const auto done = image.map({Ipa{3 * GiB - 4 * KiB}, 8 * KiB}, Pa{0}, normal | r);

		if (done.ok())
			break;
		refused++;
		ASSERT_EQ(done.error().code, Errc::no_memory);
		ASSERT_EQ(image.bytes(), used);
		ASSERT(std::ranges::equal(image.descriptors(), before.first(used / 8)));
	}
	EXPECT_EQ(refused, 6);
}

TEST(without_room_for_a_root_is_refused)
{
	Image<F4> image{tables<F4>(test, 15)};

	EXPECT_EQ(image.create(shape<F4>(43), home).error().code, Errc::no_memory);
}

TEST(refuses_an_unaligned_base)
{
	Image<F4> image{tables<F4>(test, 16)};

	// 16 tables side by side for a root are aligned to 64 KiB.
	EXPECT(image.create(shape<F4>(43), home + 0x8000).error() ==
	       Error(Errc::unaligned_base, 0x4000'8000, 0x4000'8000));
	EXPECT(image.create(shape<F4>(39), home + 8).error() ==
	       Error(Errc::unaligned_base, 0x4000'0008, 0x4000'0008));
	ASSERT(image.create(shape<F4>(39), home + 0x1000));
	EXPECT_EQ(image.relocate(home + 0x800).error().code, Errc::unaligned_base);
	EXPECT_EQ(image.root_address(), home + 0x1000);
}

TEST(refuses_a_base_beyond_the_output)
{
	Image<F4> image{tables<F4>(test, 2)};
	const Geometry g = stage2_geometry<Granule4K>(32, 32).value();
	Image<F4> wide{tables<F4>(test, 4)};

	EXPECT_EQ(image.create(shape<F4>(39), Pa{bit(48)}).error().code, Errc::beyond_output);
	EXPECT_EQ(image.create(shape<F4>(39), Pa{bit(48) - 0x1000}).error().code,
		  Errc::beyond_output);
	EXPECT_EQ(image.create(shape<F4>(39), Pa{~uint64_t{0xfff}}).error().code,
		  Errc::beyond_output);
	EXPECT(image.create(shape<F4>(39), Pa{bit(48) - 0x2000}));
	EXPECT_EQ(image.relocate(Pa{bit(48)}).error().code, Errc::beyond_output);
	// The last bytes of the output are as good as any.
	EXPECT(wide.create(g, Pa{bit(32) - 0x4000}));
}

// Moved is as built there; and back.
template <class F> [[gnu::noinline]] void check_move(struct kunit *test, Pa there)
{
	Image<F> moved{tables<F>(test, 32)};
	Image<F> built{tables<F>(test, 32)};
	Image<F> stays{tables<F>(test, 32)};

	ASSERT(moved.create(shape<F>(40), home) && furnish(moved));
	ASSERT(stays.create(shape<F>(40), home) && furnish(stays));
	ASSERT(built.create(shape<F>(40), there) && furnish(built));
	ASSERT(moved.relocate(there));
	EXPECT(same_bytes(moved, built));
	EXPECT_EQ(moved.root_address(), there);
	EXPECT_EQ(moved.tree().translate(Ipa{0}).value().pa.raw(), F::Granule::page_size);
	ASSERT(moved.relocate(home));
	EXPECT(same_bytes(moved, stays));
}

TEST(moves_to_another_base)
{
	check_move<F4>(test, Pa{0x8000'2000});
	check_move<F4>(test, Pa{bit(48) - MiB});
	check_move<F16>(test, Pa{0x8000'0000});
}

TEST(moves_where_the_address_has_52_bits)
{
	// The top bits of a table's address stand elsewhere in its descriptor.
	check_move<F4Lpa2>(test, Pa{bit(52) - MiB});
	check_move<F64Lpa>(test, Pa{bit(52) - 4 * MiB});
}

TEST(keeps_the_other_bits_of_a_table_descriptor)
{
	const auto buffer = tables<F4>(test, 12);
	Image<F4> image{buffer};

	ASSERT(image.create(shape<F4>(39), home) && furnish(image));
	buffer[0] |= bit(58) | bit(59);
	const Descriptor d = buffer[0];

	ASSERT(image.relocate(home + GiB));
	EXPECT_EQ(buffer[0], d + GiB);
}

TEST(is_read_back_and_goes_on)
{
	Image<F4> written{tables<F4>(test, 16)};
	const auto buffer = tables<F4>(test, 16);
	Image<F4> read{buffer};
	Row<F4> a, b;
	Ipa at{0};

	ASSERT(written.create(shape<F4>(40), home) && furnish(written));
	std::ranges::copy(written.descriptors(), buffer.begin());
	ASSERT(read.open(shape<F4>(40), home, written.bytes()));
	while (next_row(written.tree(), at, a)) {
		ASSERT(next_row(read.tree(), at, b));
		ASSERT(a.region == b.region && a.leaves == b.leaves);
		at = a.region.last + 1;
	}
	EXPECT(!next_row(read.tree(), at, b));

	ASSERT(written.map({Ipa{bit(33)}, 4 * KiB}, home, normal | rw));
	ASSERT(read.map({Ipa{bit(33)}, 4 * KiB}, home, normal | rw));
	EXPECT(same_bytes(written, read));
}

TEST(of_junk_is_refused)
{
	const auto buffer = tables<F4>(test, 4);
	Image<F4> image{buffer};
	const Geometry g = shape<F4>(39);
	const auto opened = [&](size_t bytes) {
		return image.open(g, home, bytes).error();
	};

	ASSERT(!buffer.empty());
	EXPECT_EQ(opened(0).code, Errc::stray_table);
	EXPECT_EQ(opened(4096 + 8).code, Errc::stray_table);
	EXPECT_EQ(opened(5 * 4096).code, Errc::stray_table);
	EXPECT_EQ(image.open(g, home + 8, 4096).error().code, Errc::unaligned_base);
	EXPECT(image.open(g, home, 4 * 4096));

	// Behind the end, before the base, and the root itself.
	for (const Pa stray : {home + 4 * 4096, home - 4096, home}) {
		buffer[7] = F4::table(stray);
		EXPECT(opened(4 * 4096) == Error(Errc::stray_table, stray.raw(), stray.raw()));
	}

	// One table for all of 512 GiB would take 262144 steps to read.
	std::ranges::fill(buffer, F4::table(home + 4096));
	EXPECT_EQ(opened(4 * 4096).code, Errc::stray_table);
}

// One table in two places would change in both.
TEST(of_a_shared_table_is_refused)
{
	const auto buffer = tables<F4>(test, 8);
	Image<F4> image{buffer};
	const Geometry g = shape<F4>(40);

	ASSERT(!buffer.empty());
	ASSERT(image.create(g, home) && furnish(image));
	const size_t bytes = image.bytes();
	const Descriptor named = buffer[0];

	ASSERT(F4::is_table(named, 1));
	EXPECT(image.open(g, home, bytes));
	// The entry at fault, and the table it names.
	buffer[9] = named;
	EXPECT(image.open(g, home, bytes).error() ==
	       Error(Errc::stray_table, home.raw() + 9 * 8, F4::next_table(named).raw()));
	buffer[9] = 0;
	EXPECT(image.open(g, home, bytes));
}

TEST(takes_freed_tables_again)
{
	Image<F4> image{tables<F4>(test, 8)};
	const Region<Ipa> page{Ipa{0}, 4 * KiB};

	ASSERT(image.create(shape<F4>(39), home) && furnish(image));
	const size_t full = image.bytes();

	for (unsigned i = 0; i < 3; i++) {
		ASSERT(image.edit(
			[&](auto &tree, auto &batch) { return unmap(tree, batch, page); }));
		EXPECT(!image.tree().translate(Ipa{0}));
		ASSERT(image.map(page, home, normal | r));
		EXPECT_EQ(image.tree().translate(Ipa{8}).value().pa, home + 8);
		EXPECT_EQ(image.bytes(), full);
	}
}

inline constexpr Geometry board_shape = stage1_geometry<Granule4K>(39, 40).value();
inline constexpr Piece<El1> board[] = {
	{{Va{0x0900'0000}, 4 * KiB}, Pa{0x0900'0000}, device | rw},
	{{Va{0x4000'0000}, 3 * GiB}, Pa{0x4000'0000}, normal | rwx},
	{{Va{0x1000'0000}, 4 * MiB}, Pa{0x5000'0000}, normal | r, {.largest = 2}},
};
constexpr auto built_by_compiler = static_tables<El1, board_shape, board>(home);

static_assert(sizeof(built_by_compiler) == 3 * 4096 &&
	      alignof(decltype(built_by_compiler)) == 4096);
// 1 GiB at 0x4000'0000: a block, Write-Back (index 6), AF, Inner Shareable, UXN; executable by EL1.
static_assert(built_by_compiler.descriptors[1] == 0x0040'0000'4000'0719);
static_assert(built_by_compiler.descriptors[0] == 0x4000'2003);

inline constexpr Piece<El1> overlapping[] = {board[0],
					     {{Va{0x0900'0000}, 4 * KiB}, Pa{0}, normal | r}};
inline constexpr Piece<El1> unaligned[] = {{{Va{0x800}, 4 * KiB}, Pa{0}, normal | r}};

template <size_t N> consteval StaticError refusal(const Piece<El1> (&pieces)[N], Pa base = home)
{
	return size_static_tables<El1>(board_shape, base, pieces).error;
}
static_assert(refusal(board).error.code == Errc::none);
static_assert(refusal(overlapping).error.code == Errc::overlap && refusal(overlapping).piece == 1);
static_assert(refusal(unaligned).error.code == Errc::unaligned_input);

// One piece of one region or with one attribute that is wrong: each has its own value.
consteval Errc refusal(Region<Va> region, Stage1Attributes attributes = normal | r, Pa pa = Pa{0})
{
	const Piece<El1> piece[] = {{region, pa, attributes}};

	return refusal(piece).error.code;
}
constexpr Region<Va> some_page{Va{0}, 4 * KiB};
static_assert(refusal(some_page) == Errc::none);
static_assert(refusal({Va{0}, 0}) == Errc::empty && refusal({Va{GiB}, 0}) == Errc::empty);
static_assert(refusal(Region<Va>::inclusive(Va{GiB}, Va{0xfff})) == Errc::backwards);
static_assert(refusal({Va{0} - 4 * KiB, 8 * KiB}) == Errc::wrapping);
static_assert(refusal({Va{bit(39)}, 4 * KiB}) == Errc::beyond_input);
static_assert(refusal(some_page, normal | r, Pa{1}) == Errc::unaligned_output);
static_assert(refusal(some_page, normal | r, Pa{bit(40)}) == Errc::beyond_output);
static_assert(refusal(some_page, static_cast<MemoryType>(8) | r) == Errc::reserved_attributes);
static_assert(refusal(some_page, device | rx) == Errc::forbidden_attributes);
static_assert(refusal(board, home + 8).error.code == Errc::unaligned_base);
static_assert(refusal(board, home + 8).piece == StaticError::no_piece);

TEST(by_the_compiler_is_the_same_bytes)
{
	Image<El1> image{tables<El1>(test, 4)};

	ASSERT(map_pieces(image, board_shape, home, board).error.code == Errc::none);
	EXPECT(std::ranges::equal(image.descriptors(), built_by_compiler.descriptors));
}

} // namespace

// More tables than one look knows: what is named twice behind them is found, or the steps are too many.
TEST(an_image_of_thousands_of_tables_is_looked_at_in_passes)
{
	constexpr size_t far = 4500, n = F4::Granule::entries;
	constexpr uint64_t page = 4096, bytes = (far + 1) * page;
	const auto buffer = tables<F4>(test, far + 1);
	ASSERT(!buffer.empty());
	const Region<Pa> below{home + page, bytes - page};

	Image<F4> image{buffer};
	buffer[0] = F4::table(home + far * page);
	EXPECT(image.open(shape<F4>(39), home, bytes));
	// It names itself, for every entry of the root that names it.
	for (size_t i = 0; i < n; i++) {
		buffer[i] = F4::table(home + far * page);
		buffer[far * n + i] = F4::table(home + far * page);
	}
	EXPECT(image.open(shape<F4>(39), home, bytes).error() == Error(Errc::stray_table, below));
}

SUITE(image, an_image_of_thousands_of_tables_is_looked_at_in_passes,
      is_the_same_bytes_wherever_it_is_built, without_room_changes_nothing,
      without_room_for_a_root_is_refused, refuses_an_unaligned_base,
      refuses_a_base_beyond_the_output, moves_to_another_base, moves_where_the_address_has_52_bits,
      keeps_the_other_bits_of_a_table_descriptor, is_read_back_and_goes_on, of_junk_is_refused,
      of_a_shared_table_is_refused, takes_freed_tables_again, by_the_compiler_is_the_same_bytes);
