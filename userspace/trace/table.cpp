// SPDX-License-Identifier: GPL-2.0-only
#include "table.hpp"

#include "text/text.hpp"

namespace trace
{

namespace
{

struct Column {
	const char *head;
	size_t width;
	std::string (*cell)(const Row &, uint64_t interval_ns);
};

// "12.3M": three digits or so of what need not be whole.
std::string rough_size(uint64_t bytes)
{
	constexpr char suffixes[] = "BKMGT";
	size_t i = 0;
	uint64_t tenths = bytes * 10;

	for (; tenths >= 10240 && suffixes[i + 1]; i++)
		tenths /= 1024;
	return std::to_string(tenths / 10) +
	       (tenths < 1000 && tenths % 10 ? '.' + std::to_string(tenths % 10) : std::string{}) +
	       suffixes[i];
}

// Nothing where nothing was measured.
std::string percentile(const Histogram &h, unsigned thousandths)
{
	return h.count() ? text::duration(h.percentile(thousandths)) : "-";
}

constexpr Column columns_of_table[] = {
	{"MAPPED", 8,
	 [](const Row &r, uint64_t) {
		 return rough_size(r.mapped_bytes);
	 }},
	{"TABLES", 7,
	 [](const Row &r, uint64_t) {
		 return std::to_string(r.tables);
	 }},
	{"FAULTS/s", 9,
	 [](const Row &r, uint64_t ns) {
		 return std::to_string(per_second(r.counts.events[EVENT_fault], ns));
	 }},
	{"EXITS/s", 9,
	 [](const Row &r, uint64_t ns) {
		 return std::to_string(per_second(r.counts.events[EVENT_exit], ns));
	 }},
	{"TLBI/s", 9,
	 [](const Row &r, uint64_t ns) {
		 return std::to_string(per_second(r.counts.tlbi, ns));
	 }},
	{"FAULT p50", 10,
	 [](const Row &r, uint64_t) {
		 return percentile(r.counts.fault, 500);
	 }},
	{"p99", 8,
	 [](const Row &r, uint64_t) {
		 return percentile(r.counts.fault, 990);
	 }},
	{"RUN p50", 9,
	 [](const Row &r, uint64_t) {
		 return percentile(r.counts.run, 500);
	 }},
	{"p99", 8,
	 [](const Row &r, uint64_t) {
		 return percentile(r.counts.run, 990);
	 }},
};

constexpr size_t name_width = 16;

void append_cell(std::string &line, size_t width, const std::string &text)
{
	line.append(text.size() < width ? width - text.size() : 1, ' ');
	line += text;
}

void append_line(std::string &out, const std::string &line, size_t columns)
{
	((out += line.substr(0, columns)) += '\n');
}

std::string line_of(const Row &row, uint64_t interval_ns)
{
	std::string line = row.guest;

	line.append(line.size() < name_width ? name_width - line.size() : 0, ' ');
	for (const Column &column : columns_of_table)
		append_cell(line, column.width, column.cell(row, interval_ns));
	return line;
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
	std::string out, head = "GUEST" + std::string(name_width - 5, ' ');

	append_line(out,
		    std::to_string(n) + (n == 1 ? " guest, " : " guests, ") +
			    text::duration(snapshot.interval_ns) + ", " +
			    std::to_string(snapshot.lost) + " events lost",
		    columns);
	for (const Column &column : columns_of_table)
		append_cell(head, column.width, column.head);
	append_line(out, head, columns);
	for (size_t i = 0; i < shown; i++)
		append_line(out, line_of(snapshot.rows[i], snapshot.interval_ns), columns);
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
