// SPDX-License-Identifier: GPL-2.0-only
//
// mem: a guest's memory, shown and written.
#include "commands.hpp"

#include "s2ctl/exit.hpp"
#include "s2ctl/guest_memory.hpp"
#include "s2ctl/program.hpp"
#include "s2ctl/source.hpp"
#include "s2ctl/whole_file.hpp"

#include "text/json.hpp"
#include "text/text.hpp"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <memory>

namespace s2ctl
{

namespace
{

using Kind = Argument::Kind;
using text::hex;

constexpr size_t line_bytes = 16;
constexpr size_t at_once = 1 << 16; // whole lines

unsigned unit_of(const Arguments &arguments)
{
	return static_cast<unsigned>(std::stoi(arguments.text("--unit", "1")));
}

// Little-endian, as the guest is.
uint64_t value_at(const char *bytes, unsigned unit)
{
	uint64_t value = 0;

	for (unsigned i = unit; i-- > 0;)
		value = value << 8 | static_cast<unsigned char>(bytes[i]);
	return value;
}

// All of [ipa, ipa + bytes) is mapped, or nothing is done.
void check_mapped(const Invocation &in, uint64_t ipa, uint64_t bytes, const char *what_not)
{
	const uint64_t last = ipa + bytes - 1;

	if (!bytes)
		throw Failure{Exit::usage, "SIZE: at least 1"};
	if (last < ipa)
		throw Failure{Exit::usage,
			      hex(ipa) + " and " + hex(bytes) + " bytes go past the last address"};

	const auto hole =
		first_hole(read_tables(in.debugfs, in.arguments.text("guest")), ipa, last);

	if (hole)
		throw Failure{Exit::refused,
			      hex(*hole) + " is not mapped: nothing was " + what_not};
}

// "0080000000  68 65 6c 6c ...  |hell...|"; bytes have their letters, larger units do not.
void append_line(std::string &out, uint64_t ipa, std::string_view bytes, unsigned unit)
{
	text::append_hex(out, ipa, 10);
	for (size_t at = 0; at < bytes.size(); at += unit) {
		out += at % 8 ? " " : "  ";
		text::append_hex(out, value_at(bytes.data() + at, unit), 2 * unit);
	}
	if (unit == 1) {
		out.append(3 * (line_bytes - bytes.size()) + (bytes.size() <= 8) + 2, ' ');
		out += '|';
		for (const char c : bytes)
			out += c >= ' ' && c <= '~' ? c : '.';
		out += '|';
	}
	out += '\n';
}

// Lines like the one before are a *, and the last one is always shown.
class Lines {
    public:
	Lines(std::string &out, unsigned unit, uint64_t end) : out_{out}, unit_{unit}, end_{end}
	{
	}

	void append(uint64_t ipa, std::string_view bytes)
	{
		const bool same = bytes == before_ && ipa + bytes.size() < end_;

		if (!same)
			append_line(out_, ipa, bytes, unit_);
		else if (!skipped_)
			out_ += "*\n";
		skipped_ = same;
		before_ = bytes;
	}

