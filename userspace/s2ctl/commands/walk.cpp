// SPDX-License-Identifier: GPL-2.0-only
//
// walk: one translation, each step explained: which bits of the address chose the descriptor, and what
// each of its fields says.
#include "commands.hpp"

#include "s2ctl/access.hpp"
#include "s2ctl/exit.hpp"
#include "s2ctl/fields.hpp"
#include "s2ctl/source.hpp"

#include "decode/summary.hpp"
#include "text/text.hpp"

#include <cstdio>

namespace s2ctl
{

namespace
{

using text::hex;
using Asked = std::optional<translate::Access>;

// A translation, wherever it came from.
struct Walk {
	formats::Shape shape;
	uint64_t vtcr;
	uint64_t ipa;
	std::vector<dump::Step> steps;
};

// The bits of the address that are the index at `level`.
struct IndexBits {
	unsigned high, low;
};

IndexBits index_bits(const formats::Shape &shape, int level)
{
	const unsigned low = formats::shift_of(shape.format, level);

	if (level == shape.geometry.start)
		return {shape.geometry.input_bits - 1, low};
	return {low + shape.format.page_shift - 4, low};
}

std::string range(IndexBits bits)
{
	return "IPA[" + std::to_string(bits.high) + ':' + std::to_string(bits.low) + ']';
}

const decode::Questions &ask(const Walk &walk)
{
	return decode::questions_of(walk.shape.format);
}

bool is_leaf(const Walk &walk)
{
	const decode::Type type =
		ask(walk).type(walk.steps.back().descriptor, walk.steps.back().level);

	return type == decode::Type::block || type == decode::Type::page;
}

uint64_t offset(const Walk &walk)
{
	return walk.ipa &
	       vmsa::low_bits(formats::shift_of(walk.shape.format, walk.steps.back().level));
}

uint64_t output(const Walk &walk)
{
	return ask(walk).output(walk.steps.back().descriptor, walk.steps.back().level) |
	       offset(walk);
}

// What the module says: the steps from its `walk`, where tables lie from the descriptors above. The
// address is the guest's, not the reader's: when somebody else asks at the same time, again.
Walk walk_guest(const Debugfs &debugfs, const std::string &guest, const formats::Shape &shape,
		uint64_t vtcr, uint64_t root, uint64_t ipa)
{
	const std::string file = Debugfs::guest_file(guest, "walk");

	for (int tries = 0; tries < 100; tries++) {
		Walk walk{shape, vtcr, ipa, {}};
		uint64_t table = root;

		debugfs.write(file, hex(ipa));

		const std::string text = debugfs.read(file);

		if (text.find(hex(ipa) + " -> ") == std::string::npos)
			continue;
		for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
			unsigned long long descriptor;
			size_t index;
			int level;

			if (std::sscanf(text.c_str() + at, "level %d [0x%zx] 0x%llx", &level,
					&index, &descriptor) != 3)
				break;

			const uint64_t size = vmsa::bit(formats::shift_of(shape.format, level));

			walk.steps.push_back({level, index, ipa & ~(size - 1), table, descriptor});
			table = ask(walk).output(descriptor, level);
		}
		if (!walk.steps.empty())
			return walk;
	}
	throw Failure{Exit::incomplete, file + ": others walk this guest without a pause"};
}

void append_step(Output &out, const Walk &walk, const dump::Step &step)
{
	const auto decoded = decode::descriptor(walk.shape.format, step.level, step.descriptor);
	std::string &text = out.text;

	((text += out.bold()) += "level ") += std::to_string(step.level);
	(text += out.plain()) += "  index " + hex(step.index, 3) + " = " +
				 range(index_bits(walk.shape, step.level)) + ", of the table at " +
				 hex(step.table) + '\n';
	text += "  " + hex(step.descriptor, 16) + "  " + decoded.summary + '\n';
	append_fields(out, decoded, 4);
}

// What became of the access: nullopt, it passes.
std::optional<translate::Fault> refusal(const Walk &walk, const translate::Access &access)
{
	const dump::Step &last = walk.steps.back();

	if (!is_leaf(walk))
		return translate::Fault{translate::Fault::Type::translation, 2, last.level};
	return translate::check_stage2(walk.vtcr, last.level, last.descriptor, access);
}

void append_access(Output &out, const Walk &walk, const Asked &asked)
{
	if (asked)
		append_verdict(
			out, *asked, refusal(walk, *asked),
			translate::stage2_update(walk.vtcr, walk.steps.back().descriptor, *asked));
}

void append_text(Output &out, const Walk &walk, const Asked &asked)
{
	const dump::Step &last = walk.steps.back();

	for (const dump::Step &step : walk.steps)
		append_step(out, walk, step);
	if (!is_leaf(walk)) {
		((out.text += out.red()) += hex(walk.ipa) + " -> translation fault, level " +
					    std::to_string(last.level)) += out.plain();
		out.text += '\n';
		append_access(out, walk, asked);
		return;
	}
	out.text += "offset   " + hex(offset(walk)) + " = " +
		    range({formats::shift_of(walk.shape.format, last.level) - 1, 0}) + '\n';
	((out.text += out.bold()) += hex(walk.ipa) + " -> " + hex(output(walk))) += out.plain();
	out.text += '\n';
	append_access(out, walk, asked);
}

void write_json(json::Writer &json, const Walk &walk, const Asked &asked)
{
	decode::Summaries summaries{walk.shape.format};

	json.begin_object();
	json.member("ipa", hex(walk.ipa));
	json.begin_array("steps");
	for (const dump::Step &step : walk.steps) {
		const auto decoded =
			decode::descriptor(walk.shape.format, step.level, step.descriptor);
		const IndexBits bits = index_bits(walk.shape, step.level);

		json.begin_object();
		json.member("level", step.level);
		json.member("index", step.index);
		json.begin_array("index_bits");
		json.value(bits.high);
		json.value(bits.low);
		json.end();
		json.member("table", hex(step.table));
		json.member("descriptor", hex(step.descriptor, 16));
		summaries.write(json, step.level, step.descriptor);
		write_fields(json, decoded);
		json.end();
	}
	json.end();
	if (is_leaf(walk)) {
		json.member("offset", hex(offset(walk)));
		json.member("output", hex(output(walk)));
	} else {
		json.member("fault", "translation");
		json.member("level", walk.steps.back().level);
	}
	if (asked)
		write_verdict(json, *asked, refusal(walk, *asked));
	json.end();
}

// Walks one address after the other; `walk` is asked for each.
void show(const Invocation &in, const formats::Shape &shape, const std::vector<std::string> &ipas,
	  const std::function<Walk(uint64_t)> &walk)
{
	const Asked asked = access_of(in.arguments);
	json::Writer json{in.out.text};

	if (in.json)
		json.begin_array();
	for (const std::string &text : ipas) {
		const uint64_t ipa = parse_number("IPA", text);

		if (ipa > shape.geometry.last_input())
			throw Failure{Exit::refused,
				      hex(ipa) + " is beyond the IPA space, which ends at " +
					      hex(shape.geometry.last_input())};
		if (in.json) {
			write_json(json, walk(ipa), asked);
			continue;
		}
		if (&text != ipas.data())
			in.out.text += '\n';
		append_text(in.out, walk(ipa), asked);
	}
	if (in.json)
		json.end();
}

formats::Shape shape_of(uint64_t vtcr, const std::string &file)
{
	formats::Shape shape = formats::shape_of_vtcr(vtcr);

	if (!shape.wrong.empty())
		throw Failure{Exit::bad_file, file + ": " + shape.wrong};
	return shape;
}

} // namespace

