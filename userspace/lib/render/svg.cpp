// SPDX-License-Identifier: GPL-2.0-only
//
// The still picture: the strip (of two dumps, both, and between them what changed), addresses below, and
// what colours and patterns mean. It has a few hundred elements, however much is mapped: a column shows the
// smallest run that touches it, as lane.js does.
#include "axis.hpp"
#include "diff.hpp"

#include "text/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>

namespace render
{

namespace
{

constexpr int width = 1000, margin = 10, lane_height = 56;
constexpr size_t column_count = 1000;

// What a column shows. Its name is its classes in the style sheet.
struct Paint {
	std::string permission; // "rw-", and in a lane of changes "added"
	std::string memory; // "normal"
	std::string label; // "rw- normal 2M"
	double height = 1; // of the lane

	bool operator==(const Paint &) const = default;
};

// Addresses in one island that look the same.
struct Run {
	uint64_t first;
	uint64_t last;
	size_t paint;
};

struct Column {
	size_t paint = 0;
	double bytes = 0; // of the run that is shown; 0 in a hole
};

struct Lane {
	std::vector<Paint> paints;
	std::array<Column, column_count> columns;
};

void put(Lane &lane, const Island &island, const Run &run)
{
	const double bytes = static_cast<double>(run.last - run.first) + 1;
	const double from = Axis::place(island, run.first) * column_count;
	const double to = Axis::place(island, run.last) * column_count +
			  (island.to - island.from) * column_count /
				  (static_cast<double>(island.last - island.first) + 1);
	const auto begin = std::min(static_cast<size_t>(from), column_count - 1);
	const auto end =
		std::min(std::max(static_cast<size_t>(std::ceil(to)), begin + 1), column_count);

	for (size_t i = begin; i < end; i++)
		if (!(lane.columns[i].bytes > 0) || bytes < lane.columns[i].bytes)
			lane.columns[i] = {run.paint, bytes};
}

const Island &island_of(const Axis &axis, uint64_t address)
{
	const auto &all = axis.islands();
	const auto behind = std::ranges::upper_bound(all, address, {}, &Island::first);

	return behind == all.begin() ? *behind : behind[-1];
}

// Blocks stand taller than pages.
double height_of(int level)
{
	constexpr double heights[] = {1, 1, 0.8, 0.6};

	return heights[std::clamp(level, 0, 3)];
}

// "x(el0)" is a word of the class x.
std::string permission_class(const std::string &access)
{
	return access.substr(0, 2) + (access.size() > 2 && access[2] == 'x' ? 'x' : '-');
}

// Ranges of addresses come in order; neighbours that look the same become one.
class Painter {
    public:
	explicit Painter(const Axis &axis) : axis_{axis}
	{
	}

	void add(uint64_t first, uint64_t last, const Paint &paint)
	{
		const auto known = std::ranges::find(lane_.paints, paint);
		const auto which = static_cast<size_t>(known - lane_.paints.begin());

		if (known == lane_.paints.end())
			lane_.paints.push_back(paint);
		if (open_ && open_->paint == which && open_->last + 1 == first) {
			open_->last = last;
			return;
		}
		finish();
		open_ = {first, last, which};
	}
	Lane take()
	{
		finish();
		return std::move(lane_);
	}

    private:
	void finish()
	{
		if (open_)
			put(lane_, island_of(axis_, open_->first), *open_);
		open_.reset();
	}

