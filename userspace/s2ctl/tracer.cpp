// SPDX-License-Identifier: GPL-2.0-only
#include "tracer.hpp"

#include "exit.hpp"
#include "machine.hpp"

#include "stage2.skel.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <linux/membarrier.h>
#include <numeric>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace s2ctl
{

namespace
{

bool verbose;

// Its debug messages are for who changes the program.
int print(libbpf_print_level level, const char *format, va_list arguments)
{
	return verbose && level != LIBBPF_DEBUG ? std::vfprintf(stderr, format, arguments) : 0;
}

// The ways to attach a program.
enum class Way { tp_btf, raw_tp };

[[noreturn]] void fail_to_load(int error)
{
	const std::string locked = lockdown();

	if (locked == "confidentiality")
		throw Failure{
			Exit::unreachable,
			"the kernel is locked down (confidentiality), which forbids BPF to read "
			"its memory: boot it with lockdown=none"};
	if (error == EPERM)
		throw Failure{Exit::unreachable,
			      "only root may trace (or who has CAP_BPF and CAP_PERFMON): try sudo"};
	if (error == ENOSYS)
		throw Failure{Exit::unreachable,
			      "this kernel has no BPF: it takes CONFIG_BPF_SYSCALL=y"};
	throw Failure{Exit::unreachable, std::string{"the kernel does not take the BPF program: "} +
						 std::strerror(error) + " (-v has its words)"};
}

[[noreturn]] void fail_to_attach(const std::string &event, int error)
{
	if (error == ENOENT)
		throw Failure{Exit::unreachable, "the module has no trace event " + event +
							 ": it is older than this program, or its "
							 "kernel has no tracepoints"};
	throw Failure{Exit::unreachable, event + ": " + std::strerror(error)};
}

// All programs that were under way when the events were detached have left their records now.
void wait_for_programs()
{
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

} // namespace

struct Tracer::Implementation {
	stage2_bpf *bpf = nullptr;
	ring_buffer *ring = nullptr;
	std::vector<bpf_link *> links;
	Way way = Way::raw_tp;
	const Visit *visit = nullptr; // while it consumes
	std::exception_ptr thrown; // by visit

	Implementation() = default;
	Implementation(const Implementation &) = delete;
	~Implementation()
	{
		detach();
		ring_buffer__free(ring);
		stage2_bpf__destroy(bpf);
	}

	int load(const TracerOptions &options, Way wanted);
	int want(const std::vector<std::string> &guests);
	void attach();
	void detach();
	int each(const void *record, size_t bytes);
};

// Returns 0 or an errno.
int Tracer::Implementation::load(const TracerOptions &options, Way wanted)
{
	const auto is_wanted = [&](unsigned event) {
		return options.events.empty() || std::ranges::count(options.events, event);
	};

	stage2_bpf__destroy(bpf);
	bpf = stage2_bpf__open();
	if (!bpf)
		return errno;
	way = wanted;
	bpf->rodata->recording = options.recording;
	bpf->rodata->counting = options.counting;
	bpf->rodata->filtering = !options.guests.empty();
	bpf_map__set_max_entries(bpf->maps.wanted,
				 static_cast<uint32_t>(std::max<size_t>(options.guests.size(), 1)));
	bpf_map__set_max_entries(bpf->maps.ring, static_cast<uint32_t>(options.buffer));
	for (unsigned i = 0; i < EVENTS; i++) {
		const std::string event = trace::kinds()[i].name;
		bpf_program *program =
			bpf_object__find_program_by_name(bpf->obj, ("on_" + event).c_str());

		bpf_program__set_autoload(program, is_wanted(i));
		if (way == Way::raw_tp || !is_wanted(i))
			continue;
		bpf_program__set_type(program, BPF_PROG_TYPE_TRACING);
		bpf_program__set_expected_attach_type(program, BPF_TRACE_RAW_TP);

		const int error =
			bpf_program__set_attach_target(program, 0, ("stage2_" + event).c_str());

		if (error)
			return -error;
	}

	const int error = stage2_bpf__load(bpf);

	return error ? -error : want(options.guests);
}

// Returns 0 or an errno.
int Tracer::Implementation::want(const std::vector<std::string> &guests)
{
	for (const std::string &guest : guests) {
		// One that is too long is nobody's name: it fills its key, where others have a NUL.
		char name[STAGE2_GUEST_NAME_BYTES] = {};
		const uint8_t yes = 1;

		guest.copy(name, sizeof(name));
		if (bpf_map__update_elem(bpf->maps.wanted, name, sizeof(name), &yes, sizeof(yes),
					 BPF_ANY))
			return errno;
	}
	return 0;
}

void Tracer::Implementation::attach()
{
	bpf_program *program;

	bpf_object__for_each_program(program, bpf->obj)
	{
		const std::string event =
			std::string{"stage2_"} + (bpf_program__name(program) + std::strlen("on_"));

		if (!bpf_program__autoload(program))
			continue;

		bpf_link *link =
			way == Way::tp_btf
				? bpf_program__attach_trace(program)
				: bpf_program__attach_raw_tracepoint(program, event.c_str());

		if (!link)
			fail_to_attach(event, errno);
		links.push_back(link);
	}
}

void Tracer::Implementation::detach()
{
	for (bpf_link *link : links)
		bpf_link__destroy(link);
	links.clear();
}

// Nothing may be thrown through libbpf.
int Tracer::Implementation::each(const void *bytes, size_t size)
{
	trace::Event event;

	try {
		if (!trace::parse({static_cast<const std::byte *>(bytes), size}, event) ||
		    (*visit)(event))
			return 0;
	} catch (...) {
		thrown = std::current_exception();
	}
	return -ECANCELED;
}

Tracer::Tracer(const TracerOptions &options) : implementation_{new Implementation}
{
	Implementation &i = *implementation_;
	int error = EINVAL;

	verbose = options.verbose;
	libbpf_set_print(print);
	if (!module_is_loaded())
		throw Failure{Exit::unreachable, how_to_load_the_module()};
	if (exists("/sys/kernel/btf/stage2"))
		error = i.load(options, Way::tp_btf);
	if (error)
		error = i.load(options, Way::raw_tp);
	if (error)
		fail_to_load(error);
	i.ring = ring_buffer__new(
		bpf_map__fd(i.bpf->maps.ring),
		[](void *self, void *bytes, size_t size) {
			return static_cast<Implementation *>(self)->each(bytes, size);
		},
		&i, nullptr);
	if (!i.ring)
		throw Failure{Exit::unreachable, std::string{"the ring: "} + std::strerror(errno)};
	i.attach();
	if (verbose)
		std::fprintf(stderr, "s2ctl: %zu trace events, by %s\n", i.links.size(), way());
}

Tracer::~Tracer() = default;

const char *Tracer::way() const
{
	return implementation_->way == Way::tp_btf ? "tp_btf" : "raw_tp";
}

void Tracer::wait(int ms) const
{
	pollfd ready = {ring_buffer__epoll_fd(implementation_->ring), POLLIN, 0};

	poll(&ready, 1, ms);
}

void Tracer::stop()
{
	implementation_->detach();
	wait_for_programs();
}

void Tracer::consume(const Visit &visit)
{
	Implementation &i = *implementation_;

	i.visit = &visit;
	ring_buffer__consume(i.ring);
	if (i.thrown)
		std::rethrow_exception(std::exchange(i.thrown, nullptr));
}

Tracer::Lost Tracer::lost() const
{
	std::vector<uint64_t> values(static_cast<size_t>(libbpf_num_possible_cpus()));
	uint64_t sums[LOST_KINDS] = {};

	for (uint32_t kind = 0; kind < LOST_KINDS; kind++) {
		bpf_map__lookup_elem(implementation_->bpf->maps.lost, &kind, sizeof(kind),
				     values.data(), values.size() * sizeof(values[0]), 0);
		sums[kind] = std::accumulate(values.begin(), values.end(), uint64_t{0});
	}
	return {sums[LOST_RECORDS], sums[LOST_COUNTS]};
}

std::map<std::string, trace::Counts> Tracer::counts() const
{
	const bpf_map *map = implementation_->bpf->maps.guests;
	std::vector<cpu_counts> of_cpu(static_cast<size_t>(libbpf_num_possible_cpus()));
	std::map<std::string, trace::Counts> all;
	char guest[STAGE2_GUEST_NAME_BYTES];
	const void *before = nullptr;

	for (; bpf_map__get_next_key(map, before, guest, sizeof(guest)) == 0; before = guest) {
		if (bpf_map__lookup_elem(map, guest, sizeof(guest), of_cpu.data(),
					 of_cpu.size() * sizeof(of_cpu[0]), 0))
			continue;

		trace::Counts &sum = all[{guest, strnlen(guest, sizeof(guest))}];

		for (const cpu_counts &c : of_cpu)
			sum += c;
	}
	return all;
}

} // namespace s2ctl
