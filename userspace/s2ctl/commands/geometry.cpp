// SPDX-License-Identifier: GPL-2.0-only
//
// geometry: the shape of a tree, from the number of its input address bits, and the register that says so. All of
// it is the library's answer (vmsa/geometry.hpp, vtcr.hpp, registers.hpp). Needs no root, no module and no Arm.
#include "commands.hpp"

#include "s2ctl/exit.hpp"
#include "s2ctl/format_arguments.hpp"

#include "text/json.hpp"
#include "text/text.hpp"

#include "vmsa/vtcr.hpp"

namespace s2ctl
{

namespace
{

using Kind = Argument::Kind;

struct LevelShape {
	int level;
	unsigned high, low; // bits of the address that are the index
	uint64_t leaf_bytes; // 0: there are no leaves at this level
};

struct Answer {
	vmsa::Geometry geometry;
	std::vector<LevelShape> levels; // from the root on
	uint64_t entries; // of the root
	uint64_t alignment; // of the root, which is its size, too
	const char *register_name;
	uint64_t register_value;
	std::vector<std::pair<const char *, uint64_t>>
		fields; // of the register, those that say the shape
};

template <class F> constexpr bool is_stage2 = vmsa::Stage2Tag<typename F::Stage>;

template <class F>
vmsa::Result<vmsa::Geometry> geometry_of(unsigned bits, unsigned pa_bits, vmsa::Range range)
{
	if constexpr (is_stage2<F>)
		return vmsa::stage2_geometry<typename F::Granule, F::output_bits>(bits, pa_bits);
	else
		return vmsa::stage1_geometry<typename F::Granule, F::output_bits>(bits, pa_bits,
										  range);
}

[[noreturn]] void refuse(const vmsa::Error &error, bool stage2, unsigned output_bits, bool given_pa)
{
	const std::string asked = std::to_string(error.first);

	if (error.code == vmsa::Errc::output_bits)
		throw Failure{Exit::usage,
			      "BITS: " + asked +
				      " bits of input need as many of output; --pa-bits " +
				      (given_pa ? "says " : "is ") + std::to_string(error.last)};
	if (error.first > output_bits && error.first <= 52)
		throw Failure{Exit::usage, "BITS: " + asked + " bits need --output-bits 52"};
	throw Failure{Exit::usage, "BITS: " + asked + " is out of range: " +
					   std::to_string(stage2 ? vmsa::min_stage2_bits
								 : vmsa::min_stage1_bits) +
					   " to " + std::to_string(error.last)};
}

// The register, and those of its fields that say the shape.
template <class F> void add_register(Answer &answer, const Arguments &arguments)
{
	const vmsa::Geometry &g = answer.geometry;
	const uint64_t tsz = 64 - g.input_bits;

	if constexpr (is_stage2<F>) {
		const uint64_t value = vmsa::vtcr<F>(g, arguments.text("--vmid-bits", "8") == "16");

		answer.register_name = "VTCR_EL2";
		answer.register_value = value;
		answer.fields = {{"T0SZ", tsz}, {"SL0", vmsa::Field{7, 6}.get(value)}};
	} else if constexpr (F::Stage::has_upper) {
		const bool upper = g.range == vmsa::Range::upper;

		answer.register_name =
			std::is_same_v<typename F::Stage, vmsa::El1And0> ? "TCR_EL1" : "TCR_EL2";
		answer.register_value = vmsa::tcr_two_ranges<F>(g) |
					(upper ? vmsa::tcr_no_lower : vmsa::tcr_no_upper);
		answer.fields = {{upper ? "T1SZ" : "T0SZ", tsz}};
	} else {
		answer.register_name =
			std::is_same_v<typename F::Stage, vmsa::El2> ? "TCR_EL2" : "TCR_EL3";
		answer.register_value = vmsa::tcr_one_range<F>(g);
		answer.fields = {{"T0SZ", tsz}};
	}
}

template <class F> Answer answer_of(const Arguments &arguments)
{
	const auto bits = static_cast<unsigned>(
		std::min<uint64_t>(parse_number("BITS", arguments.text("bits")), 1000));
	const auto pa_bits = static_cast<unsigned>(std::min<uint64_t>(
		arguments.has("--pa-bits") ? arguments.number("--pa-bits") : F::output_bits, 1000));
	const vmsa::Range range =
		arguments.has("--upper") ? vmsa::Range::upper : vmsa::Range::lower;
	using Granule = typename F::Granule;

	if (arguments.has("--upper") && !F::Stage::has_upper)
		throw Failure{Exit::usage, "--upper: only el1and0 and el2and0 have an upper range"};
	if (arguments.has("--vmid-bits") && !is_stage2<F>)
		throw Failure{Exit::usage, "--vmid-bits is for stage 2"};
	if (pa_bits < 32)
		throw Failure{Exit::usage, "--pa-bits: at least 32"};

	const auto found = geometry_of<F>(bits, pa_bits, range);

	if (!found)
		refuse(found.error(), is_stage2<F>, F::output_bits, arguments.has("--pa-bits"));

	const vmsa::Geometry &g = found.value();
	Answer answer{g, {}, g.root_entries<Granule>(), g.root_bytes<Granule>(), "", 0, {}};

	for (vmsa::Level level = g.start; level <= vmsa::last_level; level++) {
		const unsigned low = Granule::shift(level);

		answer.levels.push_back(
			{level, level == g.start ? g.input_bits - 1 : low + Granule::index_bits - 1,
			 low, F::allows_leaf(level) ? Granule::size(level) : 0});
	}
	add_register<F>(answer, arguments);
	return answer;
}

std::string range(unsigned high, unsigned low)
{
	return '[' + std::to_string(high) + ':' + std::to_string(low) + ']';
}

void pad(std::string &out, const std::string &text, size_t width)
{
	out += text;
	out.append(text.size() < width ? width - text.size() : 1, ' ');
}

void append_level(std::string &out, const LevelShape &l, uint64_t entries)
{
	const bool last = l.level == vmsa::last_level;

	pad(out, "level " + std::to_string(l.level), 12);
	pad(out, range(l.high, l.low), 9);
	pad(out, std::to_string(l.high - l.low + 1) + " bits", 9);
	out += std::to_string(entries) + " descriptors; ";
	out += last	      ? "pages of " + text::size(l.leaf_bytes)
	       : l.leaf_bytes ? "tables, or blocks of " + text::size(l.leaf_bytes)
			      : "tables only";
	out += '\n';
}

void append_text(Output &out, const Answer &a, const formats::Format &format)
{
	const vmsa::Geometry &g = a.geometry;
	std::string &text = out.text;

	text += "stage " + std::string{formats::is_stage2(format.stage) ? "2" : "1"} + ": " +
		std::to_string(g.input_bits) + "-bit input, " + std::to_string(g.output_bits) +
		"-bit output, " + text::size(vmsa::bit(format.page_shift)) + " granule\n";
	pad(text, "addresses", 12);
	text += text::hex(g.first_input()) + " to " + text::hex(g.last_input()) + '\n';
	pad(text, "start", 12);
	text += "level " + std::to_string(g.start) + ", " + std::to_string(a.levels.size()) +
		(a.levels.size() == 1 ? " load a walk\n" : " loads a walk\n");
	pad(text, "root", 12);
	text += g.root_tables > 1 ? std::to_string(g.root_tables) + " concatenated tables, "
				  : std::string{"1 table, "};
	text += text::size(a.alignment) + ", aligned to " + text::size(a.alignment) + '\n';
	for (const LevelShape &l : a.levels)
		append_level(text, l, vmsa::bit(l.high - l.low + 1));
	pad(text, "offset", 12);
	text += range(a.levels.back().low - 1, 0) + '\n';
	for (const auto &[name, value] : a.fields) {
		pad(text, name, 12);
		text += std::to_string(value) + '\n';
	}
	((text += out.bold()) += std::string{a.register_name}) += out.plain();
	text.append(12 - std::string_view{a.register_name}.size(), ' ');
	text += text::hex(a.register_value, 16) + '\n';
}

void write_json(json::Writer &json, const Answer &a, const formats::Format &format)
{
	const vmsa::Geometry &g = a.geometry;

	json.begin_object();
	json.member("stage", formats::is_stage2(format.stage) ? 2 : 1);
	json.member("granule", vmsa::bit(format.page_shift));
	json.member("input_bits", g.input_bits);
	json.member("output_bits", g.output_bits);
	json.member("first", text::hex(g.first_input()));
	json.member("last", text::hex(g.last_input()));
	json.member("start_level", g.start);
	json.member("root_tables", g.root_tables);
	json.member("root_entries", a.entries);
	json.member("root_bytes", a.alignment);
	json.begin_array("levels");
	for (const LevelShape &l : a.levels) {
		json.begin_object();
		json.member("level", l.level);
		json.member("high", l.high);
		json.member("low", l.low);
		json.member("leaf_bytes", l.leaf_bytes);
		json.end();
	}
	json.end();
	for (const auto &[name, value] : a.fields)
		json.member(name, value);
	json.member("register", a.register_name);
	json.member("value", text::hex(a.register_value, 16));
	json.end();
}

void geometry(const Invocation &in)
{
	const formats::Format format = format_of(in.arguments);
	const Answer answer =
		formats::with_format(format, [&]<class F>() { return answer_of<F>(in.arguments); });

	if (in.json) {
		json::Writer json{in.out.text};

		write_json(json, answer, format);
	} else {
		append_text(in.out, answer, format);
	}
}

constexpr const char *vmid_sizes[] = {"8", "16"};

constexpr Argument arguments[] = {
	{"bits", "BITS", "bits of the input addresses: 40", Kind::text, true},
	granule_argument,
	stage_argument,
	output_argument,
	{"--pa-bits", "N", "bits of the machine's physical addresses (as --output-bits)"},
	{"--upper", nullptr, "for el1and0 and el2and0: the range of TTBR1", Kind::flag},
	{"--vmid-bits", "N", "for stage 2: 8 or 16 (8)", Kind::choice, false, false, vmid_sizes},
};

} // namespace

constexpr Command geometry_command = {
	"geometry",
	"show the shape of the tables, and VTCR or TCR",
	"It shows the levels, the start level, concatenated tables, bits of each level, T0SZ and "
	"SL0, and the value of the register, as the library chooses them. Needs no root, no "
	"module and no Arm machine.",
	arguments,
	"  s2ctl geometry 40 --granule 16K\n  s2ctl geometry 48 --stage el1and0 --upper\n"
	"  s2ctl geometry 52 --granule 64K --output-bits 52 --json\n",
	geometry};

} // namespace s2ctl
