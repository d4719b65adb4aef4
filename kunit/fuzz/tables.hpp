// SPDX-License-Identifier: GPL-2.0-only
//
// Tables that nobody meant, and a walker that follows them: what `adopt` and `image` share.
#pragma once

#include "input.hpp"

#include "support/full_geometry.hpp"
#include "vmsa/rows.hpp"

#include <optional>
#include <vector>

namespace fuzz
{

// play(format) of one of three formats, which the input chooses.
template <class Play> int with_a_format(Input &input, const Play &play)
{
	using namespace vmsa;

	switch (input.below(3)) {
	case 0:
		return play(Format<Stage2, Granule4K>{});
	case 1:
		return play(Format<El1And0, Granule16K, 52>{});
	default:
		return play(Format<Stage2Fwb, Granule64K, 52>{});
	}
}

// Words of any kind at any place; most are near to what a table may hold. The rest of the input.
template <class F> void scribble(Input &input, std::span<vmsa::Descriptor> words, vmsa::Pa base)
{
	constexpr size_t entries = F::Granule::entries;
	const size_t tables = words.size() / entries;

	while (!input.is_over()) {
		const size_t kind = input.below(8);
		const size_t table = input.below(256) % tables;
		const size_t entry = input.number<uint16_t>() % entries;
		vmsa::Descriptor &word = words[table * entries + entry];

		switch (kind) {
		case 0:
			word = input.number<uint64_t>();
			break;
		case 1:
			word ^= vmsa::bit(input.below(64));
			break;
		case 2:
		case 3:
		case 4:
			word = F::table(base +
					input.below(256) % (tables + 1) * F::Granule::table_bytes) |
			       (kind == 4 ? vmsa::bit(input.below(64)) : 0);
			break;
		default: {
			// A leaf, or a group of them, side by side.
			const vmsa::Descriptor first = input.number<uint32_t>();
			const size_t n = kind == 7 ? 16 : 1;
			const vmsa::Level level = 3 - static_cast<vmsa::Level>(input.below(3));

			for (size_t i = 0; i < n && (entry & ~(n - 1)) + i < entries; i++)
				words[table * entries + (entry & ~(n - 1)) + i] =
					F::leaf_type(level) | (first & vmsa::low_bits(12) & ~3) |
					(n > 1 ? F::contiguous : 0) |
					((first >> 12) + i) << F::Granule::shift(level);
		}
		}
	}
}

// As hardware would, and with nothing of the library's but what a single descriptor means.
template <class F, class Tree>
std::optional<vmsa::Pa> walk(const Tree &tree, std::span<const vmsa::Descriptor> words,
			     vmsa::Pa base, typename F::Input at)
{
	using Granule = typename F::Granule;
	const vmsa::Geometry &g = tree.geometry();
	size_t table = 0;

	for (vmsa::Level level = g.start;; level++) {
		const uint64_t offset = level == g.start ? at.raw() - g.first_input() : at.raw();
		const size_t index =
			offset >> Granule::shift(level) &
			((level == g.start ? tree.entries(level) : Granule::entries) - 1);
		const vmsa::Descriptor d = words[table + index];

		if (!F::is_valid(d))
			return {};
		if (F::is_leaf(d, level))
			return F::output(d, level) + (at.raw() & (Granule::size(level) - 1));
		if (!F::is_table(d, level))
			return {};
		table = (F::next_table(d) - base) / sizeof(vmsa::Descriptor);
	}
}

// Every way to read a tree agrees with that walker, and with the others.
template <class F, class Tree>
void look_at(const Tree &tree, std::span<const vmsa::Descriptor> words, vmsa::Pa base)
{
	const auto agree = [&](typename F::Input at) {
		const auto found = tree.translate(at);
		const auto walked = walk<F>(tree, words, base, at);

		require(found.ok() == walked.has_value(), "a walker finds a leaf, or finds none");
		require(!found || found.value().pa == *walked, "a walker finds another output");
	};
	const auto end = tree.space().last;
	vmsa::Row<F> row;
	uint64_t leaves = 0;

	for (auto from = tree.space().first; next_row(tree, from, row);
	     from = row.region.last + 1) {
		require(row.region.first >= from, "rows are in order");
		leaves += row.leaves;
		agree(row.region.first);
		agree(row.region.last);
		if (row.region.last == end)
			break;
		agree(row.region.last + 1);
	}
	agree(tree.space().first);
	agree(end);
	require(vmsa::census(tree).all_leaves() == leaves, "rows and census have the same leaves");
}

} // namespace fuzz
