// SPDX-License-Identifier: GPL-2.0-only
#include "region_words.hpp"

#include "stage2/numbers.hpp"

#include <cerrno>

namespace stage2
{

using vmsa::Errc;

vmsa::Region<vmsa::Ipa> region_of(const Value *values)
{
	return {vmsa::Ipa{values[ipa_word].number}, values[size_word].number};
}

vmsa::Access access_of(const Value *values)
{
	const uint64_t prot = values[prot_word].number;

	return {(prot & STAGE2_PROT_R) != 0, (prot & STAGE2_PROT_W) != 0,
		prot & STAGE2_PROT_X ? vmsa::Execute::all : vmsa::Execute::none};
}

vmsa::Stage2Attributes attributes_of(const Value *values)
{
	// By STAGE2_ATTR_*.
	constexpr vmsa::MemoryType types[] = {vmsa::normal, vmsa::device, vmsa::nc};

	return types[values[attr_word].number] | access_of(values);
}

int largest_of(const Guest &guest, const Request &request, const Value *values, vmsa::Level usual,
	       vmsa::Level &largest)
{
	const FormatFacts &format = guest.space->format();
	const Value &max = values[max_word];

	largest = usual;
	if (!max.given)
		return 0;
	for (largest = vmsa::last_level; largest >= 0; largest--) {
		if (format.allows_leaf(largest) && format.size(largest) == max.number)
			return 0;
	}

	char sizes[48];
	int length = 0;

	for (vmsa::Level level = vmsa::last_level; level >= 0; level--) {
		if (format.allows_leaf(level))
			length += kernel_format(sizes + length,
						sizeof(sizes) - static_cast<size_t>(length), " %s",
						numbers::exact_size(format.size(level)).chars);
	}
	return request.refuse(EINVAL, max.column, "unknown value for max (known:%s)", sizes);
}

int refuse_region(const Guest &guest, const Request &request, const Value *values,
		  const vmsa::Error &error)
{
	const Value &ipa = values[ipa_word];
	const Value &size = values[size_word];
	const unsigned long first = error.first;
	const unsigned long last = error.last;
	const unsigned long page = guest.page();

	if (size.number == 0)
		return request.refuse(EINVAL, size.column,
				      "size must be a multiple of %s, and not 0",
				      numbers::exact_size(page).chars);
	switch (error.code) {
	case Errc::backwards: // no size is negative here: it is huge
	case Errc::wrapping:
		return request.refuse(EINVAL, size.column, "the region goes past 2^64");
	case Errc::unaligned_input:
		return request.refuse(EINVAL, ipa.number % page ? ipa.column : size.column,
				      "%s must be a multiple of %s",
				      ipa.number % page ? "ipa" : "size",
				      numbers::exact_size(page).chars);
	case Errc::beyond_input:
		return request.refuse(
			ERANGE, ipa.column, "0x%lx-0x%lx leaves the IPA space, which ends at 0x%lx",
			first, last,
			static_cast<unsigned long>(guest.space->geometry().last_input()));
	case Errc::forbidden_attributes:
		return request.refuse(EINVAL, values[prot_word].column,
				      "device and nc memory cannot be executable (0x%lx-0x%lx)",
				      first, last);
	case Errc::overlap:
		return request.refuse(EEXIST, ipa.column, "0x%lx-0x%lx is mapped already", first,
				      last);
	case Errc::not_mapped:
		return request.refuse(ENOENT, ipa.column, "0x%lx-0x%lx is not mapped", first, last);
	case Errc::no_memory:
		return request.refuse(ENOMEM, ipa.column, "no memory for another table (%s in use)",
				      numbers::size(guest.tables.used()).chars);
	default:
		return request.refuse(EINVAL, ipa.column, "the library refuses 0x%lx-0x%lx", first,
				      last);
	}
}

} // namespace stage2
