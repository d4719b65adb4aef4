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
#include "tests/random.hpp"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/time.h>
#include <unistd.h>
#include <vector>

namespace
{

constexpr const char *words[] = {
	" ipa=0x200000", " size=4k", " prot=rx",  " attr=device", " max=4k", " name=fuzz",
	" ipa_bits=36",	 " ram=64k", " tables=4", " vcpus=2",	  " vcpu=1", " pc=0x200000",
	" pstate=0",	 " exits=3", " ms=1",	  " off",	  "=",	     " "};
constexpr const char *numbers[] = {"0",
				   "-1",
				   "4095",
				   "0x",
				   "1T",
				   "0xffffffffff",
				   "18446744073709551615",
				   "18446744073709551616"};

std::string good_request(Random &random, std::string_view file)
{
	char text[160];

	if (file == "create")
		snprintf(text, sizeof(text), "name=fuzz%zu ram=64k ipa_bits=%zu tables=%zu",
			 random.below(4), 32 + random.below(9), 16 + random.below(4));
	else if (file == "remove")
		snprintf(text, sizeof(text), "name=fuzz%zu", random.below(4));
	else if (file == "regs")
		snprintf(text, sizeof(text), "vcpu=%zu pc=0x%zx x%zu=%zu sctlr_el1=0x%zx",
			 random.below(2), random.below(1 << 24), random.below(31), random.below(99),
			 0x30d00800 + random.below(2));
	else if (file == "run")
		snprintf(text, sizeof(text), "vcpu=%zu exits=%zu ms=1", random.below(2),
			 1 + random.below(9));
	else if (file == "accessed")
		snprintf(text, sizeof(text), "faults=%s", random.below(2) ? "note" : "report");
	else if ((file == "demand" || file == "dirty") && random.below(8) == 0)
		snprintf(text, sizeof(text), "off");
	else if (file == "walk")
		snprintf(text, sizeof(text), "0x%zx", random.below(1 << 24));
	else
		snprintf(text, sizeof(text), "ipa=0x%zx000 size=%zuk%s", random.below(4096),
			 4 + 4 * random.below(1 << random.below(10)),
			 file == "unmap" || file == "dirty" ? ""
			 : random.below(2)		    ? " prot=r"
							    : " prot=rwx");
	return text;
}

void damage(Random &random, std::string &text)
{
	const size_t at = random.below(text.size() + 1);

	switch (random.below(6)) {
	case 0:
		text.insert(at, 1, static_cast<char>(random.next()));
		break;
	case 1:
		text.erase(at, 1 + random.below(4));
		break;
	case 2:
		text.insert(at, random.one_of(words));
		break;
	case 3:
		text.insert(at, random.one_of(numbers));
		break;
	case 4:
		text.insert(at, text.substr(random.below(text.size() + 1)));
		break;
	case 5:
		if (at < text.size())
			text[at] ^= static_cast<char>(1 << random.below(8));
		break;
	}
}

std::string random_write(Random &random, std::string_view file)
{
	std::string text;

	if (random.below(4) == 0) {
		text.resize(random.below(64) ? random.below(80) : random.below(5000));
		for (char &c : text)
			c = static_cast<char>(random.next());
		return text;
	}
	text = good_request(random, file);
	for (size_t times = random.below(4); times; times--)
		damage(random, text);
	return text;
}

bool is_refusal(int error)
{
	for (const int known : {EINVAL, ERANGE, EEXIST, ENOENT, ENOSPC, ENOMEM, E2BIG, ENAMETOOLONG,
				EIO, EINTR, EOPNOTSUPP})
		if (error == known)
			return true;
	return false;
}

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

// From now on a signal every `ms`, which does nothing but end what waits.
void tick(long ms)
{
	struct sigaction action {};
	const timeval period{0, ms * 1000};
	const itimerval timer{period, period};

	action.sa_handler = [](int) {
	};
	sigaction(SIGALRM, &action, nullptr);
	setitimer(ITIMER_REAL, &timer, nullptr);
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
		const std::string text = random_write(random, target.name);
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
