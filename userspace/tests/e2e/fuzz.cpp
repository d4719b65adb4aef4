// SPDX-License-Identifier: GPL-2.0-only
//
// Writes to a file of debugfs that a shell cannot make, or not fast enough:
//
//   fuzz empty FILE...          no bytes at all; has to be refused
//   fuzz bytes FILE...          each single byte; has to be refused
//   fuzz random COUNT FILE...   COUNT times, to any of the files: random bytes, and good requests that
//                               were damaged; may be taken, or refused for a reason that requests
//                               are refused for
//   fuzz interrupted FILE       an empty line, and a signal 100 ms later; has to be refused with EINTR
//
// The same COUNT and number of FILEs always give the same writes.
#include "requests.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace
{

int open_or_exit(const char *path)
{
	const int file = open(path, O_WRONLY);

	if (file < 0) {
		perror(path);
		exit(2);
	}
	return file;
}

// Returns 1 when the file took it.
int must_refuse(const char *path, const char *bytes, size_t length)
{
	const int file = open_or_exit(path);
	const bool taken = write(file, bytes, length) >= 0 || errno != EINVAL;

	close(file);
	if (taken)
		printf("    # %s does not refuse %zu bytes: 0x%02x\n", path, length, bytes[0]);
	return taken;
}

// Returns 1 when it was not.
int must_be_interrupted(const char *path)
{
	const int file = open_or_exit(path);

	tick(100);
	return write(file, "\n", 1) >= 0 || errno != EINTR;
}

struct Target {
	std::string_view name;
	int file;
	long taken = 0;

	explicit Target(const char *path) : name{path}, file{open_or_exit(path)}
	{
		name.remove_prefix(name.rfind('/') + 1);
	}
};

// Returns 1 when a write was answered as no request should be; the first of them is shown.
int write_randomly(char **paths, int files, long count)
{
	std::vector<Target> targets{paths, paths + files};
	Random random;
	int strange = 0;

	// A guest that was asked for by chance may run for ever.
	for (const Target &target : targets)
		if (target.name == "run")
			tick(5);
	for (long i = 0; i < count; i++) {
		Target &target = targets[random.below(targets.size())];
		const std::string text = random_request(random, target.name);
		const auto offset = static_cast<off_t>(random.below(16 << 20));

		// Others do not care where they are written to.
		if (target.name == "mem")
			lseek(target.file, offset, SEEK_SET);
		if (write(target.file, text.data(), text.size()) >= 0)
			target.taken++;
		else if (!is_refusal(errno) && strange++ == 0)
			printf("    # %s answers %s\n", target.name.data(), strerror(errno));
	}
	for (const Target &target : targets)
		printf("    # %s took %ld\n", target.name.data(), target.taken);
	return strange != 0;
}

} // namespace

int main(int argc, char **argv)
{
	const std::string_view mode = argc > 2 ? argv[1] : "";
	int wrong = 0;

	if (mode == "random" && argc > 3)
		return write_randomly(argv + 3, argc - 3, atol(argv[2]));
	if (mode == "interrupted")
		return must_be_interrupted(argv[2]);
	if (mode != "empty" && mode != "bytes") {
		fputs("usage: fuzz empty FILE... | fuzz bytes FILE... | fuzz random COUNT FILE... "
		      "| "
		      "fuzz interrupted FILE\n",
		      stderr);
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		for (int byte = 0; byte < (mode == "bytes" ? 256 : 1); byte++) {
			const char text = static_cast<char>(byte);

			wrong += must_refuse(argv[i], &text, mode == "bytes");
		}
	}
	return wrong != 0;
}
