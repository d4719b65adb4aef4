// SPDX-License-Identifier: GPL-2.0-only
#include "guest.hpp"

namespace guest
{

namespace
{

// Who runs the guest? stage2 answers an HVC. Under KVM an HVC ends in the kernel, which does not
// know the function; there a store to an address without memory reaches the program that runs the
// guest. The registers are the same either way.
constexpr uint64_t kvm_way_out = 0x0900'0000;

enum class Host : uint8_t { unknown, stage2, kvm } host;

// The guest's tables map memory at its IPA, in the lower range or in the upper.
uint64_t ipa_of(const void *pointer)
{
	return reinterpret_cast<uint64_t>(pointer) & ((uint64_t{1} << 39) - 1);
}

// x1..x3 are KVM's to change.
uint64_t hvc(uint64_t function, uint64_t a, uint64_t b)
{
	register uint64_t x0 asm("x0") = function;
	register uint64_t x1 asm("x1") = a;
	register uint64_t x2 asm("x2") = b;

	asm volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2)::"x3", "memory");
	return x0;
}

uint64_t way_out(uint64_t function, uint64_t a, uint64_t b)
{
	register uint64_t x0 asm("x0") = function;
	register uint64_t x1 asm("x1") = a;
	register uint64_t x2 asm("x2") = b;

	asm volatile("str wzr, [%3]" : "+r"(x0) : "r"(x1), "r"(x2), "r"(kvm_way_out) : "memory");
	return x0;
}

} // namespace

uint64_t call(uint64_t function, uint64_t x1, uint64_t x2)
{
	if (host == Host::unknown)
		host = hvc(STAGE2_HVC_VERSION, 0, 0) == STAGE2_HVC_ABI ? Host::stage2 : Host::kvm;
	return host == Host::stage2 ? hvc(function, x1, x2) : way_out(function, x1, x2);
}

void end(int status)
{
	for (;;)
		call(STAGE2_HVC_END, static_cast<uint64_t>(status));
}

Line &Line::add(char c)
{
	if (length_ < sizeof(text_))
		text_[length_++] = c;
	return *this;
}

Line &Line::add(const char *text)
{
	while (*text)
		add(*text++);
	return *this;
}

Line &Line::digits(uint64_t number, unsigned base)
{
	if (number >= base)
		digits(number / base, base);
	return add("0123456789abcdef"[number % base]);
}

Line &Line::add(uint64_t decimal)
{
	return digits(decimal, 10);
}

Line &Line::add(Hex number)
{
	return add("0x").digits(number.value, 16);
}

Line::~Line()
{
	asm volatile("dsb sy" ::: "memory");
	call(STAGE2_HVC_PRINT, ipa_of(text_), length_);
}

void failed(const char *how, const char *what, const char *file, unsigned line)
{
	print(file, ":", uint64_t{line}, ": ", how, what, "\n");
	end(1);
}

} // namespace guest

extern "C" {

// A vCPU that begins a second time finds memory and registers as its last run has left them: what main() would make
// of that is nothing that anybody has asked for.
[[noreturn]] void guest_main(uint64_t vcpu, uint64_t x1, uint64_t x2, uint64_t x3, uint64_t x4,
			     uint64_t x5, uint64_t x6)
{
	static volatile bool begun[8];

	if (begun[vcpu]) {
		guest::print("vCPU ", vcpu,
			     " has run before: load the image again to start anew (s2ctl load, "
			     "s2load)\n");
		guest::end(guest::restart_status);
	}
	begun[vcpu] = true;
	guest::end(main(vcpu, x1, x2, x3, x4, x5, x6));
}

[[noreturn]] void guest_exception(uint64_t esr, uint64_t elr, uint64_t far)
{
	using guest::Hex;

	guest::print("exception: ESR ", Hex{esr}, ", at ", Hex{elr}, ", address ", Hex{far}, "\n");
	guest::end(guest::exception_status + static_cast<int>(guest::exception_class(esr)));
}

// The compiler may call these for any code.
void *memset(void *to, int byte, size_t n)
{
	auto *p = static_cast<char *>(to);

	while (n--)
		*p++ = static_cast<char>(byte);
	return to;
}

void *memcpy(void *to, const void *from, size_t n)
{
	auto *t = static_cast<char *>(to);
	auto *f = static_cast<const char *>(from);

	while (n--)
		*t++ = *f++;
	return to;
}
}