	const Axis &axis_;
	Lane lane_{};
	std::optional<Run> open_;
};

Lane lane_of(const Axis &axis, const dump::Dump &dump)
{
	Painter painter{axis};

	dump.for_each_row(rows::Detail::brief, [&](const rows::Row &row) {
		const rows::Meaning &m = *row.meaning;

		painter.add(row.first, row.last,
			    {permission_class(m.access), m.memory,
			     m.access + ' ' + m.memory + ' ' + text::size(row.leaf_bytes),
			     height_of(row.level)});
	});
	return painter.take();
}

Lane lane_of(const Axis &axis, const dump::Dump &before, const dump::Dump &after)
{
	constexpr const char *names[] = {"added", "removed", "changed"};
	constexpr const char *labels[] = {"+ added", "- removed", "~ changed"};
	Painter painter{axis};

	for_each_change(before, after, [&](const Change &change) {
		const auto kind = static_cast<unsigned>(change.kind);

		painter.add(change.first, change.last, {names[kind], "", labels[kind], 1});
	});
	return painter.take();
}

// Letters that hold in an attribute "class".
std::string class_of(const Paint &paint)
{
	std::string name{"p"};

	for (const char c : paint.permission)
		name += c == '-' ? '_' : c;
	return name;
}

bool is_patterned(const std::string &memory)
{
	return memory != "normal" && !memory.empty();
}

std::string number(double n)
{
	std::string text = std::to_string(n);

	text.resize(text.find('.') + 2);
	return text;
}

void rectangle(std::string &out, double x, double y, double w, double h, const std::string &name)
{
	out += "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(w) +
	       "\" height=\"" + number(h) + "\" class=\"" + name + "\"/>\n";
}

void label(std::string &out, double x, double y, const std::string &name, const std::string &text)
{
	out += "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" class=\"" + name + "\">" +
	       escaped(text) + "</text>\n";
}

const char *pattern_of(const std::string &memory)
{
	return memory.starts_with("device") ? "device" : "other";
}

void write_paint(std::string &out, const Paint &p, double x, double bottom, double w, double height)
{
	const double h = height * p.height;

	rectangle(out, x, bottom - h, w, h, class_of(p));
	if (is_patterned(p.memory))
		rectangle(out, x, bottom - h, w, h, pattern_of(p.memory));
}

// What is narrow comes last, and is two wide at least.
void write_lane(std::string &out, const Lane &lane, double bottom)
{
	std::string narrow;

	for (size_t i = 0; i < column_count;) {
		const Column &c = lane.columns[i];
		const auto x = margin + static_cast<double>(i);
		size_t end = i + 1;

		while (end < column_count && lane.columns[end].paint == c.paint &&
		       (lane.columns[end].bytes > 0) == (c.bytes > 0))
			end++;

		const auto w = static_cast<double>(end - i);

		i = end;
		if (!(c.bytes > 0))
			continue;

		const Paint &p = lane.paints[c.paint];

		write_paint(w < 2 ? narrow : out, p, x, bottom, std::max(w, 2.0), lane_height);
		if (w > 7.2 * static_cast<double>(p.label.size()) + 8)
			label(out, x + w / 2, bottom - lane_height * p.height / 2 + 4, "in",
			      p.label);
	}
	out += narrow;
}

// The islands, and the addresses where they begin.
void write_axis(std::string &out, const Axis &axis, unsigned input_bits, double top, double bottom)
{
	double free_from[3] = {}; // on three lines

	for (const Island &island : axis.islands()) {
		const double x = margin + island.from * column_count;
		const double w = (island.to - island.from) * column_count;
		std::string address;

		text::append_hex(address, island.first, (input_bits + 3) / 4);
		rectangle(out, x, top, w, bottom - top, "island");

		const double letters = 7.2 * static_cast<double>(address.size());
		size_t line = 0;

		while (line < std::size(free_from) && x < free_from[line])
			line++;
		if (line == std::size(free_from) || x + letters > width + margin)
			continue;

		const auto down = 14 * static_cast<double>(line);

		out += "<path class=\"tick\" d=\"M" + number(x) + ' ' + number(bottom) + 'v' +
		       number(6 + down) + "\"/>\n";
		label(out, x + (line ? 3 : 0), bottom + 18 + down, "at", address);
		free_from[line] = x + letters + 8;
	}
}

void write_legend(std::string &out, std::span<const Lane *const> lanes, double y)
{
	std::vector<Paint> seen;
	double x = margin;

	for (const Lane *lane : lanes)
		for (const Paint &p : lane->paints)
			if (std::ranges::find(seen, p) == seen.end() && seen.size() < 12)
				seen.push_back(p);
	for (const Paint &p : seen) {
		const double w = 30 + 7.2 * static_cast<double>(p.label.size());

		if (x + w > width + margin) {
			x = margin;
			y += 20;
		}
		write_paint(out, p, x, y + 14, 16, 14);
		label(out, x + 22, y + 12, "at", p.label);
		x += w + 12;
	}
}

constexpr const char *style = R"svg(<style>
text { font: 12px monospace; fill: #1b1f24 } .in { text-anchor: middle; fill: #fff } .name { font-weight: bold }
.island { fill: #8882 } .tick { stroke: #6b7280 }
.prw_ { fill: #1d5fa8 } .pr__ { fill: #1f7a3d } .pr_x { fill: #7440a8 } .prwx { fill: #b3261e }
.p_w_ { fill: #8a5a00 } .p__x { fill: #8c2f6b } .p_wx { fill: #a03c14 } .p___ { fill: #5b6470 }
.padded { fill: #1f7a3d } .premoved { fill: #b3261e } .pchanged { fill: #8a5a00 }
.device { fill: url(#device) } .other { fill: url(#other) }
@media (prefers-color-scheme: dark) { text { fill: #e6e9ed } .back { fill: #14181d } }
@media not (prefers-color-scheme: dark) { .back { fill: #fff } }
</style>
<defs><pattern id="device" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<rect width="2.5" height="8" fill="#fff8"/></pattern>
<pattern id="other" width="6" height="6" patternUnits="userSpaceOnUse"><circle cx="3" cy="3" r="1.2"
fill="#fffa"/></pattern></defs>
)svg";

struct NamedLane {
	std::string name;
	const Lane *lane;
};

void write_svg(const Sink &sink, const std::string &title, const Axis &axis, unsigned input_bits,
	       std::span<const NamedLane> lanes)
{
	const double bottom = 8 + static_cast<double>(lanes.size()) * (lane_height + 22);
	const double height = bottom + 104;
	std::vector<const Lane *> all;
	std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " +
			  std::to_string(width + 2 * margin) + ' ' + number(height) +
			  "\" role=\"img\">\n<title>" + escaped(title) + "</title>\n" + style +
			  "<rect class=\"back\" width=\"100%\" height=\"100%\"/>\n";
	double y = 8;

	write_axis(out, axis, input_bits, y + 20, bottom);
	for (const NamedLane &lane : lanes) {
		label(out, margin, y + 13, "name", lane.name);
		write_lane(out, *lane.lane, y + 20 + lane_height);
		y += lane_height + 22;
		all.push_back(lane.lane);
	}
	write_legend(out, all, bottom + 58);
	sink(out + "</svg>\n");
}

} // namespace

void write_svg(const Sink &sink, const Subject &subject)
{
	const Axis axis{&subject.dump};
	const Lane lane = lane_of(axis, subject.dump);
	const NamedLane lanes[] = {{subject.name, &lane}};

	write_svg(sink, subject.name, axis, subject.dump.geometry().input_bits, lanes);
}

void write_svg(const Sink &sink, const Subject &before, const Subject &after)
{
	const Axis axis{&before.dump, &after.dump};
	const Lane a = lane_of(axis, before.dump), b = lane_of(axis, after.dump);
	const Lane between = lane_of(axis, before.dump, after.dump);
	const NamedLane lanes[] = {{before.name, &a}, {"what changed", &between}, {after.name, &b}};

	write_svg(sink, before.name + " to " + after.name, axis, after.dump.geometry().input_bits,
		  lanes);
}

} // namespace render
