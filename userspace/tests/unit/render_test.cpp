// SPDX-License-Identifier: GPL-2.0-only
//
// Pictures: nothing that a file says gets out of its place, and what changed is found. (How the page looks
// and behaves is for scripts/check-render.sh.)
#include "make_picture.hpp"

#include "render/axis.hpp"
#include "render/diff.hpp"

#include <gtest/gtest.h>

#include <array>

using namespace render;
using namespace unit;
using dump::Dump;
using vmsa::Descriptor;
using vmsa::Ipa;
using vmsa::Pa;

namespace
{

using F = vmsa::Stage2_4K;

constexpr const char *hostile = "</script></title><img src=x onerror=alert(1)>\"' & \x01\xff]]>";

size_t count(const std::string &text, const std::string &what)
{
	size_t n = 0;

	for (size_t at = 0; (at = text.find(what, at)) != text.npos; at++)
		n++;
	return n;
}

TEST(render, what_a_file_is_called_stays_a_name)
{
	const Dump dump = Dump::read(source_of(demo()));
	const auto page = [&](const char *name) {
		return collected([&](const Sink &sink) { write_page(sink, {name, dump}); });
	};
	const auto svg = [&](const char *name) {
		return collected([&](const Sink &sink) { write_svg(sink, {name, dump}); });
	};

	for (const char *end : {"<", ">", "</script", "<img"}) {
		// JSON has > as it is: twice, and escaped in the title and the heading.
		EXPECT_EQ(count(page(hostile), end), count(page("x"), end) + (*end == '>' ? 4 : 0))
			<< end;
		EXPECT_EQ(count(svg(hostile), end), count(svg("x"), end)) << end;
	}
	EXPECT_NE(page(hostile).find("&lt;/script&gt;&lt;/title&gt;&lt;img"), std::string::npos);
	EXPECT_NE(page(hostile).find("\\u003c/script>"), std::string::npos);
	EXPECT_EQ(escaped(hostile), "&lt;/script&gt;&lt;/title&gt;&lt;img src=x "
				    "onerror=alert(1)&gt;&quot;&#39; &amp; ??]]&gt;");
}

TEST(render, a_page_needs_nothing_else)
{
	const Dump dump = Dump::read(source_of(demo()));
	const std::string page = collected([&](const Sink &sink) {
		write_page(sink, {"demo", dump});
	});

	EXPECT_TRUE(page.starts_with("<!doctype html>"));
	EXPECT_TRUE(page.ends_with("</html>\n"));
	for (const char *outside :
	     {"http:", "https:", " src=", "@import", "fetch(", "import(", "{{"})
		EXPECT_EQ(count(page, outside), 0u) << outside;
	EXPECT_EQ(count(page, "href="), 1u);
	EXPECT_EQ(count(page, "href=\"data:,\""), 1u);
}

TEST(render, a_strip_shows_every_kind)
{
	const Dump dump = Dump::read(source_of(demo()));
	const std::string svg = collected([&](const Sink &sink) {
		write_svg(sink, {"demo", dump});
	});

	for (const char *wanted :
	     {"<title>demo</title>", ">rw- normal 2M</text>", ">rw- normal 4K</text>",
	      ">rw- device 4K</text>", ">r-- normal 4K</text>", ">r-x normal 4K</text>",
	      ">0009000000</text>", ">0080000000</text>", "class=\"pr_x\"", "class=\"device\""})
		EXPECT_NE(svg.find(wanted), std::string::npos) << wanted;
	EXPECT_TRUE(svg.ends_with("</svg>\n"));
}

TEST(render, islands_are_in_order_and_fill_the_axis)
{
	const Dump demo_dump = Dump::read(source_of(demo()));
	const Dump empty = changed_demo([](size_t, Descriptor &d) { d = 0; });

	for (const Axis &axis : {Axis{&demo_dump}, Axis{&demo_dump, &empty}, Axis{&empty}}) {
		double at = 0;
		uint64_t next = 0;

		for (const Island &island : axis.islands()) {
			EXPECT_GE(island.from, at);
			EXPECT_GT(island.to, island.from + 0.01);
			EXPECT_GE(island.first, next);
			EXPECT_GE(island.last, island.first);
			EXPECT_DOUBLE_EQ(Axis::place(island, island.first), island.from);
			at = island.to;
			next = island.last + 1;
		}
		EXPECT_DOUBLE_EQ(at, 1);
	}
	EXPECT_EQ(Axis{&demo_dump}.islands().size(), 3u);
	EXPECT_EQ(Axis{&demo_dump}.islands()[1].first, 0x4000'0000u);
	EXPECT_EQ(Axis{&demo_dump}.islands()[1].last, 0x4000'ffffu);
}

// What is said about two images that these made.
std::string difference(const auto &make_before, const auto &make_after, uint64_t *same = nullptr)
{
	std::string text;
	std::array<std::vector<Descriptor>, 2> buffers;
	std::vector<Dump> dumps;

	for (size_t i = 0; i < 2; i++) {
		buffers[i].resize(32 * 512);
		vmsa::Image<F> image{buffers[i]};

		EXPECT_TRUE(image.create(vmsa::stage2_geometry<vmsa::Granule4K>(36, 40).value(),
					 Pa{0}));
		if (i)
			make_after(image);
		else
			make_before(image);
		dumps.push_back(Dump::read(source_of(dump_of(image))));
	}

	const uint64_t bytes = for_each_change(
		dumps[0], dumps[1], [&](const Change &change) { text += line_of(change, 36); });

	if (same)
		*same = bytes;
	return text;
}

TEST(render, says_what_was_added_removed_and_changed)
{
	using vmsa::MiB;
	const auto normal_rw = vmsa::normal | vmsa::rw;
	uint64_t same = 0;
	const auto pages = [&](vmsa::Image<F> &image, uint64_t ipa, uint64_t size, uint64_t pa,
			       auto attributes) {
		EXPECT_TRUE(image.map({Ipa{ipa}, size}, Pa{pa}, attributes,
				      {.largest = vmsa::last_level}));
	};

	EXPECT_EQ(difference(
			  [&](auto &image) {
				  EXPECT_TRUE(image.map({Ipa{0}, 4 * MiB}, Pa{0}, normal_rw));
				  pages(image, 8 * MiB, 0x4000, 0, normal_rw);
			  },
			  [&](auto &image) {
				  EXPECT_TRUE(image.map({Ipa{0}, 2 * MiB}, Pa{0}, normal_rw));
				  pages(image, 2 * MiB, 0x1000, 2 * MiB, vmsa::normal | vmsa::r);
				  pages(image, 2 * MiB + 0x1000, 2 * MiB - 0x1000, 2 * MiB + 0x1000,
					normal_rw);
				  pages(image, 8 * MiB, 0x1000, 0, normal_rw);
				  pages(image, 8 * MiB + 0x1000, 0x2000, 5 * MiB, normal_rw);
				  pages(image, 10 * MiB, 0x3000, 0, vmsa::device | vmsa::rw);
			  },
			  &same),
		  "~ 000200000-000200fff permission rw- to r--, size 2M to 4K\n"
		  "~ 000201000-0003fffff size 2M to 4K\n"
		  "~ 000801000-000802fff output 0x1000 to 0x500000\n"
		  "- 000803000-000803fff -> 0000003000 rw- normal 4K inner-shareable accessed\n"
		  "+ 000a00000-000a02fff -> 0000000000 rw- device 4K inner-shareable accessed\n");
	EXPECT_EQ(same, 2 * MiB + 0x1000);
	EXPECT_EQ(
		difference([&](auto &image) { pages(image, 0, 0x1000, 0, normal_rw); },
			   [&](auto &image) {
				   pages(image, 0, 0x1000, 0,
					 vmsa::Stage2Attributes{.memory = vmsa::MemoryType::normal,
								.access = vmsa::rw});
			   }),
		"");
}

TEST(render, a_dump_does_not_differ_from_itself)
{
	const Dump dump = Dump::read(source_of(demo()));
	uint64_t mapped = 0;

	dump.for_each_row(rows::Detail::brief,
			  [&](const rows::Row &row) { mapped += row.last - row.first + 1; });
	EXPECT_EQ(for_each_change(dump, dump, [](const Change &) { ADD_FAILURE(); }), mapped);
}

TEST(render, changes_are_json)
{
	const Dump before = Dump::read(source_of(demo()));
	const Dump after = changed_demo([](size_t i, Descriptor &d) { d = i < 255 ? d : 0; });
	std::string text;
	json::Writer json{text};

	for_each_change(before, after, [&](const Change &change) { write_json(json, change); });
	EXPECT_NE(text.find("\"kind\": \"removed\""), std::string::npos);
	EXPECT_NE(text.find("\"first\": \"0x804ff000\""), std::string::npos);
	EXPECT_NE(text.find("\"last\": \"0x804fffff\""), std::string::npos);
	EXPECT_NE(text.find("\"before\": {"), std::string::npos);
	EXPECT_EQ(text.find("\"after\""), std::string::npos);
}

} // namespace
