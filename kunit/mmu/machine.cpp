// SPDX-License-Identifier: GPL-2.0-only
//
// Printing, memory, leaving, and what the compiler takes for granted.
#include "machine.hpp"

namespace mmu
{

static void put(char c)
{
	// The transmit FIFO of QEMU's PL011 never fills.
	*reinterpret_cast<volatile uint32_t *>(serial_port) = static_cast<uint8_t>(c);
}

void put(const char *text)
{
	while (*text)
		put(*text++);
}

static void put_digits(uint64_t number, unsigned base)
{
	if (number >= base)
		put_digits(number / base, base);
	put("0123456789abcdef"[number % base]);
}

void put(uint64_t decimal)
{
	put_digits(decimal, 10);
}

void put(Hex number)
{
	put("0x");
	put_digits(number.value, 16);
}

Report::Report()
{
	print("KTAP version 1\n");
}

int Report::close() const
{
	print("1..", uint64_t{lines_}, "\n");
	return failures_ ? 1 : 0;
}

void Ram::reset()
{
	next_ = bss_end;
	freed_ = nullptr;
}

vmsa::Descriptor *Ram::allocate(size_t bytes)
{
	char *block = nullptr;

	for (Free **link = &freed_; *link && !block; link = &(*link)->next) {
		if ((*link)->bytes == bytes) {
			block = reinterpret_cast<char *>(*link);
			*link = (*link)->next;
			break;
		}
	}
	if (!block) {
		const auto at = (reinterpret_cast<uint64_t>(next_) + bytes - 1) & ~(bytes - 1);

		block = reinterpret_cast<char *>(at);
		if (at + bytes - 1 > ram_last)
			return nullptr;
		next_ = block + bytes;
	}
	__builtin_memset(block, 0, bytes);
	return reinterpret_cast<vmsa::Descriptor *>(block);
}

void Ram::free(vmsa::Descriptor *table, size_t bytes)
{
	auto *block = reinterpret_cast<Free *>(table);

	*block = {freed_, bytes};
	freed_ = block;
}

} // namespace mmu

extern "C" {

// Semihosting SYS_EXIT: QEMU ends with this status.
[[noreturn]] void machine_exit(int status)
{
	const volatile uint64_t arguments[] = {0x20026, static_cast<uint64_t>(status)};
	register uint64_t operation asm("x0") = 0x18;
	register auto pointer asm("x1") = arguments;

	asm volatile("hlt #0xf000" ::"r"(operation), "r"(pointer) : "memory");
	for (;;)
		;
}

[[noreturn]] void unexpected_exception(uint64_t esr, uint64_t elr, uint64_t far)
{
	mmu::print("# unexpected exception: ESR ", mmu::Hex{esr}, ", at ", mmu::Hex{elr},
		   ", address ", mmu::Hex{far}, "\n");
	machine_exit(2);
}

// The compiler may call these for any code.
void *memset(void *to, int byte, size_t n)
{
	const uint64_t word = uint64_t{0x0101'0101'0101'0101} * static_cast<uint8_t>(byte);
	auto *p = static_cast<char *>(to);

	for (; n && reinterpret_cast<uint64_t>(p) % 8; n--)
		*p++ = static_cast<char>(byte);
	for (; n >= 8; n -= 8, p += 8)
		*reinterpret_cast<uint64_t *>(p) = word;
	for (; n; n--)
		*p++ = static_cast<char>(byte);
	return to;
}

void *memcpy(void *to, const void *from, size_t n)
{
	auto *t = static_cast<char *>(to);
	auto *f = static_cast<const char *>(from);

	for (; n; n--)
		*t++ = *f++;
	return to;
}
}
