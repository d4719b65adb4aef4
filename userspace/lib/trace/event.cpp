// SPDX-License-Identifier: GPL-2.0-only
#include "event.hpp"

#include "text/text.hpp"

#include <array>
#include <cstring>

namespace trace
{

namespace
{

#define ARGUMENT(name, format) Argument{#name, Format::format},
#define EVENT(name, list, what)                                                                    \
	constexpr auto arguments_of_##name = std::to_array<Argument>({list});
#include "bpf/events.def"
#undef EVENT
#undef ARGUMENT

#define ARGUMENT(name, format)
#define EVENT(name, list, what) {#name, what, arguments_of_##name},
constexpr EventKind all_kinds[] = {
#include "bpf/events.def"
};
#undef EVENT
#undef ARGUMENT

// Where the BPF program looks for what it counts.
static_assert(std::string_view{arguments_of_tlbi[3].name} == "operations");
static_assert(std::string_view{arguments_of_fault[6].name} == "ns");
static_assert(std::string_view{arguments_of_exit[4].name} == "ns");

#define TEXT(name, value, text) text,
constexpr const char *prots[] = {STAGE2_PROTS(TEXT, TEXT)};
constexpr const char *attrs[] = {STAGE2_ATTRS(TEXT, TEXT)};
constexpr const char *tlbi_kinds[] = {STAGE2_TLBI_KINDS(TEXT, TEXT)};
constexpr const char *fault_kinds[] = {STAGE2_FAULT_KINDS(TEXT, TEXT)};
constexpr const char *accesses[] = {STAGE2_ACCESSES(TEXT, TEXT)};
constexpr const char *outcomes[] = {STAGE2_FAULT_OUTCOMES(TEXT, TEXT)};
constexpr const char *reasons[] = {STAGE2_EXIT_REASONS(TEXT, TEXT)};
#undef TEXT

// The names of a format's values; none for numbers.
std::span<const char *const> names_of(Format format)
{
	switch (format) {
	case Format::prot:
		return prots;
	case Format::attr:
		return attrs;
	case Format::tlbi_kind:
		return tlbi_kinds;
	case Format::fault_kind:
		return fault_kinds;
	case Format::access:
		return accesses;
	case Format::outcome:
		return outcomes;
	case Format::reason:
		return reasons;
	default:
		return {};
	}
}

// What is an int there.
int as_int(uint64_t value)
{
	return static_cast<int>(static_cast<uint32_t>(value));
}

void append_int(std::string &out, int value)
{
	if (value < 0)
		out += '-';
	text::append_number(out, value < 0 ? -static_cast<uint64_t>(value)
					   : static_cast<uint64_t>(value));
}

// "EEXIST" of -EEXIST.
void append_error(std::string &out, int error)
{
	const bool known = error < 0 && error > -4096;
	const char *name = known ? strerrorname_np(-error) : nullptr;

	if (name)
		out += name;
	else
		append_int(out, error);
}

// Of what is named. A newer module may have values that are not known here.
void append_name(std::string &out, Format format, uint64_t value)
{
	const auto names = names_of(format);

	if (value < names.size())
		out += names[value];
	else
		text::append_number(out, value);
}

// Half a million times a second, perhaps: into `out`, without a text in between.
void append_value(std::string &out, Format format, uint64_t value)
{
	switch (format) {
	case Format::address:
		text::append_hex(out += "0x", value);
		break;
	case Format::bytes:
		if (value % 1024)
			text::append_number(out, value);
		else
			out += text::exact_size(value);
		break;
	case Format::count:
		text::append_number(out, value);
		break;
	case Format::level:
		append_int(out, as_int(value));
		break;
	case Format::error:
		append_error(out, as_int(value));
		break;
	case Format::ns:
		out += text::duration(value);
		break;
	default:
		append_name(out, format, value);
	}
}

void write_argument(json::Writer &json, const Argument &a, uint64_t value)
{
	switch (a.format) {
	case Format::address:
		json.member(a.name, text::hex(value));
		break;
	case Format::bytes:
	case Format::count:
	case Format::ns:
		json.member(a.name, value);
		break;
	case Format::level:
	case Format::error:
		json.member(a.name, as_int(value));
		break;
	default: {
		std::string name;

		append_name(name, a.format, value);
		json.member(a.name, name);
	}
	}
}

void pad(std::string &out, size_t width, std::string_view text)
{
	out += text;
	out.append(text.size() < width ? width - text.size() : 1, ' ');
}

} // namespace

std::span<const EventKind> kinds()
{
	return all_kinds;
}

unsigned find_kind(std::string_view name)
{
	unsigned i = 0;

	while (i < EVENTS && name != all_kinds[i].name)
		i++;
	return i;
}

bool parse(std::span<const std::byte> bytes, Event &event)
{
	const auto *r = reinterpret_cast<const record *>(bytes.data());

	if (bytes.size() < sizeof(*r) || r->event >= EVENTS)
		return false;

	const size_t arguments = all_kinds[r->event].arguments.size();

	if (bytes.size() < sizeof(*r) + arguments * sizeof(uint64_t))
		return false;
	event = {r->time,
		 r->cpu,
		 r->event,
		 {r->guest, strnlen(r->guest, sizeof(r->guest))},
		 {reinterpret_cast<const uint64_t *>(r->argument), arguments}};
	return true;
}

void append_line(std::string &out, const Event &event, uint64_t start_ns)
{
	const EventKind &kind = all_kinds[event.kind];
	const uint64_t us = (event.time_ns - start_ns) / 1000;
	uint64_t digit = 100000;

	text::append_number(out, us / 1000000);
	out += '.';
	for (; digit; digit /= 10)
		out += static_cast<char>('0' + us / digit % 10);
	out += ' ';
	text::append_number(out, event.cpu);
	out += ' ';
	pad(out, 12, event.guest);
	pad(out, 12, kind.name);
	for (size_t i = 0; i < kind.arguments.size(); i++) {
		if (i)
			out += ' ';
		(out += kind.arguments[i].name) += '=';
		append_value(out, kind.arguments[i].format, event.arguments[i]);
	}
	out += '\n';
}

void write_object(json::Writer &json, const Event &event)
{
	const EventKind &kind = all_kinds[event.kind];

	json.begin_object();
	json.member("event", kind.name);
	json.member("time_ns", event.time_ns);
	json.member("cpu", event.cpu);
	json.member("guest", event.guest);
	for (size_t i = 0; i < kind.arguments.size(); i++)
		write_argument(json, kind.arguments[i], event.arguments[i]);
	json.end();
}

} // namespace trace
