// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Tables built by the compiler: a map that is written as data becomes a constant in the object file. No code runs.
//
//   using F = Format<El1And0, Granule4K>;
//   inline constexpr Geometry shape = stage1_geometry<Granule4K>(39, 40).value();
//   inline constexpr Piece<F> board[] = {
//           {{Va{0x0900'0000}, 4 * KiB}, Pa{0x0900'0000}, device | rw},
//           {{Va{0x4000'0000}, 1 * GiB}, Pa{0x4000'0000}, normal | rwx},
//   };
//   [[gnu::section(".rodata.tables")]] extern const auto tables =
//           static_tables<F, shape, board>(Pa{0x4008'0000});
//
// Table descriptors have physical addresses, and an address from the linker is no constant for the compiler. So you
// say the base here, and a linker script puts the section there, with
//   ASSERT(tables == 0x40080000, "tables.cpp says where")
// To use the tables at another address, copy them to RAM, open them as an image, and relocate it (image.hpp).
//
// A map with an error does not compile; the compiler shows refuse_piece<2, Errc::overlap>, or refuse_base(...).
// Compilers limit how much they compute: forty full tables with clang, hundreds with g++. Options raise the limit
// (-fconstexpr-steps, -fconstexpr-ops-limit).
#pragma once

#include "vmsa/image.hpp"

namespace vmsa
{

// One mapping of a map that is data.
template <DescriptorFormat F> struct Piece {
	Region<typename F::Input> region; // input addresses, of whole pages
	Pa pa; // where its first byte lies
	typename F::Attributes attributes; // of each leaf
	MapLimits limits = {}; // as for map()
};

// Which piece cannot be had, and why. An error of the geometry or the base names `no_piece`.
struct StaticError {
	static constexpr size_t no_piece = ~size_t{0}; // no piece is at fault

	Error error; // why
	size_t piece = no_piece; // its index
};

// Nothing but the tables, the root first.
template <PageGranule Granule, size_t Tables, size_t RootBytes>
struct alignas(RootBytes) StaticTables {
	Descriptor descriptors[Tables * Granule::entries]; // as hardware reads them
};

template <DescriptorFormat F, size_t N>
constexpr StaticError map_pieces(Image<F> &image, const Geometry &geometry, Pa base,
				 const Piece<F> (&pieces)[N])
{
	if (const auto created = image.create(geometry, base); !created)
		return {created.error()};
	for (size_t i = 0; i < N; i++) {
		const Piece<F> &p = pieces[i];

		if (const auto mapped = image.map(p.region, p.pa, p.attributes, p.limits); !mapped)
			return {mapped.error(), i};
	}
	return {};
}

// How large static tables are, or why there are none.
struct StaticSize {
	size_t tables; // the root's included
	StaticError error; // Errc::none: none
};

// How many tables the pieces need, or the reason why they are refused.
template <DescriptorFormat F, size_t N>
consteval StaticSize size_static_tables(const Geometry &geometry, Pa base,
					const Piece<F> (&pieces)[N])
{
	using Granule = typename F::Granule;

	for (size_t tables = geometry.root_tables + 4;; tables *= 2) {
		const size_t n = tables * Granule::entries;
		Descriptor *buffer = new Descriptor[n];
		Image<F> image{{buffer, n}};
		const StaticError e = map_pieces(image, geometry, base, pieces);
		const size_t used = image.bytes() / Granule::table_bytes;

		delete[] buffer;
		if (e.error.code != Errc::no_memory)
			return {used, e};
	}
}

// A template, so that the compiler shows which piece and why.
template <size_t piece, Errc why> consteval void refuse_piece()
{
	static_assert(why == Errc::none, "this piece of the map is refused");
}

// Not constexpr, so that the compiler shows who gets here.
void refuse_base(Pa base);

// The tables of `pieces`, for the physical address `base`, as a constant. What is wrong does not compile.
template <DescriptorFormat F, Geometry geometry, const auto &pieces>
consteval auto static_tables(Pa base)
{
	using Granule = typename F::Granule;
	// It takes as many tables at any base, and base 0 is a legal one.
	constexpr StaticSize size = size_static_tables<F>(geometry, Pa{0}, pieces);

	refuse_piece<size.error.piece, size.error.error.code>();
	StaticTables<Granule, size.tables, geometry.template root_bytes<Granule>()> tables{};
	Image<F> image{tables.descriptors};

	if (map_pieces(image, geometry, base, pieces).error.code != Errc::none)
		refuse_base(base);
	return tables;
}

} // namespace vmsa
