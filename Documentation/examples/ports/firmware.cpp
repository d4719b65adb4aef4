// SPDX-License-Identifier: MIT OR Apache-2.0
//
// EL3 firmware whose map is an array: for each piece of memory where it is, and what may be done with it. The tables
// are built from that, the MMU is turned on, and what the array forbids faults.
//
//   text        execute, never write
//   constants   read
//   data        write, never execute
//   devices     Device memory, never execute
//   the world's memory that firmware only shares: Non-secure, never execute
#include "machine/machine.hpp"

using namespace vmsa;

namespace
{

using Map = IdMap<El3, Granule4K>;

struct MemoryRegion {
	const char *name;
	Region<Va> region;
	Stage1Attributes attributes;
};

constexpr Region<Va> uart_registers{Va{uart_base}, 4 * KiB};
constexpr Region<Va> shared{Va{0x4800'0000}, 2 * MiB};

// Where the tables live: a part of the data, because they are changed while they are in use.
alignas(4096) unsigned char table_memory[32 * KiB];

// Written once, while the firmware starts.
alignas(4096) uint64_t settings[512];

constexpr Stage1Attributes non_secure(Stage1Attributes attributes)
{
	attributes.non_secure = true;
	return attributes;
}

void build(Map &map)
{
	const MemoryRegion memory_map[] = {
		{"text", region_of(text_start, text_end), normal | rx},
		{"constants", region_of(rodata_start, rodata_end), normal | r},
		{"data", region_of(data_start, data_end), normal | rw},
		{"UART", uart_registers, device | rw},
		{"shared memory", shared, non_secure(normal | rw)},
	};

	for (const MemoryRegion &m : memory_map)
		must(map.map(m.region, m.attributes), m.name);
}

void prove()
{
	const uint64_t denied = try_write(address_of(text_start));

	say("a write to text is ESR_EL3 ", denied);
	check(is_permission_fault(denied), "text cannot be written");
	check(!try_read(address_of(text_start)), "text can be read");
	check(is_permission_fault(try_write(address_of(rodata_start))),
	      "constants cannot be written");
	check(is_permission_fault(try_execute(address_of(rodata_start))),
	      "constants cannot be executed");
	check(!try_write(address_of(settings)), "data can be written");
	check(is_permission_fault(try_execute(address_of(settings))), "data cannot be executed");
	check(is_permission_fault(try_execute(uart_base)), "a device cannot be executed");
	check(!try_write(shared.first.raw()), "shared memory can be written");
	check(is_translation_fault(try_read(0x4700'0000)),
	      "memory that is not in the array is not mapped");
	check(is_translation_fault(try_read(0)), "a null pointer is not mapped");
}

} // namespace

extern "C" [[noreturn]] void main()
{
	// With the MMU off everything is written past the caches. Nothing of before may be in them.
	discard_cached(data_start, data_size());

	TablePool<Granule4K> tables{table_memory, sizeof(table_memory)};
	Map map{tables, {.va_bits = 32}};

	build(map);
	if (const auto live = go_live(map, data_start, data_size()); !live)
		fail("the MMU", live.error());
	say("the MMU is on at EL3, TCR_EL3 is ", map.control());
	prove();

	// The map is in use. A change of it is complete, in every TLB, when it returns.
	settings[0] = 1;
	must(map.protect({Va{address_of(settings)}, sizeof(settings)}, r), "settings");
	check(is_permission_fault(try_write(address_of(settings))),
	      "the settings are read-only now");
	check(settings[0] == 1, "the settings have kept their values");

	// An error changes nothing, and says where.
	const auto twice = map.map(uart_registers, device | rw);

	check(twice.error() == Error{Errc::overlap, uart_registers},
	      "mapping a region twice is refused");
	finish();
}
