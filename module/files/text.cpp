// SPDX-License-Identifier: GPL-2.0-only
#include "text.hpp"

#include "guest/policy.hpp"
#include "stage2/numbers.hpp"

namespace stage2
{

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

void print_descriptor(seq_file *out, const Space &space, vmsa::Descriptor d, vmsa::Level level)
{
	using Kind = Space::Decoded::Kind;
	constexpr const char *shareability[] = {"non-shareable", "reserved", "outer-shareable",
						"inner-shareable"};
	const Space::Decoded decoded = space.decode(d, level);
	const auto &a = decoded.attributes;

	switch (decoded.kind) {
	case Kind::invalid:
		kernel_print(out, "invalid\n");
		return;
	case Kind::annotation:
		kernel_print(out, "annotation 0x%lx\n", d >> 1);
		return;
	case Kind::reserved:
		kernel_print(out, "reserved\n");
		return;
	case Kind::table:
		kernel_print(out, "table -> 0x%lx\n", decoded.output.raw());
		return;
	case Kind::leaf:
		break;
	}
	kernel_print(out, "%s %s -> 0x%lx %s %s %s%s%s%s\n",
		     level == vmsa::last_level ? "page" : "block",
		     numbers::exact_size(space.format().size(level)).chars, decoded.output.raw(),
		     access_text(permitted(a)).chars, memory_text(a.memory),
		     shareability[static_cast<unsigned>(a.shareability)],
		     a.accessed ? " accessed" : "", dirty_text(a),
		     a.contiguous ? " contiguous" : "");
}

} // namespace stage2
