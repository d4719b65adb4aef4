// SPDX-License-Identifier: GPL-2.0-only
//
// again COUNT FILE REQUEST: makes one request of debugfs over and over, faster than a shell. Ends at
// the first that is refused.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

int main(int argc, char **argv)
{
	if (argc != 4) {
		std::fprintf(stderr, "usage: again COUNT FILE REQUEST\n");
		return 2;
	}

	const unsigned long count = std::strtoul(argv[1], nullptr, 0);
	const int fd = open(argv[2], O_WRONLY);

	for (unsigned long i = 0; i < count; i++) {
		if (write(fd, argv[3], std::strlen(argv[3])) < 0) {
			std::fprintf(stderr, "again: %s, at %lu of %lu: %s\n", argv[2], i, count,
				     std::strerror(errno));
			return 1;
		}
	}
}
