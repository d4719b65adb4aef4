// SPDX-License-Identifier: GPL-2.0-only
//
// What fuzz and storm write: random bytes, and good requests that were damaged; and how a request may be answered.
#pragma once

#include "tests/random.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>
#include <sys/time.h>

inline constexpr const char *words[] = {
	" ipa=0x200000", " size=4k", " prot=rx",  " attr=device", " max=4k", " name=fuzz",
	" ipa_bits=36",	 " ram=64k", " tables=4", " vcpus=2",	  " vcpu=1", " pc=0x200000",
	" pstate=0",	 " exits=3", " ms=1",	  " off",	  "=",	     " "};
inline constexpr const char *numbers[] = {"0",
					  "-1",
					  "4095",
					  "0x",
					  "1T",
					  "0xffffffffff",
					  "18446744073709551615",
					  "18446744073709551616"};

inline std::string good_request(Random &random, std::string_view file)
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

inline void damage(Random &random, std::string &text)
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

// For the file of that name.
inline std::string random_request(Random &random, std::string_view file)
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

// A reason that requests are refused for.
inline bool is_refusal(int error)
{
	for (const int known : {EINVAL, ERANGE, EEXIST, ENOENT, ENOSPC, ENOMEM, E2BIG, ENAMETOOLONG,
				EIO, EINTR, EOPNOTSUPP})
		if (error == known)
			return true;
	return false;
}

// From now on a signal every `ms`, which does nothing but end what waits.
inline void tick(long ms)
{
	struct sigaction action {};
	const timeval period{0, ms * 1000};
	const itimerval timer{period, period};

	action.sa_handler = [](int) {
	};
	sigaction(SIGALRM, &action, nullptr);
	setitimer(ITIMER_REAL, &timer, nullptr);
}
