// SPDX-License-Identifier: GPL-2.0-only
#include "make.hpp"

#include "setup.hpp"
#include "text/text.hpp"

#include "vmsa/image.hpp"
#include "vmsa/map_registers.hpp"

#include <algorithm>
#include <sstream>

namespace vmsa_image
{

namespace
{

using text::hex;

// A line of the description, with the format's meaning.
template <class F> struct Request {
	Words words;
	const char *input; // "va" or "ipa"
	vmsa::Region<typename F::Input> region;
	vmsa::Pa pa;
	typename F::Attributes attributes;
	vmsa::MapLimits limits;
};

vmsa::MemoryType memory_of(const Words &words, bool stage2)
{
	constexpr vmsa::MemoryType types[] = {
		vmsa::normal,
		vmsa::device,
		vmsa::nc,
		vmsa::MemoryType::normal_wt,
		vmsa::MemoryType::device_nGnRnE,
		vmsa::MemoryType::device_nGRE,
		vmsa::MemoryType::device_GRE,
		vmsa::tagged,
	};

	if (stage2)
		return types[words.choice("attr",
					  {"normal", "device", "nc", "wt", "device-nGnRnE",
					   "device-nGRE", "device-GRE"},
					  0)];
	return types[words.choice("attr",
				  {"normal", "device", "nc", "wt", "device-nGnRnE", "device-nGRE",
				   "device-GRE", "tagged"},
				  0)];
}

bool is_on(const Words &words, const char *key)
{
	return words.choice(key, {"off", "on"}, 0) == 1;
}

// What prot= does not say of EL0.
void open_to_el0(const Words &words, vmsa::Stage1Attributes &attributes)
{
	if (!words.has("el0"))
		return;
	if (attributes.access.el0)
		words.complain("el0", "prot=user-... says what EL0 may do");

	const size_t what = words.choice("el0", {"none", "data", "code", "all"});

	attributes.access.el0 = what & 1;
	attributes.access.el0_execute = what & 2;
}

template <class F> typename F::Attributes attributes_of(const Words &words)
{
	const vmsa::MemoryType memory = memory_of(words, vmsa::Stage2Tag<typename F::Stage>);

	if constexpr (vmsa::Stage2Tag<typename F::Stage>) {
		constexpr vmsa::Access access[] = {vmsa::no_access, vmsa::r,  vmsa::w,
						   vmsa::rw,	    vmsa::rx, vmsa::rwx};

		vmsa::Stage2Attributes a =
			memory |
			access[words.choice("prot", {"none", "r", "w", "rw", "rx", "rwx"})];

		a.contiguous = is_on(words, "contiguous");
		return a;
	} else {
		const vmsa::Stage1Attributes attributes[] = {
			memory | vmsa::r,	memory | vmsa::rw,     memory | vmsa::rx,
			memory | vmsa::rwx,	memory | vmsa::user_r, memory | vmsa::user_rw,
			memory | vmsa::user_rx,
		};

		vmsa::Stage1Attributes a = attributes[words.choice(
			"prot", {"r", "rw", "rx", "rwx", "user-r", "user-rw", "user-rx"})];

		open_to_el0(words, a);
		a.contiguous = is_on(words, "contiguous");
		a.global = !is_on(words, "ng");
		a.non_secure = is_on(words, "ns");
		a.guarded = is_on(words, "gp");
		return a;
	}
}

// The level of the largest leaf that max= allows.
template <class F> vmsa::Level largest_of(const Words &words)
{
	std::string known;

	if (!words.has("max"))
		return -1;
	for (vmsa::Level level = vmsa::last_level; F::allows_leaf(level); level--) {
		if (words.number("max") == F::Granule::size(level))
			return level;
		known += " " + text::size(F::Granule::size(level));
	}
	words.complain("max", "no page or block has that size (known:" + known + ")");
}

template <class F> Request<F> request_of(Line line)
{
	using Input = typename F::Input;
	constexpr bool stage2 = vmsa::Stage2Tag<typename F::Stage>;
	const char *input = stage2 ? "ipa" : "va";
	Words words = stage2 ? Words{std::move(line),
				     {input, "size", "pa", "prot", "attr", "max", "contiguous"}}
			     : Words{std::move(line),
				     {input, "size", "pa", "prot", "attr", "max", "contiguous",
				      "el0", "ng", "ns", "gp"}};
	const Input first{words.number(input)};
	const uint64_t size = words.number("size");
	const vmsa::Pa pa{words.number("pa")};
	const auto attributes = attributes_of<F>(words);
	const vmsa::MapLimits limits{.largest = largest_of<F>(words)};

	return {std::move(words), input, {first, size}, pa, attributes, limits};
}

template <class F> [[noreturn]] void complain(const Request<F> &request, const vmsa::Error &error)
{
	const std::string page = text::size(F::Granule::page_size);
	const std::string where = hex(error.first) + "-" + hex(error.last);
	const bool starts_well = request.region.first.is_aligned(F::Granule::page_size);

	switch (error.code) {
	case vmsa::Errc::empty:
	case vmsa::Errc::backwards:
	case vmsa::Errc::wrapping:
		request.words.complain("size", "must not be 0, or go past 2^64");
	case vmsa::Errc::unaligned_input:
		request.words.complain(starts_well ? "size" : request.input,
				       "must be a multiple of the page, " + page);
	case vmsa::Errc::beyond_input:
		request.words.complain(request.input, where + " is not within the input addresses");
	case vmsa::Errc::unaligned_output:
		request.words.complain("pa", "must be a multiple of the page, " + page);
	case vmsa::Errc::beyond_output:
		request.words.complain("pa", where + " is beyond the output addresses");
	case vmsa::Errc::forbidden_attributes:
		request.words.complain("prot",
				       "not with this memory type and regime (executable Device "
				       "memory; user, el0= or ng= where there is no EL0; what EL0 "
				       "may write, executable)");
	default:
		request.words.complain(request.input, where + " is mapped already");
	}
}

// Tables are where the registers say: those of this tree, the other range disabled.
template <class F> std::string registers(const vmsa::Geometry &g, const Setup &setup)
{
	constexpr const char *levels[] = {"_el1=", "_el2=", "_el2=", "_el3="};
	const std::string level = levels[static_cast<unsigned>(setup.stage) & 3];
	const bool upper = g.range == vmsa::Range::upper;

	if constexpr (vmsa::Stage2Tag<typename F::Stage>) {
		return "vttbr_el2=" + hex(vmsa::vttbr<F>(setup.base, 0)) +
		       " vtcr_el2=" + hex(vmsa::vtcr<F>(g, false));
	} else {
		const uint64_t tcr =
			vmsa::control_register<F>(g, vmsa::MapConfig{.range = g.range});

		return (upper ? "ttbr1" : "ttbr0") + level + hex(vmsa::ttbr<F>(setup.base)) +
		       " tcr" + level + hex(tcr) + " mair" + level + hex(vmsa::mair_value);
	}
}

// Tables of more than this are a slip of the pen.
constexpr size_t most_bytes = 256 * vmsa::MiB;

// False when the buffer is too small; no larger one comes when it is the `last`.
template <class F>
bool try_to_build(vmsa::Image<F> &image, const Setup &setup, const vmsa::Geometry &geometry,
		  const std::vector<Request<F>> &requests, bool last)
{
	if (const auto created = image.create(geometry, setup.base); !created) {
		if (created.error().code == vmsa::Errc::no_memory)
			return false;
		complain(setup, created.error());
	}
	for (const Request<F> &r : requests) {
		const auto mapped = image.map(r.region, r.pa, r.attributes, r.limits);

		if (mapped)
			continue;
		if (mapped.error().code != vmsa::Errc::no_memory)
			complain(r, mapped.error());
		if (last)
			r.words.complain("size", "the tables up to here take more than " +
							 text::size(most_bytes));
		return false;
	}
	return true;
}

template <class F>
Made make_as(const Setup &setup, const vmsa::Geometry &geometry, const std::vector<Line> &lines)
{
	std::vector<Request<F>> requests;

	for (const Line &line : lines)
		requests.push_back(request_of<F>(line));
	for (size_t tables = geometry.root_tables;; tables *= 2) {
		std::vector<vmsa::Descriptor> buffer(tables * F::Granule::entries);
		vmsa::Image<F> image{buffer};

		if (!try_to_build(image, setup, geometry, requests,
				  buffer.size() * sizeof(vmsa::Descriptor) >= most_bytes))
			continue;

		const size_t bytes = image.bytes();

		buffer.resize(image.descriptors().size());
		return {std::move(buffer),
			"base=" + hex(setup.base.raw()) + " bytes=" + std::to_string(bytes) + " " +
				registers<F>(geometry, setup),
			{}};
	}
}

// What is left of the lines without comments and blanks.
std::vector<Line> lines_of(const std::string &name, const std::string &description)
{
	std::istringstream in{description};
	std::vector<Line> lines;
	size_t number = 0;

	for (std::string text; std::getline(in, text);) {
		number++;
		text.erase(std::min(text.find('#'), text.size()));
		text.erase(text.find_last_not_of(" \t\r") + 1);
		if (!text.empty())
			lines.push_back({name + ":" + std::to_string(number), text});
	}
	return lines;
}

} // namespace

Made make(const std::string &name, const std::string &description)
{
	std::vector<Line> lines = lines_of(name, description);

	if (lines.empty())
		throw Complaint{
			{name + ":1", ""}, 0, "the description is empty: stage=... is missing"};

	const Setup setup{lines.front()};
	const std::string said = lines.front().text;

	lines.erase(lines.begin());

	Made made = with_format(setup, [&]<class F>(const vmsa::Geometry &geometry) {
		return make_as<F>(setup, geometry, lines);
	});

	made.setup = said;
	return made;
}

} // namespace vmsa_image