    private:
	std::string &out_;
	unsigned unit_;
	uint64_t end_;
	std::string before_;
	bool skipped_ = false;
};

void show(const Invocation &in, uint64_t ipa, uint64_t bytes)
{
	const unsigned unit = unit_of(in.arguments);
	const GuestMemory memory{in.debugfs, in.arguments.text("guest"), O_RDONLY};
	const bool raw = in.arguments.has("-o");
	const bool to_file = raw && in.arguments.text("-o") != "-";
	const std::unique_ptr<WholeFile> file =
		to_file ? std::make_unique<WholeFile>(in.arguments.text("-o")) : nullptr;
	std::string buffer(at_once, '\0');
	Lines lines{in.out.text, unit, ipa + bytes};
	json::Writer json{in.out.text};

	if (raw)
		in.out.keep_lines();
	if (in.json) {
		json.begin_object();
		json.member("ipa", hex(ipa));
		json.member("bytes", bytes);
		if (!raw)
			json.begin_array("values");
	}
	for (uint64_t done = 0; done < bytes;) {
		const size_t n = std::min<uint64_t>(at_once, bytes - done);

		memory.read(ipa + done, buffer.data(), n);
		if (file)
			file->write(buffer.data(), n);
		else if (raw)
			in.out.text.append(buffer, 0, n);
		for (size_t at = 0; at < n && !raw; at += in.json ? unit : line_bytes) {
			if (in.json)
				json.value(hex(value_at(buffer.data() + at, unit), 2 * unit));
			else
				lines.append(ipa + done + at,
					     std::string_view{buffer}.substr(
						     at, std::min(line_bytes, n - at)));
		}
		done += n;
		in.out.flush_if_large();
	}
	if (file)
		file->finish();
	if (in.json) {
		if (!raw)
			json.end();
		json.end();
	}
}

std::string bytes_to_write(const Arguments &arguments)
{
	const unsigned unit = unit_of(arguments);
	std::string bytes;

	if (arguments.has("--from"))
		return read_program(arguments.text("--from"));
	for (const std::string &word : arguments.all("--write")) {
		const uint64_t value = parse_number("--write", word);

		if (unit < 8 && value >> 8 * unit)
			throw Failure{Exit::usage,
				      "--write: " + word + " is more than " + std::to_string(unit) +
					      (unit == 1 ? " byte" : " bytes") + ": --unit"};
		for (unsigned i = 0; i < unit; i++)
			bytes += static_cast<char>(value >> 8 * i);
	}
	return bytes;
}

void write(const Invocation &in, uint64_t ipa)
{
	const std::string bytes = bytes_to_write(in.arguments);

	if (bytes.empty())
		throw Failure{Exit::usage,
			      "--from: the file is empty: " + in.arguments.text("--from")};
	check_mapped(in, ipa, bytes.size(), "written");
	GuestMemory{in.debugfs, in.arguments.text("guest"), O_WRONLY}.write(ipa, bytes);
	if (!in.json)
		return;

	json::Writer json{in.out.text};

	json.begin_object();
	json.member("ipa", hex(ipa));
	json.member("bytes", bytes.size());
	json.member("done", true);
	json.end();
}

void mem(const Invocation &in)
{
	const Arguments &arguments = in.arguments;
	const uint64_t ipa = parse_number("IPA", arguments.text("ipa"));
	const uint64_t bytes = parse_number("SIZE", arguments.text("size", "64"));
	const bool from = arguments.has("--from"), words = arguments.has("--write");

	if (from && words)
		throw Failure{Exit::usage, "use only one of --write and --from"};
	if ((from || words) && arguments.has("size"))
		throw Failure{Exit::usage, "with --write or --from there is no SIZE"};
	if ((from || words) && arguments.has("-o"))
		throw Failure{Exit::usage, "-o is for showing"};
	if (from || words) {
		write(in, ipa);
		return;
	}
	if (in.json && arguments.text("-o", "") == "-")
		throw Failure{Exit::usage, "-o - and --json cannot both use standard output"};
	if (bytes % unit_of(arguments))
		throw Failure{Exit::usage,
			      "SIZE must be a multiple of --unit, " + arguments.text("--unit")};
	check_mapped(in, ipa, bytes, "read");
	show(in, ipa, bytes);
}

constexpr const char *units[] = {"1", "2", "4", "8"};

constexpr Argument arguments[] = {
	{"guest", "GUEST", "whose memory", Kind::guest, true},
	{"ipa", "IPA", "first address", Kind::text, true},
	{"size", "SIZE", "bytes to show (64)"},
	{"--unit", "N", "bytes of a value: 1, 2, 4 or 8 (1)", Kind::choice, false, false, units},
	{"--write", "VALUE", "values to write there, one after the other, little-endian",
	 Kind::text, false, true},
	{"--from", "FILE", "write the bytes of a file; - is standard input", Kind::file},
	{"-o", "FILE", "write the bytes to a file, as they are; - is standard output", Kind::file},
};

} // namespace

constexpr Command mem_command = {
	"mem",
	"show or write a guest's memory",
	"It finds the memory through the guest's tables, and ignores their permissions. If some of "
	"it is not mapped, nothing is read or written. A * stands for lines that are the same as "
	"the one before.",
	arguments,
	"  s2ctl mem demo 0x80000000\n  s2ctl mem demo 0x80001000 4K --unit 8\n"
	"  s2ctl mem demo 0x80001000 --unit 8 --write 0x40000000000703 0\n"
	"  s2ctl mem demo 2G 2M -o image.bin\n  s2ctl mem demo 2G --from image.bin\n",
	mem};

} // namespace s2ctl
