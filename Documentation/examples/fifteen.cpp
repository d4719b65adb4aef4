// SPDX-License-Identifier: MIT OR Apache-2.0
#include <vmsa/id_map.hpp>

using namespace vmsa;

alignas(4096) static unsigned char block[64 * KiB]; // where the tables live

int main()
{
	TablePool<Granule4K> pages{block, sizeof(block)};
	IdMap<El1And0, Granule4K> map{pages, {.va_bits = 39, .asid = 1}};

	if (auto done = map.map({Va{0x8020'0000}, 2 * MiB}, normal | rw); !done)
		return static_cast<int>(done.error().code); // and the place is in first and last
	return map.translate(Va{0x8030'0000}).value().pa == Pa{0x8030'0000} ? 0 : 1;
}
