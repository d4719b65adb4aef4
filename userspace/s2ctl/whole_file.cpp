// SPDX-License-Identifier: GPL-2.0-only
#include "whole_file.hpp"

#include "exit.hpp"
#include "output.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace s2ctl
{

WholeFile::WholeFile(std::string name) : name_{std::move(name)}, part_{name_ + ".part"}
{
	struct stat s;

	// What is no plain file (a pipe, /dev/null) is written to as it is.
	if (stat(name_.c_str(), &s) == 0 && !S_ISREG(s.st_mode))
		part_ = name_;
	descriptor_ = open(part_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (descriptor_ < 0)
		fail();
}

WholeFile::~WholeFile()
{
	if (descriptor_ < 0)
		return;
	close(descriptor_);
	if (part_ != name_)
		unlink(part_.c_str());
}

void WholeFile::write(const void *from, size_t bytes)
{
	for (size_t done = 0; done < bytes;) {
		const ssize_t n =
			::write(descriptor_, static_cast<const char *>(from) + done, bytes - done);

		check_interrupted("nothing was written");
		if (n < 0)
			fail();
		done += static_cast<size_t>(n);
	}
}

void WholeFile::finish()
{
	if (close(std::exchange(descriptor_, -1)) ||
	    (part_ != name_ && rename(part_.c_str(), name_.c_str()))) {
		const int error = errno;

		if (part_ != name_)
			unlink(part_.c_str());
		errno = error;
		fail();
	}
}

void WholeFile::fail() const
{
	throw Failure{Exit::bad_file, name_ + ": " + std::strerror(errno)};
}

} // namespace s2ctl
