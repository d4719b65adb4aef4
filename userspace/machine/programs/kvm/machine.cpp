// SPDX-License-Identifier: GPL-2.0-only
#include "machine.hpp"

#include "stage2/hvc.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <thread>

namespace kvm
{

namespace
{

std::runtime_error failure(const std::string &what)
{
	return std::runtime_error(what + ": " + std::strerror(errno));
}

int open_kvm()
{
	const int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		throw failure("/dev/kvm");
	return fd;
}

// A register of the core set: x0 is 0, and each is counted in words of 32 bits.
constexpr uint64_t core_register(unsigned index)
{
	return KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | (2 * index);
}

constexpr unsigned pc = 32; // x0..x30, sp, pc

uint64_t get(const Fd &vcpu, unsigned index)
{
	uint64_t value = 0;
	kvm_one_reg reg{core_register(index), reinterpret_cast<uint64_t>(&value)};

	vcpu.control(KVM_GET_ONE_REG, reinterpret_cast<unsigned long>(&reg), "KVM_GET_ONE_REG");
	return value;
}

void set(const Fd &vcpu, unsigned index, uint64_t value)
{
	kvm_one_reg reg{core_register(index), reinterpret_cast<uint64_t>(&value)};

	vcpu.control(KVM_SET_ONE_REG, reinterpret_cast<unsigned long>(&reg), "KVM_SET_ONE_REG");
}

} // namespace

Fd::~Fd()
{
	if (fd_ >= 0)
		close(fd_);
}

int Fd::control(unsigned long request, unsigned long argument, const char *what) const
{
	const int answer = ioctl(fd_, request, argument);

	if (answer < 0)
		throw failure(what);
	return answer;
}

Machine::Machine(uint64_t bytes, Pages pages)
    : kvm_{open_kvm()}, vm_{kvm_.control(KVM_CREATE_VM, 0, "KVM_CREATE_VM")}, bytes_{bytes}
{
	void *memory =
		mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		throw failure("memory for the guest");
	memory_ = static_cast<uint8_t *>(memory);
	if (pages != Pages::on_demand)
		madvise(memory, bytes, MADV_NOHUGEPAGE);
	if (pages == Pages::at_once)
		std::memset(memory, 0, bytes);

	kvm_userspace_memory_region region{.slot = 0,
					   .flags = 0,
					   .guest_phys_addr = ram,
					   .memory_size = bytes,
					   .userspace_addr = reinterpret_cast<uint64_t>(memory)};

	vm_.control(KVM_SET_USER_MEMORY_REGION, reinterpret_cast<unsigned long>(&region),
		    "KVM_SET_USER_MEMORY_REGION");
}

Machine::~Machine()
{
	for (const Vcpu &vcpu : vcpus_)
		munmap(vcpu.shared, vcpu.shared_bytes);
	munmap(memory_, bytes_);
}

void Machine::load(const elf::Image &image)
{
	for (const elf::Segment &segment : image.segments()) {
		if (segment.address < ram || segment.last() - ram >= bytes_)
			throw std::runtime_error("the image does not fit into the guest's RAM");
		std::memcpy(memory_ + (segment.address - ram), segment.contents.data(),
			    segment.contents.size());
	}
}

void Machine::add_vcpu(uint64_t entry, const std::vector<uint64_t> &arguments)
{
	const unsigned number = static_cast<unsigned>(vcpus_.size());
	const int bytes = kvm_.control(KVM_GET_VCPU_MMAP_SIZE, 0, "KVM_GET_VCPU_MMAP_SIZE");
	Fd fd{vm_.control(KVM_CREATE_VCPU, number, "KVM_CREATE_VCPU")};
	void *shared = mmap(nullptr, static_cast<size_t>(bytes), PROT_READ | PROT_WRITE, MAP_SHARED,
			    fd.number(), 0);

	if (shared == MAP_FAILED)
		throw failure("a vCPU's shared page");
	vcpus_.push_back(
		{std::move(fd), static_cast<kvm_run *>(shared), static_cast<size_t>(bytes)});

	const Fd &vcpu = vcpus_.back().fd;
	kvm_vcpu_init init{};

	vm_.control(KVM_ARM_PREFERRED_TARGET, reinterpret_cast<unsigned long>(&init),
		    "KVM_ARM_PREFERRED_TARGET");
	vcpu.control(KVM_ARM_VCPU_INIT, reinterpret_cast<unsigned long>(&init),
		     "KVM_ARM_VCPU_INIT");
	set(vcpu, pc, entry);
	set(vcpu, 0, number);
	for (unsigned i = 0; i < arguments.size(); i++)
		set(vcpu, i + 1, arguments[i]);
}

// False when not all of it is in RAM.
bool Machine::print(uint64_t ipa, uint64_t bytes) const
{
	if (ipa < ram || ipa - ram >= bytes_ || bytes_ - (ipa - ram) < bytes)
		return false;
	std::fwrite(memory_ + (ipa - ram), 1, bytes, stdout);
	std::fflush(stdout);
	return true;
}

// As <linux/kvm.h> calls those that arm64 has.
static std::string name_of(unsigned reason)
{
	constexpr struct {
		unsigned reason;
		const char *name;
	} names[] = {
		{KVM_EXIT_UNKNOWN, "KVM_EXIT_UNKNOWN"},
		{KVM_EXIT_DEBUG, "KVM_EXIT_DEBUG"},
		{KVM_EXIT_MMIO, "KVM_EXIT_MMIO"},
		{KVM_EXIT_SHUTDOWN, "KVM_EXIT_SHUTDOWN"},
		{KVM_EXIT_FAIL_ENTRY, "KVM_EXIT_FAIL_ENTRY"},
		{KVM_EXIT_INTR, "KVM_EXIT_INTR"},
		{KVM_EXIT_INTERNAL_ERROR, "KVM_EXIT_INTERNAL_ERROR"},
		{KVM_EXIT_SYSTEM_EVENT, "KVM_EXIT_SYSTEM_EVENT"},
		{KVM_EXIT_ARM_NISV, "KVM_EXIT_ARM_NISV"},
	};

	for (const auto &known : names) {
		if (known.reason == reason)
			return known.name;
	}
	return "exit " + std::to_string(reason);
}

// False when the vCPU has ended.
bool Machine::handle_exit(const Vcpu &vcpu, int &status)
{
	const kvm_run &exit = *vcpu.shared;

	if (exit.exit_reason != KVM_EXIT_MMIO || !exit.mmio.is_write ||
	    exit.mmio.phys_addr != way_out) {
		char text[80];

		std::snprintf(text, sizeof(text), "%s at pc 0x%llx, address 0x%llx",
			      name_of(exit.exit_reason).c_str(),
			      static_cast<unsigned long long>(get(vcpu.fd, pc)),
			      static_cast<unsigned long long>(exit.mmio.phys_addr));
		throw std::runtime_error(text);
	}

	const uint64_t x1 = get(vcpu.fd, 1);
	const uint64_t x2 = get(vcpu.fd, 2);

	switch (get(vcpu.fd, 0)) {
	case STAGE2_HVC_END:
		status = static_cast<int>(x1);
		return false;
	case STAGE2_HVC_PRINT:
		set(vcpu.fd, 0, print(x1, x2) ? x2 : static_cast<uint64_t>(STAGE2_HVC_FAULT));
		return true;
	case STAGE2_HVC_YIELD:
		set(vcpu.fd, 0, 0);
		return true;
	default:
		set(vcpu.fd, 0, static_cast<uint64_t>(STAGE2_HVC_UNKNOWN));
		return true;
	}
}

int Machine::run(const Vcpu &vcpu)
{
	int status = 0;

	try {
		do {
			while (ioctl(vcpu.fd.number(), KVM_RUN, 0) < 0) {
				if (errno != EINTR)
					throw failure("KVM_RUN");
			}
		} while (handle_exit(vcpu, status));
	} catch (const std::exception &e) {
		std::fprintf(stderr, "kvm: %s\n", e.what());
		std::exit(1);
	}
	return status;
}

int Machine::run()
{
	std::atomic<int> first{0};
	std::vector<std::thread> threads;

	for (const Vcpu &vcpu : vcpus_) {
		threads.emplace_back([&] {
			int zero = 0;

			first.compare_exchange_strong(zero, run(vcpu));
		});
	}
	for (std::thread &thread : threads)
		thread.join();
	return first;
}

} // namespace kvm
