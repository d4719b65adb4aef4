// SPDX-License-Identifier: GPL-2.0-only
//
//   sweep GUEST [FILE]
//
// Runs vCPU 0 of that guest, the toy guest `sweep`, until it ends or yields, and steps over what traps to EL2. Prints
// what it could read, a line for each register, unless it has yielded. FILE says what traps: it is made if there is
// none, and else spares the guest all that.
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace
{

constexpr size_t registers = 1 << 15;
constexpr off_t ram = 0x8000'0000;

std::string folder;

int open_file(const char *name, int flags)
{
	const std::string path = folder + "/" + name;
	const int fd = open(path.c_str(), flags);

	if (fd < 0) {
		std::perror(path.c_str());
		std::exit(1);
	}
	return fd;
}

void request(int fd, const std::string &text)
{
	if (write(fd, text.data(), text.size()) >= 0)
		return;
	std::perror(text.c_str());
	std::exit(1);
}

std::string after(const char *text, const char *key)
{
	const char *line = std::strstr(text, key);

	if (!line)
		return "";
	line += std::strlen(key);
	line += std::strspn(line, " ");
	return {line, std::strcspn(line, "\n")};
}

bool is_trap(const std::string &reason)
{
	for (const char *trap : {"sysreg", "fp", "pauth", "debug", "undefined", "unknown"}) {
		if (reason == trap)
			return true;
	}
	return false;
}

// What the guest and this program tell each other (guests/sweep.cpp).
constexpr off_t values_at = 0x18'0000;
constexpr off_t states_at = 0x20'0000;
constexpr off_t skip_at = 0x21'0000;

template <class T> std::vector<T> memory(off_t offset)
{
	const int fd = open_file("mem", O_RDONLY);
	std::vector<T> all(registers);
	char *to = reinterpret_cast<char *>(all.data());

	for (size_t done = 0; done < registers * sizeof(T);) {
		const ssize_t got = pread(fd, to + done, registers * sizeof(T) - done,
					  ram + offset + static_cast<off_t>(done));

		if (got <= 0) {
			std::perror("mem");
			std::exit(1);
		}
		done += static_cast<size_t>(got);
	}
	close(fd);
	return all;
}

void print_all()
{
	const std::vector<uint64_t> values = memory<uint64_t>(values_at);
	const std::vector<uint8_t> states = memory<uint8_t>(states_at);

	for (unsigned e = 0; e < registers; e++) {
		if (!states[e])
			std::printf("S%u_%u_C%u_C%u_%u 0x%llx\n", 2 | e >> 14, e >> 11 & 7,
				    e >> 7 & 15, e >> 3 & 15, e & 7,
				    static_cast<unsigned long long>(values[e]));
	}
}

// The bytes of `from`, which are one for each register, go to `to`.
void copy(int from, off_t from_at, int to, off_t to_at)
{
	char bytes[4096];

	for (size_t done = 0; done < registers; done += sizeof(bytes)) {
		const off_t at = static_cast<off_t>(done);

		if (pread(from, bytes, sizeof(bytes), from_at + at) != sizeof(bytes) ||
		    pwrite(to, bytes, sizeof(bytes), to_at + at) != sizeof(bytes)) {
			std::perror("what traps");
			std::exit(1);
		}
	}
}

} // namespace

int main(int argc, char **argv)
{
	if (argc != 2 && argc != 3) {
		std::fprintf(stderr, "usage: sweep GUEST [FILE]\n");
		return 2;
	}
	folder = argv[1];

	const int run = open_file("run", O_RDWR);
	const int regs = open_file("regs", O_WRONLY);
	const int mem = open_file("mem", O_RDWR);
	struct stat is {};
	const bool known = argc == 3 && !stat(argv[2], &is);
	const int traps_file = argc == 3 ? open(argv[2], O_RDWR | O_CREAT, 0600) : -1;
	char text[8192];
	std::string reason;
	unsigned traps = 0;

	if (known)
		copy(traps_file, 0, mem, ram + skip_at);
	for (;;) {
		request(run, "vcpu=0");

		const ssize_t length = pread(run, text, sizeof(text) - 1, 0);

		text[length < 0 ? 0 : length] = '\0';
		reason = after(text, "\nreason");
		if (!is_trap(reason))
			break;
		traps++;

		char step[64];

		std::snprintf(step, sizeof(step), "pc=0x%llx x1=1",
			      std::strtoull(after(text, "\npc").c_str(), nullptr, 0) + 4);
		request(regs, step);
	}
	if (traps_file >= 0 && !known)
		copy(mem, ram + states_at, traps_file, 0);
	if (reason == "end")
		print_all();
	else if (reason != "yield")
		std::fprintf(stderr, "sweep: the guest left for another reason:\n%s", text);
	std::fprintf(stderr, "sweep: %u traps, then %s %s\n", traps, reason.c_str(),
		     after(text, "\ndetail").c_str());
	return reason != "end" && reason != "yield";
}
