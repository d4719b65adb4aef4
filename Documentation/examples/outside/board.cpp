// SPDX-License-Identifier: MIT OR Apache-2.0
//
// A board's page tables, built by the compiler: this file becomes 12 KiB of constants and no code.
#include <vmsa/format_stage1.hpp>
#include <vmsa/static_tables.hpp>

using namespace vmsa;

namespace
{

using F = Format<El1And0, Granule4K>;

constexpr Geometry shape = stage1_geometry<Granule4K>(39, 40).value();
constexpr Piece<F> board[] = {
	{{Va{0x0900'0000}, 4 * KiB}, Pa{0x0900'0000}, device | rw},
	{{Va{0x4000'0000}, 1 * GiB}, Pa{0x4000'0000}, normal | rwx},
};

} // namespace

// The linker script puts them where they say they are.
extern const auto board_tables [[gnu::section(".rodata.board_tables")]] =
	static_tables<F, shape, board>(Pa{0x4008'0000});
