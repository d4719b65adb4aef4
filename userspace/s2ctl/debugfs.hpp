// SPDX-License-Identifier: GPL-2.0-only
//
// The module's files (Documentation/debugfs.rst) as a program uses them. Whatever fails is a Failure
// that says what to do about it; a refused request comes with what error_log has to say.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace s2ctl
{

class File {
    public:
	explicit File(int descriptor) : descriptor_{descriptor}
	{
	}
	File(File &&other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)}
	{
	}
	File &operator=(File &&) = delete;
	~File();

	int descriptor() const
	{
		return descriptor_;
	}

    private:
	int descriptor_;
};

// Lines of "key   value", as features, config and stats have them.
using KeyValues = std::vector<std::pair<std::string, std::string>>;

KeyValues parse_key_values(std::string_view text);
// "" when it is not there.
std::string value_of(const KeyValues &values, std::string_view key);

class Debugfs {
    public:
	// `mount` is where debugfs is: /sys/kernel/debug.
	explicit Debugfs(std::string mount) : mount_{std::move(mount)}
	{
	}

	std::vector<std::string> guests() const;

	// `file` is as the manual names it: "features", "guests/demo/map".
	bool has(const std::string &file) const;
	File open(const std::string &file, int flags) const;
	std::string read(const std::string &file) const;
	// One request.
	void write(const std::string &file, const std::string &request) const;

	// Up to so many bytes of an open file; 0 at its end.
	size_t read_some(const File &open, const std::string &file, void *to, size_t bytes) const;

	// Throws what is to be said about an errno of that file.
	[[noreturn]] void fail(const std::string &file, int error) const;

	// "guests/demo/maps". Throws a Failure when nobody can be called that.
	static std::string guest_file(const std::string &guest, const char *file);

    private:
	std::string path(const std::string &file) const;
	[[noreturn]] void fail_unreachable(int error) const;
	[[noreturn]] void refuse(const std::string &file, const std::string &request,
				 int error) const;

	std::string mount_;
};

// The last entry of an error_log that is about this file and request: its message, the line and the
// caret; empty when there is none.
std::string last_entry(std::string_view log, const std::string &file, const std::string &request);

} // namespace s2ctl
