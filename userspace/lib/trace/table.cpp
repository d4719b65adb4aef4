// SPDX-License-Identifier: GPL-2.0-only
#include "table.hpp"

#include "text/text.hpp"

#include <algorithm>
#include <cstring>

namespace trace
{

namespace
{

struct Column {
	const char *head;
	size_t width; // where there is room
	unsigned rank; // where there is too little, those of the highest rank go first
	std::string (*cell)(const Row &, uint64_t interval_ns);
};

// Nothing where nothing was measured.
std::string percentile(const Histogram &h, unsigned thousandths)
{
	return h.count() ? text::duration(h.percentile(thousandths)) : "-";
}

constexpr Column columns_of_table[] = {
	{"MAPPED", 8, 2,
	 [](const Row &r, uint64_t) {
		 return text::size(r.mapped_bytes);
	 }},
	{"TABLES", 7, 9,
	 [](const Row &r, uint64_t) {
		 return std::to_string(r.tables);
	 }},
	{"FAULTS/s", 9, 0,
	 [](const Row &r, uint64_t ns) {
		 return std::to_string(per_second(r.counts.events[EVENT_fault], ns));
	 }},
	{"EXITS/s", 9, 1,
	 [](const Row &r, uint64_t ns) {
		 return std::to_string(per_second(r.counts.events[EVENT_exit], ns));
	 }},
	{"TLBI/s", 9, 4,
	 [](const Row &r, uint64_t ns) {
		 return std::to_string(per_second(r.counts.tlbi, ns));
	 }},
	{"FAULT p50", 10, 5,
	 [](const Row &r, uint64_t) {
		 return percentile(r.counts.fault, 500);
	 }},
	{"p99", 8, 7,
	 [](const Row &r, uint64_t) {
		 return percentile(r.counts.fault, 990);
	 }},
	{"RUN p50", 9, 6,
	 [](const Row &r, uint64_t) {
		 return percentile(r.counts.run, 500);
	 }},
	{"p99", 8, 8,
	 [](const Row &r, uint64_t) {
		 return percentile(r.counts.run, 990);
	 }},
};

constexpr size_t name_width = 16;

// How the table fits its room: the columns that are shown, and how wide they are, with a blank before each.
struct Layout {
	size_t name = name_width;
	std::vector<std::pair<const Column *, size_t>> columns;
	size_t hidden = 0;

	size_t width() const
	{
		size_t sum = name;

		for (const auto &[column, wide] : columns)
			sum += wide;
		return sum;
	}
};

// First blanks go, then columns, then what is too much of a name.
Layout fit(const Snapshot &snapshot, size_t columns)
{
	Layout layout;

	for (const Column &column : columns_of_table)
		layout.columns.emplace_back(&column, column.width);
	if (layout.width() > columns) {
		layout.name = 5;
		for (const Row &row : snapshot.rows)
			layout.name = std::max(layout.name, std::min(row.guest.size(), name_width));
		for (auto &[column, wide] : layout.columns) {
			wide = std::strlen(column->head) + 1;
			for (const Row &row : snapshot.rows)
				wide = std::max(wide,
						column->cell(row, snapshot.interval_ns).size() + 1);
		}
	}
	while (layout.width() > columns && !layout.columns.empty()) {
		layout.columns.erase(std::ranges::max_element(
			layout.columns, {}, [](const auto &c) { return c.first->rank; }));
		layout.hidden++;
	}
	layout.name = std::min(layout.name, columns);
	return layout;
}

void append_cell(std::string &line, size_t width, const std::string &text)
{
	line.append(text.size() < width ? width - text.size() : 1, ' ');
	line += text;
}

// What is cut ends in "~".
void append_line(std::string &out, const std::string &line, size_t columns)
{
	out += line.size() <= columns ? line : columns ? line.substr(0, columns - 1) + '~' : "";
	out += '\n';
}

std::string line_of(const Layout &layout, const Row &row, uint64_t interval_ns, bool room)
{
	std::string line = row.guest;

	// Names often differ at their end, so that is kept.
	if (const size_t end = layout.name / 3; !room && layout.name && line.size() > layout.name)
		line.replace(layout.name - 1 - end, line.size() - layout.name + 1, "~");
	line.append(line.size() < layout.name ? layout.name - line.size() : 0, ' ');
	for (const auto &[column, wide] : layout.columns)
		append_cell(line, wide, column->cell(row, interval_ns));
	return line;
}

// What happened to a guest, all in all.
uint64_t activity(const Row &row)
{
	return row.counts.events[EVENT_fault] + row.counts.events[EVENT_exit] + row.counts.tlbi;
}

} // namespace

uint64_t per_second(uint64_t count, uint64_t interval_ns)
{
	return static_cast<uint64_t>(
		static_cast<double>(count) * 1e9 / static_cast<double>(interval_ns) + 0.5);
}

std::string table(const Snapshot &snapshot, size_t columns, size_t lines)
{
	const size_t n = snapshot.rows.size();
	const size_t room = lines > 2 ? lines - 2 : 0;
	const size_t shown = n <= room ? n : room ? room - 1 : 0;
	const Layout layout = fit(snapshot, columns);
	std::vector<const Row *> rows;
	std::string out, head = std::string{"GUEST"}.substr(0, layout.name);

	for (const Row &row : snapshot.rows)
		rows.push_back(&row);
	std::ranges::sort(rows, {}, [](const Row *r) {
		return std::pair{~activity(*r), r->guest};
	});
	append_line(out,
		    std::to_string(n) + (n == 1 ? " guest, " : " guests, ") +
			    text::duration(snapshot.interval_ns) + ", " +
			    std::to_string(snapshot.lost) + " events lost" +
			    (layout.hidden ? ", " + std::to_string(layout.hidden) +
						     (layout.hidden == 1 ? " column" : " columns") +
						     " more"
					   : ""),
		    columns);
	head.append(layout.name - head.size(), ' ');
	for (const auto &[column, wide] : layout.columns)
		append_cell(head, wide, column->head);
	append_line(out, head, columns);
	for (size_t i = 0; i < shown; i++)
		append_line(out,
			    line_of(layout, *rows[i], snapshot.interval_ns, columns == ~size_t{0}),
			    columns);
	if (shown < n && room)
		append_line(out, "and " + std::to_string(n - shown) + " more", columns);
	return out;
}

void write_object(json::Writer &json, const Snapshot &snapshot)
{
	json.begin_object();
	json.member("time_ns", snapshot.time_ns);
	json.member("interval_ns", snapshot.interval_ns);
	json.member("lost", snapshot.lost);
	json.begin_array("guests");
	for (const Row &row : snapshot.rows) {
		const auto rate = [&](uint64_t count) {
			return per_second(count, snapshot.interval_ns);
		};

		json.begin_object();
		json.member("guest", row.guest);
		json.member("mapped_bytes", row.mapped_bytes);
		json.member("tables", row.tables);
		json.member("table_bytes", row.table_bytes);
		json.member("faults_per_s", rate(row.counts.events[EVENT_fault]));
		json.member("exits_per_s", rate(row.counts.events[EVENT_exit]));
		json.member("tlbi_per_s", rate(row.counts.tlbi));
		json.member("fault_p50_ns", row.counts.fault.percentile(500));
		json.member("fault_p99_ns", row.counts.fault.percentile(990));
		json.member("run_p50_ns", row.counts.run.percentile(500));
		json.member("run_p99_ns", row.counts.run.percentile(990));
		json.end();
	}
	json.end();
	json.end();
}

} // namespace trace
