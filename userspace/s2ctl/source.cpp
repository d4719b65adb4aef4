// SPDX-License-Identifier: GPL-2.0-only
#include "source.hpp"

#include "exit.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace s2ctl
{

namespace
{

dump::Dump read_guest(const Debugfs &debugfs, const std::string &guest)
{
	constexpr int tries = 4;
	const std::string file = Debugfs::guest_file(guest, "tables.bin");

	for (int i = 0;; i++) {
		const File open = debugfs.open(file, O_RDONLY);
		const dump::Source source = [&](void *to, size_t bytes) {
			check_interrupted();
			return debugfs.read_some(open, file, to, bytes);
		};

		try {
			dump::Dump d = dump::Dump::read(source, i < tries ? dump::Torn::refuse
									  : dump::Torn::repair);

			if (d.lost())
				std::fprintf(
					stderr,
					"s2ctl: the tables of %s changed while they were read: "
					"%zu of them are left out\n",
					guest.c_str(), d.lost());
			return d;
		} catch (const dump::Bad &bad) {
			if (i == tries)
				throw Failure{Exit::bad_file, file + ": " + bad.what()};
		}
	}
}

dump::Dump read_file(const std::string &name)
{
	const bool standard = name == "-";
	const File open{standard ? dup(STDIN_FILENO) : ::open(name.c_str(), O_RDONLY | O_CLOEXEC)};
	const auto fail = [&]() -> Failure {
		return {Exit::bad_file, name + ": " + std::strerror(errno)};
	};

	if (open.descriptor() < 0)
		throw fail();
	try {
		return dump::Dump::read([&](void *to, size_t bytes) -> size_t {
			const ssize_t n = ::read(open.descriptor(), to, bytes);

			check_interrupted();
			if (n < 0)
				throw fail();
			return static_cast<size_t>(n);
		});
	} catch (const dump::Bad &bad) {
		throw Failure{Exit::bad_file, name + ": " + bad.what()};
	}
}

} // namespace

bool is_file(const std::string &source)
{
	return source == "-" || source.find('/') != std::string::npos;
}

dump::Dump read_tables(const Debugfs &debugfs, const std::string &source)
{
	return is_file(source) ? read_file(source) : read_guest(debugfs, source);
}

} // namespace s2ctl
