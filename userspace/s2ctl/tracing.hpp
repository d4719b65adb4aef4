// SPDX-License-Identifier: GPL-2.0-only
//
// What trace, top and hist have in common: some of their arguments, and for how long they go on.
#pragma once

#include "command.hpp"
#include "tracer.hpp"

namespace s2ctl
{

inline constexpr Argument traced_guests_argument = {
	"guest", "GUEST", "only these guests; they need not exist yet (all)", Argument::Kind::guest,
	false,	 true};
inline constexpr Argument for_argument = {"--for", "SECONDS", "end after that time (10, 0.5)"};
inline constexpr Argument verbose_argument = {
	"--verbose",
	nullptr,
	"show how the events are attached, and libbpf's messages",
	Argument::Kind::flag,
	false,
	false,
	{},
	'v'};

// What these arguments ask for.
TracerOptions tracer_options(const Arguments &arguments);

// CLOCK_MONOTONIC, as events have it.
uint64_t now_ns();

// When --for is over; the seconds begin now.
class TimeLimit {
    public:
	explicit TimeLimit(const Arguments &arguments);

	bool is_set() const
	{
		return end_ns_ != ~uint64_t{0};
	}
	bool is_over(uint64_t ns = now_ns()) const
	{
		return ns >= end_ns_;
	}
	// How long may be waited: `ms` at most.
	int wait(int ms) const;

    private:
	uint64_t end_ns_ = ~uint64_t{0};
};

} // namespace s2ctl
