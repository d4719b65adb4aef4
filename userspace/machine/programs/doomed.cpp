// SPDX-License-Identifier: GPL-2.0-only
//
// doomed MICROSECONDS FILE [REQUEST]: reads FILE to its end, or writes REQUEST to it, and is killed on the way, by an
// alarm at that time (0: never). Where that comes too late, it prints how many microseconds it took, and fails as the
// read or the write does.
#include "machine/one_request.hpp"

#include <sys/time.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

int main(int argc, char **argv)
{
	if (argc != 3 && argc != 4) {
		std::fprintf(stderr, "usage: doomed MICROSECONDS FILE [REQUEST]\n");
		return 2;
	}

	const long at = std::strtol(argv[1], nullptr, 0);
	const itimerval alarm{{}, {at / 1'000'000, at % 1'000'000}};
	const auto since = std::chrono::steady_clock::now();

	setitimer(ITIMER_REAL, &alarm, nullptr);

	const int error = one_request(argv[2], argv[3]);
	const std::chrono::microseconds time =
		std::chrono::duration_cast<std::chrono::microseconds>(
			std::chrono::steady_clock::now() - since);

	std::printf("%ld\n", static_cast<long>(time.count()));
	if (error)
		std::fprintf(stderr, "doomed: %s: %s\n", argv[2], std::strerror(error));
	return error != 0;
}
