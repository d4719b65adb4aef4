// SPDX-License-Identifier: GPL-2.0-only
#include "text.hpp"

#include "guest/policy.hpp"
#include "stage2/numbers.hpp"

namespace stage2
{

using Format = vmsa::Stage2_4K;

Text access_text(const vmsa::Access &access)
{
	// FEAT_XNX can allow one exception level only.
	constexpr const char *execute[] = {"x", "x(el0)", "-", "x(el1)"};
	Text text;

	kernel_format(text.chars, sizeof(text.chars), "%c%c%s", access.read ? 'r' : '-',
		      access.write ? 'w' : '-', execute[static_cast<unsigned>(access.execute)]);
	return text;
}

vmsa::Access permitted(const vmsa::Stage2Attributes &attributes)
{
	vmsa::Access access = attributes.access;

	access.write |= attributes.dbm;
	return access;
}

const char *dirty_text(const vmsa::Stage2Attributes &attributes)
{
	if (attributes.software & Policy::was_written)
		return " dirty";
	if (!attributes.dbm)
		return "";
	return attributes.access.write ? " dirty" : " clean";
}

const char *memory_text(vmsa::MemoryType type)
{
	constexpr const char *names[] = {
		"device-nGnRnE", "device", "device-nGRE", "device-GRE", "nc", "wt", "normal"};

	return names[static_cast<unsigned>(type)];
}

void print_descriptor(seq_file *out, vmsa::Descriptor d, vmsa::Level level)
{
	constexpr const char *shareability[] = {"non-shareable", "reserved", "outer-shareable",
						"inner-shareable"};

	if (Format::is_table(d, level)) {
		kernel_print(out, "table -> 0x%lx\n", Format::next_table(d).raw());
		return;
	}
	if (!Format::is_leaf(d, level)) {
		if (d && !Format::is_valid(d))
			kernel_print(out, "annotation 0x%lx\n", d >> 1);
		else
			kernel_print(out, "%s\n", d ? "reserved" : "invalid");
		return;
	}

	const auto a = Format::attributes(d);

	kernel_print(out, "%s %s -> 0x%lx %s %s %s%s%s%s\n",
		     level == vmsa::last_level ? "page" : "block",
		     numbers::exact_size(Format::Granule::size(level)).chars,
		     Format::output(d, level).raw(), access_text(permitted(a)).chars,
		     memory_text(a.memory), shareability[static_cast<unsigned>(a.shareability)],
		     a.accessed ? " accessed" : "", dirty_text(a),
		     a.contiguous ? " contiguous" : "");
}

} // namespace stage2
