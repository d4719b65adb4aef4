// SPDX-License-Identifier: GPL-2.0-only
//
// requests: the module's own C++, all of it, with a small machine behind its seam (kernel.hpp). A line of the input
// does what a shell would do:
//
//   create name=a ram=64k         a request: the rest of the line is written to the file
//   guests/a/maps                 a file is read
//   open guests/a/dirty           a file is held open to the end: its guest may go before
//   fail 3                        the allocation after three more fails
//   kill 3                        who asks is killed, and that is seen at the fourth look
//   beside guests/a/unmap ...     the same by another thread, while a guest is in a CPU: at the next entry
//   hardware ...                  how guests leave from now on, and what the MMU answers; any bytes
//
// The first line may be `soft`, a machine without EL2, or `far`, one with RAM above 2^48 only.
//
// A request is done, or refused with one entry in error_log; then all tables are as they were. What is mapped, and no
// more, takes RAM; tables could be adopted; in the end nothing is left.
#include "kernel.hpp"

#include "engine/formats.hpp"
#include "kernel/kernel.hpp"
#include "stage2/numbers.hpp"
#include "vmsa/adopt.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

using fuzz::kernel;
using fuzz::require;

namespace
{

struct Open {
	const stage2_file *file;
	stage2_guest *guest;
};

// As seq_file has it: what did not fit is shown again. What was taken is freed, also when taking it has failed
// (debugfs.c).
std::string read(const Open &open)
{
	stage2_cursor cursor{};
	seq_file all;

	if (!open.file->show)
		return {};
	const bool begun =
		!open.file->begin || !open.file->begin(open.file, open.guest, &cursor.taken);
	void *taken = cursor.taken;

	if (begun && !stage2_show_begin(open.file, open.guest)) {
		while (!cursor.done) {
			stage2_cursor again = cursor;
			seq_file first, second;

			open.file->show(open.guest, &first, &again);
			open.file->show(open.guest, &second, &cursor);
			require(first.text == second.text && again.at == cursor.at,
				"shown again, it is the same");
			all.text += second.text;
			require(all.text.size() < 4 << 20, "a file ends");
		}
		stage2_show_end(open.guest);
	}
	kernel_free(taken);
	return all.text;
}

const stage2_file *find(const stage2_file *file, std::string_view name)
{
	while (file->name && name != file->name)
		file++;
	return file->name ? file : nullptr;
}

Open find(std::string_view path)
{
	constexpr std::string_view guests = "guests/";

	if (!path.starts_with(guests))
		return {find(stage2_top_files, path), nullptr};
	path.remove_prefix(guests.size());

	const size_t end = std::min(path.find('/'), path.size());
	const auto folder = kernel.folders.find(path.substr(0, end));

	if (folder == kernel.folders.end() || end == path.size())
		return {};
	return {find(stage2_guest_files, path.substr(end + 1)), folder->second};
}

std::string error_log()
{
	return read(find("error_log"));
}

std::string tables()
{
	std::string all;

	for (const auto &[name, guest] : kernel.folders)
		all += name + read({find(stage2_guest_files, "tables.bin"), guest});
	return all;
}

// Takes them over as another owner would, and leaves them as they are.
template <class Format> void look_at_tables(stage2_guest &guest)
{
	const stage2::Space &space = *guest.space;

	if (space.format().page_shift != Format::Granule::page_shift ||
	    space.format().output_bits != Format::output_bits)
		return;

	vmsa::Tree<Format, stage2::Tables> tree{guest.tables};

	require(tree.attach(const_cast<vmsa::Descriptor *>(space.root()), space.geometry()) &&
			vmsa::check_tables(tree, [](vmsa::Pa) { return true; }).why ==
				vmsa::Errc::none,
		"tables could be adopted");
	(void)tree.release();
}

void look_at(stage2_guest &guest)
{
	const stage2::FormatFacts &format = guest.space->format();
	const auto c = guest.space->census();
	uint64_t mapped = 0;

	for (vmsa::Level level = 0; level <= vmsa::last_level; level++)
		mapped += c.leaves[level] * format.size(level);
	require(guest.ram.used() == mapped, "what is mapped takes RAM, and nothing else");
	require(!guest.ram.is_stale(), "no cache has what was in RAM before it was mapped");
	require(guest.tables.used() == c.tables * format.page(), "tables are counted");
#define X(granule, bits) look_at_tables<stage2::Stage2Format<granule, bits>>(guest);
	STAGE2_FORMATS(X)
#undef X
}

bool is_refusal(int error)
{
	constexpr int known[] = {EINVAL, ERANGE, EEXIST,       ENOENT, ENOSPC,	   ENOMEM, E2BIG,
				 EIO,	 EINTR,	 ENAMETOOLONG, ENODEV, EOPNOTSUPP, EBUSY};

	return std::ranges::count(known, -error);
}

// "[   1.234] guests/a/map: the library refuses ..." does not; the request follows in a line of its own.
bool all_say_why(std::string_view log)
{
	for (size_t end; !log.empty(); log.remove_prefix(std::min(end + 1, log.size()))) {
		const std::string_view line =
			log.substr(0, end = std::min(log.find('\n'), log.size()));

		if (line.starts_with('[') && line.substr(std::min(line.find(": "), line.size()))
						     .starts_with(": the library refuses"))
			return false;
	}
	return true;
}

void write(const Open &open, std::string_view text)
{
	// With the NUL that debugfs.c puts behind it, and AddressSanitizer after that.
	const std::vector<char> bytes = [&] {
		std::vector<char> all{text.begin(), text.end()};

		all.push_back('\0');
		return all;
	}();
	// Only the request is killed, not who looks beside it.
	const auto killed_in = std::exchange(kernel.killed_in, fuzz::Kernel::never);
	const std::string log = error_log(), before = tables();

	kernel.killed_in = killed_in;
	kernel.was_killed = false;

	const bool runs = std::string_view{open.file->name} == "run";
	const size_t others = kernel.beside.size();
	const int error = open.file->write(open.file, open.guest, bytes.data(), text.size());
	const bool alone = kernel.beside.size() == others;

	kernel.killed_in = fuzz::Kernel::never;

	const std::string log_now = error_log();

	require(!error || is_refusal(error), "a request is refused for a reason of requests");
	require(all_say_why(log_now), "a refusal says why");
	require(!alone || (log_now != log) == (error && (error != -EINTR || kernel.was_killed)),
		"what is refused has an entry in error_log");
	require(!error || runs || tables() == before, "refused, and tables have changed");
	require(!kernel.was_killed || runs || error == -EINTR, "who is killed gets no answer");
	kernel.fail_in = fuzz::Kernel::never;
}

void memory(stage2_guest *guest, std::string_view text)
{
	unsigned char page[4096] = {};
	const uint64_t ipa = numbers::parse(text).value;

	kernel.was_killed = false;
	for (const bool writes : {true, false}) {
		const long done = stage2_guest_memory(guest, ipa, page, sizeof(page), writes);

		require(done == -EIO || done == static_cast<long>(4096 - ipa % 4096) ||
				(done == -EINTR && kernel.was_killed),
			"memory is there to the end of a page, or is not there");
	}
}

// False: not a line that anybody would write.
bool obey(std::string_view line, std::vector<Open> &open, std::string_view all)
{
	const size_t blank = std::min(line.find(' '), line.size());
	const std::string_view word = line.substr(0, blank);
	const std::string_view rest = line.substr(std::min(blank + 1, line.size()));

	if (word == "hardware") {
		kernel.hardware = {reinterpret_cast<const uint8_t *>(rest.data()), rest.size()};
		return true;
	}
	if (word == "fail") {
		kernel.fail_in = numbers::parse(rest).value;
		return true;
	}

	if (word == "kill") {
		kernel.killed_in = numbers::parse(rest).value;
		return true;
	}
	if (word == "beside") {
		kernel.beside.push_back(rest);
		return true;
	}

	const Open what = find(word == "open" ? rest : word);

	if (!what.file)
		return false;
	if (word == "open") {
		if (what.guest)
			stage2_guest_hold(what.guest);
		open.push_back(what);
	} else if (blank == line.size()) {
		read(what);
	} else if (std::string_view{what.file->name} == "mem") {
		memory(what.guest, rest);
	} else if (what.file->write && rest.size() <= STAGE2_REQUEST_MAX) {
		write(what, rest);
	} else if (what.file->write) {
		require(stage2_request_too_long(what.file, what.guest, all.size()) == -E2BIG,
			"no request is as long as that");
	}
	return true;
}

// Everybody has gone: who comes late is told.
void come_late(const std::vector<Open> &open)
{
	kernel.killed_in = fuzz::Kernel::never;
	for (const Open &o : open) {
		read(o);
		if (o.file->write && o.guest)
			require(o.file->write(o.file, o.guest, "1", 1) == -ENODEV ||
					!o.guest->removed,
				"a guest that was removed is no more");
		if (o.guest)
			stage2_guest_drop(o.guest);
	}
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const std::string_view all{reinterpret_cast<const char *>(data), size};
	fuzz::Input input{data, size};
	std::vector<Open> open;
	int lines = 0;

	kernel = {};
	kernel.at_el2 = !all.starts_with("soft");
	kernel.far = all.starts_with("far");
	if (!kernel.at_el2 || kernel.far)
		input.line();
	kernel.obey = [&](std::string_view line) {
		// Whoever removes a guest waits until its vCPUs have stopped.
		if (!line.starts_with("remove"))
			obey(line, open, all);
		kernel.walker.look();
	};
	require(stage2_start("") == 0, "it starts");
	while (!input.is_over() && lines < 64) {
		if (!obey(input.line(), open, all))
			continue;
		lines++;
		require(kernel.locked == 0, "no lock is left behind");
		kernel.walker.look();
		for (const auto &[name, guest] : kernel.folders)
			look_at(*guest);
	}
	kernel.fail_in = fuzz::Kernel::never;
	come_late(open);
	stage2_stop();
	require(kernel.allocated == 0 && kernel_ram_available() == kernel_ram_total(),
		"nothing is left");
	return lines ? 0 : -1;
}
