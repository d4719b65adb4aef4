// SPDX-License-Identifier: GPL-2.0-only
//
//   storm SEED COUNT
//
// Four processes that do COUNT times each, at random, what a process can do to files: open, write, read, pread, pwrite,
// lseek, truncate, poll, mmap, ioctl and close, with good and bad addresses, on every file of the module and of four
// guests, which they create, load, run and remove meanwhile. A call may fail, and a request may be refused; what no
// request is refused for is strange. The same SEED makes each process do the same calls; when, is chance.
#include "requests.hpp"

#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace
{

constexpr int processes = 4;
constexpr size_t guests = 4;

constexpr const char *top_files[] = {"features", "create", "remove", "error_log", "guests"};
constexpr const char *guest_files[] = {"config", "map",	   "unmap",	 "protect", "fold",  "mem",
				       "maps",	 "tables", "tables.bin", "walk",    "regs",  "run",
				       "demand", "dirty",  "accessed",	 "verify",  "stats", "."};

struct File {
	std::string name; // the last part of its path
	int fd;
};

class Process {
    public:
	explicit Process(uint64_t seed) : random_{seed}
	{
		// A guest that was asked for by chance may run for ever.
		tick(7);
	}

	// Returns how many answers were strange.
	int storm(long count)
	{
		for (long i = 0; i < count; i++)
			call();
		return strange_;
	}

    private:
	std::string any_guest()
	{
		return "storm" + std::to_string(random_.below(guests));
	}

	void call()
	{
		if (files_.empty() || random_.below(6) == 0)
			return open_one();

		const size_t i = random_.below(files_.size());

		switch (random_.below(16)) {
		case 0:
			close(files_[i].fd);
			files_.erase(files_.begin() + static_cast<long>(i));
			return;
		case 1:
			return run_one();
		case 2:
			return make_one();
		case 3:
		case 4:
		case 5:
		case 6:
			return write_to(files_[i]);
		default:
			return misuse(files_[i].fd);
		}
	}

	void open_one()
	{
		constexpr int modes[] = {O_RDONLY, O_WRONLY, O_RDWR, O_RDWR};
		constexpr int flags[] = {0,	  0,	      0,       O_APPEND,
					 O_TRUNC, O_NONBLOCK, O_CREAT, O_DIRECTORY};
		const std::string name =
			random_.below(8) ? random_.one_of(guest_files) : random_.one_of(top_files);
		const bool top = random_.below(8) == 0;
		const std::string path = top ? name : "guests/" + any_guest() + "/" + name;
		const int fd =
			open(path.c_str(), modes[random_.below(4)] | flags[random_.below(8)], 0600);

		if (fd < 0)
			return;
		if (files_.size() < 32)
			return files_.push_back({name, fd});
		close(files_[0].fd);
		files_[0] = {name, fd};
	}

	// A request to a file of its own.
	bool say(const std::string &path, const std::string &text)
	{
		const int fd = open(path.c_str(), O_WRONLY);

		if (fd < 0)
			return false;

		const ssize_t done = write(fd, text.data(), text.size());

		judge(path, done);
		close(fd);
		return done >= 0;
	}

	void judge(const std::string &path, ssize_t done)
	{
		if (done >= 0 || is_refusal(errno) || errno == ENODEV || errno == EBUSY)
			return;
		if (strange_++ == 0)
			std::printf("    # %s answers %s\n", path.c_str(), std::strerror(errno));
	}

	void make_one()
	{
		const std::string name = any_guest();
		const std::string folder = "guests/" + name + "/";

		if (random_.below(4) == 0)
			say("remove", "name=" + name);
		if (!say("create", "name=" + name + " ram=1M vcpus=2 ipa_bits=36"))
			return;
		say(folder + "map", "ipa=0 size=64k prot=rwx");
		say(folder + "demand", "ipa=1M size=1M");
	}

	// A loop of one or two instructions; or of a store, which faults sooner or later.
	void run_one()
	{
		constexpr uint32_t programs[][3] = {
			{0x14000000, 0, 0}, // b .
			{0xd4000002, 0x17ffffff, 0}, // hvc; b .-4
			{0xf8008400, 0x17ffffff, 0}}; // str x0, [x0], #8
		const std::string folder = "guests/" + any_guest() + "/";
		const int mem = open((folder + "mem").c_str(), O_RDWR);
		const char vcpu = static_cast<char>('0' + random_.below(2));

		if (mem < 0)
			return;
		static_cast<void>(pwrite(mem, programs[random_.below(3)], 12, 0));
		close(mem);
		say(folder + "regs", std::string{"pc=0 x0=0x8000 vcpu="} + vcpu);
		say(folder + "run", std::string{"ms=3 vcpu="} + vcpu);
	}

	void write_to(const File &file)
	{
		const std::string text = random_request(random_, file.name);

		if (write(file.fd, text.data(), text.size()) < 0 && errno != EBADF)
			judge_any(file);
	}

	// What is no request may be refused for more reasons: it is a folder, say.
	void judge_any(const File &file)
	{
		if (errno != EISDIR && errno != EFBIG)
			judge(file.name, -1);
	}

	void *any_address()
	{
		void *addresses[] = {buffer_,
				     buffer_,
				     buffer_,
				     nullptr,
				     reinterpret_cast<void *>(-1),
				     buffer_ + buffer_bytes - 8};

		return addresses[random_.below(6)];
	}

	off_t any_offset()
	{
		switch (random_.below(4)) {
		case 0:
			return 0;
		case 1:
			return static_cast<off_t>(random_.below(1 << 20));
		case 2:
			return static_cast<off_t>(random_.next() >> random_.below(64));
		default:
			return static_cast<off_t>(random_.next());
		}
	}

	// Calls that may do anything but harm.
	void misuse(int fd)
	{
		const size_t bytes = random_.below(buffer_bytes / 2) >> random_.below(14);
		const off_t at = any_offset();
		pollfd waits{fd, static_cast<short>(random_.next()), 0};
		struct stat about;
		void *mapped;

		switch (random_.below(12)) {
		case 0:
		case 1:
		case 2:
			static_cast<void>(read(fd, any_address(), bytes));
			break;
		case 3:
		case 4:
			static_cast<void>(pread(fd, any_address(), bytes, at));
			break;
		case 5:
			static_cast<void>(pwrite(fd, any_address(), bytes, at));
			break;
		case 6:
			lseek(fd, at, static_cast<int>(random_.below(6)));
			break;
		case 7:
			static_cast<void>(ftruncate(fd, at));
			break;
		case 8:
			poll(&waits, 1, 0);
			break;
		case 9:
			mapped = mmap(nullptr, 4096, PROT_READ | PROT_WRITE,
				      random_.below(2) ? MAP_SHARED : MAP_PRIVATE, fd, at & ~4095);
			if (mapped != MAP_FAILED)
				munmap(mapped, 4096);
			break;
		case 10:
			ioctl(fd, static_cast<unsigned>(random_.next()), any_address());
			break;
		default:
			fstat(fd, &about);
			fsync(fd);
		}
	}

	static constexpr size_t buffer_bytes = 1 << 17;

	// Nothing of the program lies behind it, which a call would overwrite.
	static char *guarded()
	{
		void *all = mmap(nullptr, buffer_bytes + 65536, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		auto *buffer = static_cast<char *>(all);

		mprotect(buffer + buffer_bytes, 65536, PROT_NONE);
		return buffer;
	}

	Random random_;
	std::vector<File> files_;
	int strange_ = 0;
	char *buffer_ = guarded();
};

} // namespace

int main(int argc, char **argv)
{
	const long count = argc == 3 ? std::atol(argv[2]) : 0;
	int wrong = 0;

	if (count <= 0) {
		std::fputs("usage: storm SEED COUNT\n", stderr);
		return 2;
	}

	const uint64_t seed = std::strtoull(argv[1], nullptr, 0);

	std::printf("    # seed %s: %d processes, %ld calls each\n", argv[1], processes, count);
	std::fflush(stdout);
	for (int i = 0; i < processes; i++) {
		if (fork() != 0)
			continue;

		static Process process{seed * processes + static_cast<uint64_t>(i)};
		const int strange = process.storm(count);

		std::fflush(stdout);
		_exit(strange != 0);
	}
	for (int status; wait(&status) > 0;) {
		wrong += status != 0;
		if (WIFSIGNALED(status))
			std::printf("    # a process was ended by %s\n",
				    strsignal(WTERMSIG(status)));
	}
	std::fflush(stdout);
	return wrong;
}
