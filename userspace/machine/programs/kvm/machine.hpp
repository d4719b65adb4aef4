// SPDX-License-Identifier: GPL-2.0-only
//
// A KVM guest, by the kernel's own interface: RAM, vCPUs, an image. It knows the same calls as
// stage2's guests do (stage2/hvc.h); they arrive as stores to `way_out`.
#pragma once

#include "elf/elf.hpp"

#include <linux/kvm.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace kvm
{

inline constexpr uint64_t ram = 0x8000'0000;
inline constexpr uint64_t way_out = 0x0900'0000;

// An open file that closes itself.
class Fd {
    public:
	explicit Fd(int fd) : fd_{fd}
	{
	}
	~Fd();
	Fd(Fd &&other) noexcept : fd_{other.fd_}
	{
		other.fd_ = -1;
	}
	Fd(const Fd &) = delete;
	Fd &operator=(const Fd &) = delete;

	// An ioctl that must succeed; throws std::runtime_error with `what` and the errno.
	int control(unsigned long request, unsigned long argument, const char *what) const;
	int number() const
	{
		return fd_;
	}

    private:
	int fd_;
};

// How its RAM is got: by and by as it is touched, in pages of 4K, or all before it runs.
enum class Pages { on_demand, small_on_demand, at_once };

class Machine {
    public:
	Machine(uint64_t bytes, Pages pages);
	~Machine();
	Machine(const Machine &) = delete;
	Machine &operator=(const Machine &) = delete;

	void load(const elf::Image &image);
	// x0 is the number of the vCPU, x1 and on are `arguments`.
	void add_vcpu(uint64_t entry, const std::vector<uint64_t> &arguments);
	// Runs all vCPUs until each has ended, and prints what they print. The first status that is
	// not 0, or 0.
	int run();

    private:
	struct Vcpu {
		Fd fd;
		kvm_run *shared; // mapped
		size_t shared_bytes;
	};

	int run(const Vcpu &vcpu);
	bool handle_exit(const Vcpu &vcpu, int &status);
	bool print(uint64_t ipa, uint64_t bytes) const;

	Fd kvm_;
	Fd vm_;
	uint8_t *memory_;
	uint64_t bytes_;
	std::vector<Vcpu> vcpus_;
};

} // namespace kvm
