// SPDX-License-Identifier: GPL-2.0-only
#include "guest_memory.hpp"

#include "exit.hpp"
#include "output.hpp"

#include "text/text.hpp"

#include <cerrno>
#include <unistd.h>

namespace s2ctl
{

GuestMemory::GuestMemory(const Debugfs &debugfs, const std::string &guest, int flags)
    : debugfs_{debugfs}, file_{Debugfs::guest_file(guest, "mem")}, open_{debugfs.open(file_, flags)}
{
}

void GuestMemory::read(uint64_t ipa, char *to, size_t bytes) const
{
	while (bytes) {
		const ssize_t n = pread(open_.descriptor(), to, bytes, static_cast<off_t>(ipa));

		check_interrupted("up to " + text::hex(ipa) + " was read");
		if (n < 0)
			debugfs_.fail(file_, errno);
		if (!n)
			throw Failure{Exit::incomplete, file_ + " ends at " + text::hex(ipa)};
		ipa += static_cast<size_t>(n);
		to += n;
		bytes -= static_cast<size_t>(n);
	}
}

void GuestMemory::write(uint64_t ipa, std::string_view bytes) const
{
	while (!bytes.empty()) {
		const ssize_t n = pwrite(open_.descriptor(), bytes.data(), bytes.size(),
					 static_cast<off_t>(ipa));

		check_interrupted("up to " + text::hex(ipa) + " was written");
		if (n < 0)
			debugfs_.fail(file_, errno);
		ipa += static_cast<size_t>(n);
		bytes.remove_prefix(static_cast<size_t>(n));
	}
}

std::optional<uint64_t> first_hole(const dump::Dump &dump, uint64_t first, uint64_t last)
{
	uint64_t at = first; // mapped up to here

	dump.for_each_row(rows::Detail::brief, [&](const rows::Row &row) {
		if (at <= last && row.first <= at && at <= row.last)
			at = row.last + 1;
	});
	return at <= last ? std::optional{at} : std::nullopt;
}

} // namespace s2ctl
