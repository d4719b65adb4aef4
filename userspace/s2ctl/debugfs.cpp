// SPDX-License-Identifier: GPL-2.0-only
#include "debugfs.hpp"

#include "exit.hpp"
#include "machine.hpp"
#include "output.hpp"

#include "stage2/tables_bin.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace s2ctl
{

namespace
{

constexpr long debugfs_magic = 0x64626720; // <linux/magic.h>

// Does a file begin as a dump does?
bool is_dump(const std::string &name)
{
	char magic[sizeof(STAGE2_TABLES_MAGIC) - 1];
	const File file{::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};

	return file.descriptor() >= 0 &&
	       read(file.descriptor(), magic, sizeof(magic)) == sizeof(magic) &&
	       !std::memcmp(magic, STAGE2_TABLES_MAGIC, sizeof(magic));
}

bool is_mounted(const std::string &mount)
{
	struct statfs fs;

	return statfs(mount.c_str(), &fs) == 0 && fs.f_type == debugfs_magic;
}

// "demo" of "guests/demo/map"; empty for the others.
std::string guest_of(const std::string &file)
{
	if (!file.starts_with("guests/"))
		return "";
	return file.substr(7, file.find('/', 7) - 7);
}

constexpr size_t longest_shown = 160; // of a line, in error_log

// A request as error_log has it. Blanks in front are not told from its margin.
std::string as_logged(std::string line)
{
	line.erase(0, std::min(line.find_first_not_of(' '), line.size()));
	while (!line.empty() && line.back() == '\n')
		line.pop_back();
	for (char &c : line)
		if (c < ' ' || c > '~')
			c = '.';
	return line;
}

} // namespace

File::~File()
{
	if (descriptor_ >= 0)
		close(descriptor_);
}

KeyValues parse_key_values(std::string_view text)
{
	KeyValues values;

	while (!text.empty()) {
		const std::string_view line = text.substr(0, text.find('\n'));
		const size_t end = std::min(line.find(' '), line.size());
		const size_t value = std::min(line.find_first_not_of(' ', end), line.size());

		if (end)
			values.emplace_back(line.substr(0, end), line.substr(value));
		text.remove_prefix(std::min(line.size() + 1, text.size()));
	}
	return values;
}

std::string value_of(const KeyValues &values, std::string_view key)
{
	const auto found = std::ranges::find(values, key, &KeyValues::value_type::first);

	return found == values.end() ? "" : found->second;
}

std::string last_entry(std::string_view log, const std::string &file, const std::string &request)
{
	const std::string head = "] " + file + ": ";
	const std::string line = as_logged(request);
	std::string entry;

	// An entry begins with its time; lines under it are indented.
	while (!log.empty()) {
		const size_t next = std::min(log.find("\n["), log.size() - 1) + 1;
		const std::string_view one = log.substr(0, next);
		const size_t at = one.find(head);
		const std::string_view shown = one.substr(std::min(one.find('\n') + 1, one.size()));
		const size_t text = std::min(shown.find_first_not_of(' '), shown.size());
		const std::string_view written = shown.substr(text, shown.find('\n', text) - text);

		// Of a long line it has a window, and an empty one is not shown.
		if (at != std::string_view::npos && at < one.find('\n') &&
		    (shown.empty() || written == line ||
		     (line.size() > longest_shown && line.find(written) != std::string::npos)))
			entry = one.substr(at + 2);
		log.remove_prefix(next);
	}
	while (!entry.empty() && entry.back() == '\n')
		entry.pop_back();
	return entry;
}

std::string Debugfs::path(const std::string &file) const
{
	return mount_ + "/stage2/" + file;
}

std::string Debugfs::guest_file(const std::string &guest, const char *file)
{
	struct stat status;

	if (guest.find('/') != std::string::npos && !stat(guest.c_str(), &status))
		throw Failure{Exit::usage,
			      "'" + guest + "' is a file, and this needs a live guest"};
	if (guest.empty() || guest[0] == '.' || guest.find('/') != std::string::npos)
		throw Failure{Exit::usage, "'" + guest + "' cannot be the name of a guest"};
	return "guests/" + guest + '/' + file;
}

void Debugfs::fail_unreachable(int error) const
{
	if (error == EACCES)
		throw Failure{Exit::unreachable, "only root can use debugfs: try sudo"};
	if (!exists(mount_))
		throw Failure{Exit::unreachable,
			      "there is no " + mount_ + " on this machine" + elsewhere()};
	if (!is_mounted(mount_))
		throw Failure{Exit::unreachable,
			      "debugfs is not mounted: mount -t debugfs debugfs " + mount_ +
				      elsewhere()};
	if (module_is_loaded())
		throw Failure{Exit::unreachable,
			      "stage2 is loaded, but has no folder in debugfs: dmesg may say why"};
	throw Failure{Exit::unreachable, how_to_load_the_module()};
}

void Debugfs::fail(const std::string &file, int error) const
{
	const std::string guest = guest_of(file);

	if (error == EINTR)
		throw Interrupted{file};
	if (error == ENODEV && !guest.empty())
		throw Failure{Exit::incomplete, "guest '" + guest + "' was removed meanwhile"};
	if (error == EPERM && !lockdown().empty())
		throw Failure{Exit::unreachable,
			      file + ": the kernel is locked down (" + lockdown() +
				      "), which closes debugfs: boot it with lockdown=none"};
	if (error == EACCES || !exists(path("features")))
		fail_unreachable(error);
	if (error == ENOENT && !guest.empty() && !exists(path("guests/" + guest)))
		throw Failure{Exit::refused,
			      "there is no guest '" + guest + '\'' +
				      (is_dump(guest) ? "; the dump of that name is ./" + guest
						      : " (s2ctl list shows those there are)")};
	if (error == ENOENT)
		throw Failure{Exit::unreachable,
			      "this module has no " + file + ": it is older than this program"};
	if (error == EOPNOTSUPP)
		refuse(file, "", error);
	throw Failure{Exit::unreachable, file + ": " + std::strerror(error)};
}

void Debugfs::refuse(const std::string &file, const std::string &request, int error) const
{
	std::string why;

	if (error == EINTR || error == ENODEV || error == EPERM)
		fail(file, error);
	try {
		why = last_entry(read("error_log"), file, request);
	} catch (const Failure &) {
	}
	throw Failure{Exit::refused, why.empty() ? file + ": " + std::strerror(error) : why};
}

bool Debugfs::has(const std::string &file) const
{
	return exists(path(file));
}

File Debugfs::open(const std::string &file, int flags) const
{
	const int descriptor = ::open(path(file).c_str(), flags | O_CLOEXEC);

	if (descriptor < 0)
		fail(file, errno);
	return File{descriptor};
}

size_t Debugfs::read_some(const File &open, const std::string &file, void *to, size_t bytes) const
{
	const ssize_t n = ::read(open.descriptor(), to, bytes);

	if (n < 0)
		fail(file, errno);
	return static_cast<size_t>(n);
}

std::string Debugfs::read(const std::string &file) const
{
	const File open = this->open(file, O_RDONLY);
	std::string text;

	for (;;) {
		const size_t at = text.size();

		text.resize(at + 65536);

		const size_t n = read_some(open, file, text.data() + at, 65536);

		text.resize(at + n);
		if (!n)
			return text;
	}
}

void Debugfs::write(const std::string &file, const std::string &request) const
{
	const File open = this->open(file, O_WRONLY);

	if (::write(open.descriptor(), request.data(), request.size()) < 0)
		refuse(file, request, errno);
}

std::vector<std::string> Debugfs::guests() const
{
	DIR *folder = opendir(path("guests").c_str());
	std::vector<std::string> names;

	if (!folder)
		fail("guests", errno);
	while (const dirent *entry = readdir(folder))
		if (entry->d_name[0] != '.')
			names.emplace_back(entry->d_name);
	closedir(folder);
	std::ranges::sort(names);
	return names;
}

} // namespace s2ctl
