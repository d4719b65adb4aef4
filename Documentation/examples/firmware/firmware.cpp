// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Firmware for QEMU's virt machine: it turns its MMU on at EL2, changes its map while it stands on it,
// gives a guest a stage 2, and asks the MMU what it thinks of both.
#include <vmsa/id_map.hpp>
#include <vmsa/linear_map.hpp>
#include <vmsa/vmsa.hpp>

using namespace vmsa;

extern "C" const char text_start[], text_end[], rodata_end[], bss_end[]; // image.lds
extern "C" [[noreturn]] void power_off(); // start.S

namespace
{

constexpr Pa uart{0x0900'0000};
constexpr Pa guest_ram{0x4800'0000};

alignas(4096) unsigned char block[64 * KiB]; // where the tables live

// ---- A console ----

void put(char c)
{
	*reinterpret_cast<volatile uint32_t *>(uart.raw()) = static_cast<unsigned char>(c);
}

void say(const char *text)
{
	while (*text)
		put(*text++);
}

void say(const char *text, uint64_t number)
{
	say(text);
	say("0x");
	for (int shift = 60; shift >= 0; shift -= 4)
		if (shift == 0 || number >> shift)
			put("0123456789abcdef"[number >> shift & 15]);
	say("\n");
}

void say(const char *text, const Error &error)
{
	say(text);
	print(error, put);
	say("\n");
}

// ---- What only the machine knows ----

// The guest's translation of an address it reads, as the MMU has it: PAR_EL1. Its own stage 1 is off.
uint64_t ask_guest_mmu(Ipa ipa)
{
	uint64_t par;

	asm volatile("at s12e1r, %1; isb; mrs %0, par_el1" : "=r"(par) : "r"(ipa.raw()) : "memory");
	return par;
}

// ---- Its own map ----

Region<Va> part(const char *first, const char *end)
{
	return {Va{reinterpret_cast<uintptr_t>(first)}, static_cast<uint64_t>(end - first)};
}

template <class Map> Error map_image(Map &map)
{
	const struct {
		Region<Va> region;
		MemoryAndAccess attributes;
	} parts[] = {
		{part(text_start, text_end), normal | rx},
		{part(text_end, rodata_end), normal | r},
		{part(rodata_end, bss_end), normal | rw}, // the tables, too: they are changed live
		{{Va{uart.raw()}, 4 * KiB}, device | rw},
	};

	for (const auto &p : parts)
		if (const auto done = map.map(p.region, p.attributes); !done)
			return done.error();
	return {};
}

// ---- A guest's ----

template <class Map> void show(const Map &map, Ipa ipa)
{
	const auto ours = map.translate(ipa);
	const uint64_t par = ask_guest_mmu(ipa);

	say("guest reads ", ipa.raw());
	if (ours)
		say("    the library:  ", ours.value().pa.raw());
	else
		say("    the library:  nothing\n");
	if (!(par & 1))
		say("    the MMU:      ", (par & 0xf'ffff'ffff'f000) | (ipa.raw() & 0xfff));
	else
		say("    the MMU:      nothing\n");
}

} // namespace

// The compiler copies and clears by these, whatever it is told.
extern "C" void *memcpy(void *to, const void *from, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		static_cast<char *>(to)[i] = static_cast<const char *>(from)[i];
	return to;
}

extern "C" void *memset(void *to, int value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		static_cast<char *>(to)[i] = static_cast<char>(value);
	return to;
}

extern "C" [[noreturn]] void exception(uint64_t syndrome, uint64_t address)
{
	say("exception: ESR_EL2 ", syndrome);
	say("           FAR_EL2 ", address);
	power_off();
}

[[noreturn]] static void fail(const char *what, const Error &error)
{
	say(what, error);
	power_off();
}

extern "C" int main()
{
	discard_cached(block, sizeof(block));

	TablePool<Granule4K> pages{block, sizeof(block)};
	IdMap<El2, Granule4K> map{pages, {.va_bits = 32}};

	if (const Error error = map_image(map); error.code != Errc::none)
		fail("mapping the image: ", error);
	if (const auto before = go_live(map, block, sizeof(block)); !before)
		fail("going live: ", before.error());
	say("the MMU is on, TCR_EL2 is ", map.control());

	// A guest's memory: 6 MiB of it, at an IPA of its own.
	const Region<Ipa> ram{Ipa{0x8000'0000}, 6 * MiB};
	const auto offset = static_cast<int64_t>(guest_ram.raw() - ram.first.raw());
	LinearMap<Stage2, Granule4K> guest{pages, {.va_bits = 32, .asid = 1}, offset};

	if (const auto done = guest.map(ram, normal | rw); !done)
		fail("mapping the guest: ", done.error());
	if (!guest.configure() || !guest.activate())
		fail("activating the guest: ", guest.created().error());
	asm volatile("msr hcr_el2, %0; isb" ::"r"(uint64_t{1} << 31 | 1)); // RW, VM
	show(guest, Ipa{0x8012'3456});

	// One page of a block goes away: the block becomes a table, under break-before-make.
	if (const auto done = guest.unmap({Ipa{0x8012'3000}, 4 * KiB}); !done)
		fail("unmapping: ", done.error());
	show(guest, Ipa{0x8012'3456});
	show(guest, Ipa{0x8012'4000});

	// Two errors, which change nothing.
	const auto hole = guest.protect({Ipa{0x8012'0000}, 64 * KiB}, r);
	say("protecting past a hole: ", hole.error());
	const auto code = guest.map({Ipa{0x9000'0000}, 4 * KiB}, device | rx);
	say("Device memory to execute: ", code.error());

	// Constants are mapped read-only, and the MMU means it.
	*const_cast<volatile char *>(text_end) = 0;
	say("not reached\n");
	power_off();
}
