// SPDX-License-Identifier: GPL-2.0-only
#include "module_json.hpp"

#include "text/text.hpp"

#include <algorithm>

namespace s2ctl
{

namespace
{

// How a value is put: its pattern, whose {name} become members. A member is a number where it can be, "yes" and
// "no" are truth values; {name:size} is a number of bytes, {name:sizes} are several, {name:text} is never a number.
// {_} is told elsewhere. A pattern that ends with * takes any rest. The first whose key and pattern fit says it all.
struct Form {
	const char *key;
	const char *pattern;
	const char *also = nullptr; // a truth value beside them
	bool is = false;
};

constexpr Form forms[] = {
	{"name", "{name:text}"},
	// features
	{"engine", "{engine} (*"},
	{"kernel", "at EL{kernel_el} (VHE), {page_bytes:size} pages"},
	{"kernel", "at EL{kernel_el}, {page_bytes:size} pages"},
	{"ipa_bits", "{ipa_bits_min}..{ipa_bits_max}"},
	{"granules", "{granules:sizes}"},
	{"bbm", "level {bbm}"},
	{"branch_history", "{branch_history} of {branch_history_rounds}"},
	// config
	{"granule", "{granule:size}"},
	{"ram", "{ram:size}"},
	{"start", "level {start_level}, {root_tables} *"},
	{"accessed", "{accessed}, reported", "accesses_reported", true},
	{"accessed", "{accessed}", "accesses_reported", false},
	{"dirty", "{dirty}, {dirty_regions} regions"},
	{"demand", "{demand_regions} regions"},
	// regs, run
	{"running", "", "running", true},
	{"esr", "{esr} (*"},
	{"truncated", "{truncated_bytes} bytes"},
	{"detail", "status {status}"},
	{"detail", "SMC #{immediate}, function {function}"},
	{"detail", "BRK #{immediate}"},
	{"detail", "{access} of {_} at level {level}, {bytes} bytes, {register}: {note:text}"},
	{"detail", "{access} of {_} at level {level}, {bytes} byte, {register}: {note:text}"},
	{"detail", "{access} of {_} at level {level}: {note:text}"},
	{"detail", "{access} of {_} at level {level}, {bytes} bytes, {register}"},
	{"detail", "{access} of {_} at level {level}, {bytes} byte, {register}"},
	{"detail", "{access} of {_} at level {level}"},
	{"detail", "read of {sysreg} into {register}"},
	{"detail", "write of {sysreg} from {register}"},
	{"detail", "{instruction} with {register}"},
	{"detail", "{access}, {bytes} bytes, {register}"},
	{"detail", "{access}, {bytes} byte, {register}"},
	{"detail", "{access}: {note:text}"},
	{"detail", "{access}"},
	// verify
	{"verify", "checked {leaves} leaves, {holes} holes: no difference", "same", true},
	{"verify", "{ipa} {access}: the MMU and translate() differ*", "same", false},
};

// What the module says in more words than one.
constexpr struct {
	const char *said;
	const char *word;
} words[] = {
	{"the kernel's", "kernel"},
	{"ours now", "stage2"},
	{"KVM's now", "kvm"},
	{"not ours", "none"},
	{"by faults", "faults"},
	{"by hardware", "hardware"},
	{"by CLRBHB", "clrbhb"},
	{"by firmware", "firmware"},
	{"not affected", "not-affected"},
	{"not mitigated", "none"},
	{"switched off", "off"},
	{"stage 1 walk", "stage1-walk"},
	{"cache maintenance", "cache-maintenance"},
};

struct Capture {
	std::string name;
	std::string kind;
	std::string value;
};

bool fits(std::string_view pattern, std::string_view value, std::vector<Capture> &captures)
{
	captures.clear();
	while (!pattern.empty()) {
		if (pattern == "*")
			return true;
		if (pattern[0] != '{') {
			if (value.empty() || value[0] != pattern[0])
				return false;
			pattern.remove_prefix(1);
			value.remove_prefix(1);
			continue;
		}

		const size_t close = pattern.find('}');
		const std::string_view name = pattern.substr(1, close - 1);
		const size_t colon = std::min(name.find(':'), name.size());

		pattern.remove_prefix(close + 1);

		const std::string_view next =
			pattern.substr(0, std::min(pattern.find_first_of("{*"), pattern.size()));
		const size_t end = next.empty() ? value.size() : value.find(next);

		if (end == std::string_view::npos || end == 0)
			return false;
		captures.push_back({std::string{name.substr(0, colon)},
				    std::string{name.substr(std::min(colon + 1, name.size()))},
				    std::string{value.substr(0, end)}});
		value.remove_prefix(end);
	}
	return value.empty();
}

uint64_t bytes_of(std::string_view size)
{
	return text::parse_number(size).value;
}

void write(json::Writer &json, const Capture &c)
{
	const std::string &value = c.value;
	const bool negative = value.starts_with('-');
	const std::string_view digits = std::string_view{value}.substr(negative);

	if (c.kind == "size") {
		json.member(c.name, bytes_of(value));
	} else if (c.kind == "sizes") {
		json.begin_array(c.name);
		for (size_t at = 0; at < value.size();) {
			const size_t end = std::min(value.find(' ', at), value.size());

			if (end > at)
				json.value(bytes_of(std::string_view{value}.substr(at, end - at)));
			at = end + 1;
		}
		json.end();
	} else if (c.kind != "text" && !digits.empty() && digits.size() <= 15 &&
		   digits.find_first_not_of("0123456789") == std::string_view::npos) {
		json.member(c.name, static_cast<int64_t>(std::stoll(value)));
	} else if (c.kind != "text" && (value == "yes" || value == "no")) {
		json.member(c.name, value == "yes");
	} else {
		const auto *word =
			std::ranges::find(words, std::string_view{value},
					  [](const auto &w) { return std::string_view{w.said}; });

		json.member(c.name, word == std::end(words) ? value : std::string{word->word});
	}
}

} // namespace

void write_member(json::Writer &json, const std::string &key, const std::string &value)
{
	std::vector<Capture> captures;

	for (const Form &form : forms) {
		if (key != form.key || !fits(form.pattern, value, captures))
			continue;
		for (const Capture &capture : captures) {
			if (capture.name != "_")
				write(json, capture);
		}
		if (form.also)
			json.member(form.also, form.is);
		return;
	}
	write(json, {key, "", value});
}

void write_members(json::Writer &json, const KeyValues &values)
{
	for (const auto &[key, value] : values)
		write_member(json, key, value);
}

} // namespace s2ctl
