// SPDX-License-Identifier: GPL-2.0-only
//
// hog CPU MS: keeps a CPU for itself, for so many milliseconds. Real-time: no ordinary thread gets it
// meanwhile. Real-time threads are given 950 ms of a second at most.
#include <sched.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

using Clock = std::chrono::steady_clock;

int main(int argc, char **argv)
{
	if (argc != 3) {
		std::fprintf(stderr, "usage: hog CPU MS\n");
		return 2;
	}

	cpu_set_t cpus;
	sched_param parameters{};

	CPU_ZERO(&cpus);
	CPU_SET(std::strtoul(argv[1], nullptr, 0), &cpus);
	parameters.sched_priority = 1;
	if (sched_setaffinity(0, sizeof(cpus), &cpus) ||
	    sched_setscheduler(0, SCHED_FIFO, &parameters)) {
		std::perror("hog");
		return 1;
	}

	const std::chrono::milliseconds time{std::strtol(argv[2], nullptr, 0)};

	for (const auto end = Clock::now() + time; Clock::now() < end;)
		;
}
