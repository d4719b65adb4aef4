// SPDX-License-Identifier: GPL-2.0-only
//
// Status codes: what a DFSC, an IFSC or PAR's FST says.
#include "syndrome_fields.hpp"

namespace decode
{

std::string fault_status(unsigned code)
{
	constexpr const char *by_level[] = {"Address size fault", "Translation fault",
					    "Access flag fault", "Permission fault"};
	const std::string level = std::to_string(code & 3);

	if (code < 0x10)
		return by_level[code >> 2] + (", level " + level);
	if (code >= 0x14 && code < 0x18)
		return "Synchronous External abort on a walk, level " + level;
	if (code >= 0x1c && code < 0x20)
		return "parity or ECC error on a walk, level " + level;
	if (code >= 0x24 && code < 0x28)
		return "Granule Protection fault on a walk, level " + level;
	switch (code) {
	case 0x10:
		return "Synchronous External abort";
	case 0x11:
		return "Tag Check fault";
	case 0x12:
		return "Synchronous External abort on a walk, level -2";
	case 0x13:
		return "Synchronous External abort on a walk, level -1";
	case 0x18:
		return "parity or ECC error";
	case 0x1b:
		return "parity or ECC error on a walk, level -1";
	case 0x21:
		return "Alignment fault";
	case 0x22:
		return "Granule Protection fault on a walk, level -2";
	case 0x23:
		return "Granule Protection fault on a walk, level -1";
	case 0x28:
		return "Granule Protection fault";
	case 0x29:
		return "Address size fault, level -1";
	case 0x2a:
		return "Translation fault, level -2";
	case 0x2b:
		return "Translation fault, level -1";
	case 0x2c:
		return "Address size fault, level -2";
	case 0x30:
		return "TLB conflict abort";
	case 0x31:
		return "unsupported atomic update by hardware";
	case 0x34:
		return "IMPLEMENTATION DEFINED fault (lockdown)";
	case 0x35:
		return "IMPLEMENTATION DEFINED fault (unsupported exclusive or atomic access)";
	default:
		return "reserved";
	}
}

std::string data_status(uint64_t code, uint64_t)
{
	return fault_status(static_cast<unsigned>(code));
}

// What only data can meet is no answer to a fetch: tags, alignment, exclusive accesses.
std::string fetch_status(uint64_t code, uint64_t)
{
	return code == 0x11 || code == 0x21 || code == 0x34 || code == unsupported_access
		       ? "reserved"
		       : fault_status(static_cast<unsigned>(code));
}

std::string debug_status(uint64_t code, uint64_t)
{
	return code == debug_exception ? "debug exception" : "reserved";
}

std::string serror_status(uint64_t code, uint64_t)
{
	return code == 0	      ? "uncategorized"
	       : code == asynchronous ? "asynchronous SError"
				      : "reserved";
}

} // namespace decode
