// SPDX-License-Identifier: GPL-2.0-only
//
// The data of a page: every descriptor is in it, and many are not much.
#include "make_picture.hpp"

#include "render/model.hpp"
#include "tests/random.hpp"

#include <gtest/gtest.h>

#include <map>

using namespace render;
using namespace unit;
using dump::Dump;
using vmsa::Descriptor;
using vmsa::Ipa;
using vmsa::Pa;

namespace
{

using F = vmsa::Stage2_4K;

// Reads a stream as page.js does, and gives the descriptors of all tables.
class Reader {
    public:
	Reader(const Dump &dump, std::string text) : dump_{dump}, text_{std::move(text)}
	{
	}

	std::map<std::pair<int, uint64_t>, std::vector<Descriptor>> tables()
	{
		table(dump_.geometry().start, 0, dump_.descriptors_of(dump_.tables()[0]));
		EXPECT_EQ(at_, text_.size());
		return std::move(tables_);
	}

    private:
	struct Look {
		int level;
		Descriptor bits;
		unsigned type;
	};

	unsigned digit()
	{
		static const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv"
						  "wxyz0123456789+/";

		return static_cast<unsigned>(digits.find(text_.at(at_++)));
	}
	uint64_t number()
	{
		uint64_t n = 0;

		for (unsigned shift = 0;; shift += 5) {
			const unsigned d = digit();

			n |= uint64_t{d & 31} << shift;
			if (d < 32)
				return n;
		}
	}
	int64_t difference()
	{
		const uint64_t n = number();

		return n & 1 ? -static_cast<int64_t>(n >> 1) - 1 : static_cast<int64_t>(n >> 1);
	}

	Look look(unsigned rank, int level)
	{
		Look found{};

		if (rank < 7) {
			found = recent_.at(rank);
			recent_.erase(recent_.begin() + rank);
		} else {
			const uint64_t n = number();

			if (n) {
				found = looks_.at(n - 1);
			} else {
				found.level = level;
				found.bits = number();
				found.type = digit();
				if (looks_.size() == Model::most_looks)
					return found;
				looks_.push_back(found);
			}
			if (recent_.size() == 7)
				recent_.pop_back();
		}
		recent_.insert(recent_.begin(), found);
		return found;
	}

	void table(int level, uint64_t first, size_t entries)
	{
		const unsigned page = dump_.format().page_shift;
		const unsigned shift = formats::shift_of(dump_.format(), level);
		std::vector<Descriptor> all(entries);
		std::vector<uint64_t> children;
		size_t index = 0;

		for (uint64_t left = number(); left; left--) {
			const unsigned head = digit();

			index += head & 1 ? number() : 0;

			const uint64_t more = head & 2 ? number() : 0;
			const uint64_t count = head & 2 ? more / 2 + 2 : 1;
			int64_t address = head & 4 ? difference() : 0;
			const Look l = look(head >> 3, level);
			const bool is_table = l.type == 3, is_leaf = l.type > 3;

			EXPECT_EQ(l.level, level);
			if (more & 1) {
				const uint64_t lowest = number();
				const unsigned width = digit();

				EXPECT_TRUE(is_leaf && !(head & 4));
				for (uint64_t i = 0; i < count; i++) {
					uint64_t above = 0;

					for (unsigned k = 0; k < width; k++)
						above |= uint64_t{digit()} << (6 * k);
					all.at(index++) = l.bits | (lowest + above) << shift;
					next_output_ = (lowest + above + 1) << shift;
				}
				continue;
			}
			if (is_table)
				address += static_cast<int64_t>(next_table_);
			if (is_leaf)
				address += static_cast<int64_t>(next_output_ >> shift);
			for (uint64_t i = 0; i < count; i++)
				all.at(index + i) =
					l.bits |
					(is_table || is_leaf ? static_cast<uint64_t>(address) + i
							     : 0)
						<< (is_table ? page : shift);
			if (is_table)
				next_table_ = static_cast<uint64_t>(address) + 1;
			if (is_leaf)
				next_output_ = (static_cast<uint64_t>(address) + count) << shift;
			if (is_table)
				children.push_back(first + (uint64_t{index} << shift));
			index += count;
		}
		tables_[{level, first}] = std::move(all);
		for (const uint64_t child : children)
			table(level + 1, child, size_t{1} << (page - 3));
	}

