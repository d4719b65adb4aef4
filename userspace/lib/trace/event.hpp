// SPDX-License-Identifier: GPL-2.0-only
//
// The module's trace events as people and programs read them: the records that the BPF program leaves
// (bpf/record.h), decoded.
#pragma once

#include "bpf/record.h"

#include "text/json.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace trace
{

// How an argument is to be read.
enum class Format {
	address,
	bytes,
	count,
	level,
	error, // 0 or -errno
	ns,
	prot,
	attr,
	tlbi_kind,
	fault_kind,
	access,
	outcome,
	reason,
};

struct Argument {
	const char *name;
	Format format;
};

struct EventKind {
	const char *name;
	const char *what; // what happened
	std::span<const Argument> arguments; // after the guest
};

// By EVENT_*.
std::span<const EventKind> kinds();
// EVENTS when there is none.
unsigned find_kind(std::string_view name);

// One that happened. What it refers to is the record's.
struct Event {
	uint64_t time_ns;
	unsigned cpu;
	unsigned kind;
	std::string_view guest;
	std::span<const uint64_t> arguments; // as many as the kind has
};

// False when these bytes are no record.
bool parse(std::span<const std::byte> record, Event &event);

// "   0.001234 0 demo             tlbi         kind=leaf ipa=0x80000000 size=4K operations=1", and the end
// of the line. The time is that since `start_ns`.
void append_line(std::string &out, const Event &event, uint64_t start_ns);

// An object, with the time in nanoseconds.
void write_object(json::Writer &json, const Event &event);

} // namespace trace
