// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Boot tables ahead of time: the compiler builds them, and they are constants of the image. What runs at EL1 is a
// dozen instructions, which switch them on. Nothing is allocated, nothing can fail, and a map with an error does not
// compile. (The tool vmsa-image makes the same from a text, for whoever's compiler is not C++.)
//
//   0x0900'0000   UART        Device memory
//   0x4008'0000   text        execute, never write
//   0x400a'0000   constants   read: the tables themselves are the first of them
//   0x400c'0000   data        write, never execute
#include "machine/machine.hpp"

using namespace vmsa;

namespace
{

using F = Format<El1And0, Granule4K>;

// The linker comes after the compiler, so both are told where things are: image.lds has these addresses, too.
constexpr Pa text{0x4008'0000};
constexpr Pa constants{0x400a'0000};
constexpr Pa data{0x400c'0000};
constexpr uint64_t text_bytes = 128 * KiB;
constexpr uint64_t constants_bytes = 128 * KiB;
constexpr uint64_t data_bytes = 256 * KiB;

// For a board with 40 bits of physical addresses, or more.
constexpr MapConfig config{.va_bits = 39, .pa_bits = 40};
constexpr Geometry shape = map_geometry<F>(config).value();
constexpr Piece<F> board[] = {
	{{Va{uart_base}, 4 * KiB}, Pa{uart_base}, device | rw},
	{{Va{text.raw()}, text_bytes}, text, normal | rx},
	{{Va{constants.raw()}, constants_bytes}, constants, normal | r},
	{{Va{data.raw()}, data_bytes}, data, normal | rw},
};

constexpr uint64_t control = control_register<F>(shape, config);
constexpr uint64_t root = root_register<F>(constants, config);

} // namespace

extern const auto board_tables [[gnu::section(".boot_tables")]] =
	static_tables<F, shape, board>(constants);

namespace
{

// The loader has put the image into memory, and the tables with it: they are not in any cache, and no store of ours
// is on the way to them.
void switch_on()
{
	ThisCpu::write<Register::mair_el1>(mair_value);
	ThisCpu::write<Register::tcr_el1>(control);
	ThisCpu::write<Register::ttbr0_el1>(root);
	ThisCpu::isb();
	ThisCpu::tlbi(Tlbi::vmalle1is, 0); // whatever was there before
	ThisCpu::dsb_ish();
	enable_mmu<El1And0>();
}

uint64_t variable = 1;

} // namespace

extern "C" [[noreturn]] void main()
{
	discard_cached(data_start, data_size()); // the stack is written past the caches
	switch_on();

	say("the MMU is on at EL1, TTBR0_EL1 is ", ThisCpu::read<Register::ttbr0_el1>());
	say("bytes of tables, all of them constants: ", sizeof(board_tables));
	check(address_of(&board_tables) == constants.raw(), "the tables are at their base address");
	check(!try_read(address_of(text_start)), "text can be read");
	check(is_permission_fault(try_write(address_of(text_start))), "text cannot be written");
	check(!try_read(address_of(&board_tables)), "the tables can be read");
	check(is_permission_fault(try_write(address_of(&board_tables))),
	      "the tables cannot be written");
	check(is_permission_fault(try_execute(address_of(&board_tables))),
	      "the tables cannot be executed");
	check(!try_write(address_of(&variable)) && variable == 1, "data can be written");
	check(is_permission_fault(try_execute(address_of(&variable))), "data cannot be executed");
	check(is_permission_fault(try_execute(uart_base)), "a device cannot be executed");
	check(is_translation_fault(try_read(data.raw() + data_bytes)),
	      "memory after the data is not mapped");
	check(is_translation_fault(try_read(~uint64_t{0} << 39)), "the upper range is off");
	finish();
}
