// SPDX-License-Identifier: GPL-2.0-only
//
// lateness FILE [REQUEST]: reads FILE to its end, or writes REQUEST to it, while a thread of high priority on the same
// CPU wakes up every 200 microseconds. Prints by how many microseconds it was late at most: as long has the kernel
// worked without letting another thread have the CPU. Fails as the read or the write does.
#include "machine/one_request.hpp"

#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace
{

constexpr long period = 200'000;
constexpr long second = 1'000'000'000;

long after(const timespec &a, const timespec &b)
{
	return (a.tv_sec - b.tv_sec) * second + a.tv_nsec - b.tv_nsec;
}

} // namespace

int main(int argc, char **argv)
{
	const sched_param highest{.sched_priority = 50};
	cpu_set_t one;
	timespec due;
	timespec now;
	long latest = 0;
	int status = 0;

	if (argc != 2 && argc != 3) {
		std::fprintf(stderr, "usage: lateness FILE [REQUEST]\n");
		return 2;
	}
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	// The child, which is like others, does not begin before this thread sleeps.
	if (sched_setaffinity(0, sizeof(one), &one) || mlockall(MCL_CURRENT) ||
	    sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &highest)) {
		std::perror("lateness");
		return 2;
	}

	const pid_t child = fork();

	if (child == 0)
		_exit(one_request(argv[1], argv[2]));
	if (child < 0) {
		std::perror("lateness");
		return 2;
	}
	clock_gettime(CLOCK_MONOTONIC, &due);
	while (waitpid(child, &status, WNOHANG) == 0) {
		due.tv_nsec += period;
		due.tv_sec += due.tv_nsec / second;
		due.tv_nsec %= second;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, nullptr);
		clock_gettime(CLOCK_MONOTONIC, &now);
		latest = std::max(latest, after(now, due));
		if (after(now, due) > period)
			due = now;
	}
	std::printf("%ld\n", latest / 1000);
	if (WEXITSTATUS(status))
		std::fprintf(stderr, "lateness: %s: %s\n", argv[1],
			     std::strerror(WEXITSTATUS(status)));
	return WEXITSTATUS(status) != 0;
}
