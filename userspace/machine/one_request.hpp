// SPDX-License-Identifier: GPL-2.0-only
//
// What programs of the machine do to a file of debugfs, to see how long it takes or what ends it.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

// Writes the request to the file; where there is none, reads the file to its end. 0, or the errno.
inline int one_request(const char *file, const char *request)
{
	static char bytes[65536];
	const int fd = open(file, request ? O_WRONLY : O_RDONLY);

	if (fd < 0)
		return errno;
	if (request)
		return write(fd, request, std::strlen(request)) < 0 ? errno : 0;
	for (;;) {
		const ssize_t count = read(fd, bytes, sizeof(bytes));

		if (count <= 0)
			return count ? errno : 0;
	}
}