void show_walk(const Invocation &in, const std::string &source,
	       const std::vector<std::string> &ipas)
{
	if (is_file(source)) {
		const dump::Dump dump = read_tables(in.debugfs, source);
		const formats::Shape shape{dump.format(), dump.geometry(), {}};

		show(in, shape, ipas, [&](uint64_t ipa) {
			return Walk{shape, dump.header().vtcr, ipa, dump.walk(ipa)};
		});
		return;
	}

	const std::string file = Debugfs::guest_file(source, "config");
	const KeyValues config = parse_key_values(in.debugfs.read(file));
	const uint64_t vtcr = parse_number(file, value_of(config, "vtcr_el2"));
	const formats::Shape shape = shape_of(vtcr, file);
	const uint64_t root =
		parse_number(file, value_of(config, "vttbr_el2")) & vmsa::low_bits(48) & ~1ull;

	show(in, shape, ipas,
	     [&](uint64_t ipa) { return walk_guest(in.debugfs, source, shape, vtcr, root, ipa); });
}

namespace
{

void walk(const Invocation &in)
{
	if (in.arguments.has("--va"))
		show_nested_walk(in);
	else if (in.arguments.has("--vcpu"))
		throw Failure{Exit::usage, "--vcpu is for --va"};
	else
		show_walk(in, in.arguments.text("guest"), in.arguments.all("ipa"));
}

constexpr Argument arguments[] = {
	{"guest", "GUEST", "a guest, or a dump's path", Argument::Kind::guest_or_file, true},
	{"ipa", "IPA", "an intermediate physical address", Argument::Kind::text, true, true},
	read_argument,
	write_argument,
	exec_argument,
	el0_argument,
	{"--va", nullptr,
	 "the address is virtual: walk the guest's own tables, each load of them by stage 2",
	 Argument::Kind::flag},
	{"--vcpu", "N", "with --va: whose registers (0)"},
};

} // namespace

constexpr Command walk_command = {
	"walk",
	"explain one translation, level by level",
	"It shows which bits of the address choose the descriptor, and what each of its fields "
	"means. A fault is an answer, too; the exit code is 0. --write, --exec and --el0 say "
	"whether that access would pass, and which bit of which descriptor refuses it. --va walks "
	"in two dimensions: stage 1, by the registers of a vCPU, and for each of its loads stage "
	"2. That takes up to 24 loads; each has a line.",
	arguments,
	"  s2ctl walk demo 0x80123456\n  s2ctl walk ./demo.tables 2G 0x9000000\n"
	"  s2ctl walk demo 0x80123456 --write --el0\n"
	"  s2ctl walk mmu 0x80000000 --va --exec\n  s2ctl walk demo 0x80123456 --json | jq -r "
	"'.[0].output'\n",
	walk};

} // namespace s2ctl
