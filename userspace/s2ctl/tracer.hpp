// SPDX-License-Identifier: GPL-2.0-only
//
// The BPF program (userspace/bpf) at work: attached to the module's trace events while a Tracer lives. The
// only part that knows libbpf.
#pragma once

#include "trace/counts.hpp"
#include "trace/event.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace s2ctl
{

struct TracerOptions {
	std::vector<unsigned> events = {}; // EVENT_*; none: all of them
	std::vector<std::string> guests = {}; // only their events; none: those of all
	bool recording = false; // consume() has something
	bool counting = false; // counts() has something
	uint64_t buffer = 64 * 1024; // bytes of the ring: a power of two, of whole pages
	bool verbose = false; // libbpf's own words go to standard error
};

class Tracer {
    public:
	// Is shown an event; false: no more of them now.
	using Visit = std::function<bool(const trace::Event &)>;

	struct Lost {
		uint64_t records; // found no room in the ring
		uint64_t counts; // were not counted, because there were too many guests
	};

	// Throws a Failure that says what is missing.
	explicit Tracer(const TracerOptions &options);
	~Tracer();

	// "tp_btf", or "raw_tp" where the module has no BTF.
	const char *way() const;

	// Waits for so many milliseconds, or until a signal comes or the ring fills up.
	void wait(int ms) const;
	// From now on nothing is recorded or counted any more.
	void stop();
	// Shows what is in the ring, in the order in which it happened.
	void consume(const Visit &visit);

	Lost lost() const;
	// By guest, since the beginning.
	std::map<std::string, trace::Counts> counts() const;

    private:
	struct Implementation;

	std::unique_ptr<Implementation> implementation_;
};

} // namespace s2ctl
