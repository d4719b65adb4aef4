// SPDX-License-Identifier: GPL-2.0-only
//
// A vCPU: its registers, and what its last run came to. A thread that writes to `run` takes it, runs
// it (run.cpp), and gives it back; whoever comes meanwhile gets EBUSY.
#pragma once

#include "exit.hpp"
#include "kernel/kernel.hpp"
#include "words/request.hpp"

#include "engine/el2/context.h"

namespace stage2
{

// What a guest printed. Beyond its size, text is only counted.
struct Output {
	char text[4096];
	size_t used;
	uint64_t lost;

	void add(const char *bytes, size_t count);
};

// Trivial, and all zero to begin with.
struct Vcpu {
	stage2_guest *guest;
	unsigned number;
	stage2_context *context; // of the thread that runs it, while one does
	kernel_runner *runner;

	// Since the guest was made; of the thread that runs it, and read by others (add, in kernel.hpp).
	uint64_t faults; // of its stage 2
	uint64_t demand_pages;
	uint64_t changes; // faults that were answered by a change of the guest's tables

	// Under the guest's lock.
	bool running;
	bool has_entry; // pc was written
	bool has_run;
	Exit exit; // of the last run
	Output output; // of the last run, or of this one
};

class Vcpus {
    public:
	static constexpr unsigned most = 8;

	Vcpus() = default;
	~Vcpus();
	Vcpus(const Vcpus &) = delete;
	Vcpus &operator=(const Vcpus &) = delete;

	// All or none: false without memory.
	bool create(stage2_guest &guest, unsigned count);

	unsigned count() const
	{
		return count_;
	}
	Vcpu &operator[](unsigned i) const
	{
		return vcpus_[i];
	}

	// A count of all of them.
	uint64_t sum(uint64_t Vcpu::*count) const
	{
		uint64_t all = 0;

		for (unsigned i = 0; i < count_; i++)
			all += __atomic_load_n(&(vcpus_[i].*count), __ATOMIC_RELAXED);
		return all;
	}

	// Under the guest's lock.
	unsigned running() const
	{
		return running_;
	}
	// Can a CPU have one of them in its registers, or something of the guest in its TLB? give_back() puts
	// it, unless the kernel has lost it.
	bool may_be_loaded() const
	{
		return running_ || lost_;
	}
	// The calling thread runs it from now on, `ms` milliseconds at most (0: no limit).
	void take(Vcpu &vcpu, unsigned long ms);
	// False: the kernel has lost its EL1 registers.
	bool give_back(Vcpu &vcpu);
	// Every thread that runs one leaves the guest and sees what was stored before.
	void kick();

	// Not under the lock: kicked, and with a reason to stop, they need it to finish.
	void wait_until_none_runs();
	void tell_whoever_waits();

    private:
	Array<Vcpu> vcpus_;
	unsigned count_ = 0;
	unsigned running_ = 0;
	bool lost_ = false; // one was, once
};

// Runs one until the guest leaves for good. Without the guest's lock. 0, or -error: nothing ran, but
// for EINTR and ENODEV.
int vcpu_run(stage2_guest &guest, const Request &request);

// Under the guest's lock.
int vcpu_set_registers(stage2_guest &guest, const Request &request);
void show_registers(stage2_guest *guest, seq_file *out, stage2_cursor *cursor);
void show_exits(stage2_guest *guest, seq_file *out, stage2_cursor *cursor);

} // namespace stage2