	const Dump &dump_;
	std::string text_;
	size_t at_ = 0;
	std::vector<Look> recent_, looks_;
	uint64_t next_table_ = 0, next_output_ = 0;
	std::map<std::pair<int, uint64_t>, std::vector<Descriptor>> tables_;
};

void comes_back(const Dump &dump)
{
	Model model{dump};
	Reader reader{dump, collected([&](const Sink &sink) { model.write_runs(sink); })};
	const auto tables = reader.tables();

	EXPECT_EQ(tables.size(), dump.tables().size());
	for (const dump::Table &table : dump.tables()) {
		const auto found = tables.find({table.level, table.first});

		ASSERT_NE(found, tables.end());
		EXPECT_TRUE(
			std::ranges::equal(found->second, std::span{dump.begin_of(table),
								    dump.descriptors_of(table)}));
	}
}

template <class Format> Dump some_dump(unsigned bits)
{
	std::vector<Descriptor> buffer(64 * Format::Granule::entries);
	vmsa::Image<Format> image{buffer};
	const auto geometry = vmsa::stage2_geometry<typename Format::Granule, Format::output_bits>(
		bits, Format::output_bits);
	const uint64_t page = Format::Granule::page_size, block = Format::Granule::size(2);

	EXPECT_TRUE(image.create(geometry.value(), Pa{0x4000'0000}));
	EXPECT_TRUE(image.map({Ipa{0}, 3 * page}, Pa{block}, vmsa::normal | vmsa::rw));
	EXPECT_TRUE(image.map({Ipa{5 * page}, page}, Pa{0}, vmsa::device | vmsa::rw));
	EXPECT_TRUE(image.map({Ipa{4 * block}, 3 * block}, Pa{8 * block}, vmsa::normal | vmsa::rx));
	// Where the address has its upper bits elsewhere, and where it ends.
	const uint64_t top = uint64_t{1} << std::min(Format::output_bits, 50u);

	EXPECT_TRUE(image.map({Ipa{16 * block}, 2 * block}, Pa{top - 2 * block},
			      vmsa::normal | vmsa::r, {.largest = vmsa::last_level}));
	return Dump::read(source_of(dump_of(image)));
}

TEST(render, the_page_has_every_descriptor)
{
	comes_back(Dump::read(source_of(demo())));
	comes_back(some_dump<F>(40));
	comes_back(some_dump<vmsa::Format<vmsa::Stage2Fwb, vmsa::Granule4K>>(39));
	comes_back(some_dump<vmsa::Format<vmsa::Stage2, vmsa::Granule16K>>(40));
	comes_back(some_dump<vmsa::Format<vmsa::Stage2, vmsa::Granule64K>>(42));
	comes_back(some_dump<vmsa::Format<vmsa::Stage2, vmsa::Granule4K, 52>>(52));
	comes_back(some_dump<vmsa::Format<vmsa::Stage2, vmsa::Granule64K, 52>>(52));
}

TEST(render, the_page_has_every_descriptor_of_a_strange_table)
{
	uint64_t random = 1;

	comes_back(changed_demo([&](size_t, Descriptor &d) { d = random *= 6364136223846793005; }));
	comes_back(changed_demo([](size_t i, Descriptor &d) { d = i % 3 ? 0x1234 : 1; }));
	// Addresses that go up until they can no more.
	comes_back(changed_demo([](size_t i, Descriptor &d) {
		d = (0x0000'ffff'ffff'0403 + (i << 12)) ^ (i & 256 ? 0 : 1);
	}));
}

TEST(render, many_leaves_are_a_small_page)
{
	constexpr size_t pages = 1 << 17;
	std::vector<Descriptor> buffer((pages / 512 + 16) * 512);
	vmsa::Image<F> image{buffer};

	ASSERT_TRUE(image.create(vmsa::stage2_geometry<vmsa::Granule4K>(40, 40).value(), Pa{0}));
	ASSERT_TRUE(image.map({Ipa{0}, pages * 4096}, Pa{0}, vmsa::normal | vmsa::rw,
			      {.largest = vmsa::last_level}));

	const auto page_bytes = [&] {
		const Dump dump = Dump::read(source_of(dump_of(image)));

		return collected([&](const Sink &sink) { write_page(sink, {"big", dump}); }).size();
	};

	EXPECT_LT(page_bytes(), 100'000u);
	// Every second one is read-only: no two are one run.
	for (size_t i = 0; i < buffer.size(); i += 2)
		if (buffer[i] & F::af)
			buffer[i] &= ~F::s2ap_write;
	EXPECT_LT(page_bytes(), 250'000u);

	// RAM in random order: no page goes on where the last one ended.
	const vmsa::Stage2Attributes plain = vmsa::normal | vmsa::rw;
	Random random;

	for (Descriptor &d : buffer)
		if (d & F::af)
			d = F::encode(plain) | F::leaf_type(vmsa::last_level) |
			    F::encode_output(Pa{random.below(pages) * 4096});
	EXPECT_LT(page_bytes(), 600'000u);

	const Dump dump = Dump::read(source_of(dump_of(image)));

	EXPECT_LT(collected([&](const Sink &sink) {
			  write_svg(sink, {"big", dump});
		  }).size(),
		  300'000u);
}

} // namespace
