// SPDX-License-Identifier: GPL-2.0-only
//
// kexec KERNEL INITRD FROM TO: starts another kernel at once, as a crash of all user space would look: no
// process is told. Its device tree is this kernel's, with that INITRD, and FROM in the command line, for
// once, written as TO, which is as long.
#include <linux/kexec.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace
{

using Bytes = std::string;

// Where QEMU's virt machine has RAM. The kernel is the one of any size.
constexpr uint64_t kernel_at = 0x4020'0000, stub_at = 0x4fc0'0000, tree_at = 0x4fe0'0000,
		   initrd_at = 0x5000'0000;

[[noreturn]] void fail(const char *what)
{
	std::fprintf(stderr, "kexec: %s\n", what);
	std::exit(1);
}

Bytes read_file(const char *path)
{
	std::ifstream file{path, std::ios::binary};
	Bytes bytes{std::istreambuf_iterator<char>{file}, {}};

	if (bytes.empty())
		fail(path);
	return bytes;
}

// The numbers of a device tree are big-endian.
uint32_t get(const Bytes &tree, size_t at)
{
	uint32_t value;

	if (at + sizeof(value) > tree.size())
		fail("the device tree is cut short");
	std::memcpy(&value, tree.data() + at, sizeof(value));
	return __builtin_bswap32(value);
}

void put(Bytes &tree, size_t at, size_t bytes, uint64_t value)
{
	for (size_t i = bytes; i-- > 0; value >>= 8)
		tree[at + i] = static_cast<char>(value);
}

// Calls act(name, offset, bytes) for each property of each node.
template <class Act> void each_property(const Bytes &tree, const Act &act)
{
	enum : uint32_t { begin_node = 1, end_node, property, nop, end = 9 };

	const size_t strings = get(tree, 12);
	size_t at = get(tree, 8);

	for (;;) {
		const uint32_t token = get(tree, at);

		at += 4;
		if (token == begin_node) {
			at += std::strlen(tree.c_str() + at) + 1;
		} else if (token == property) {
			const size_t bytes = get(tree, at);

			act(std::string_view{tree.c_str() + strings + get(tree, at + 4)}, at + 8,
			    bytes);
			at += 8 + bytes;
		} else if (token == end) {
			return;
		}
		at = (at + 3) & ~size_t{3};
	}
}

Bytes make_tree(size_t initrd_bytes, std::string_view from, std::string_view to)
{
	Bytes tree = read_file("/sys/firmware/fdt");
	unsigned found = 0;

	if (from.size() != to.size())
		fail("FROM and TO must have the same length");
	each_property(Bytes{tree}, [&](std::string_view name, size_t at, size_t bytes) {
		if (name == "linux,initrd-start") {
			put(tree, at, bytes, initrd_at);
		} else if (name == "linux,initrd-end") {
			put(tree, at, bytes, initrd_at + initrd_bytes);
		} else if (name == "bootargs") {
			const size_t words = tree.find(from, at);

			if (words >= at + bytes)
				fail("FROM is not in the command line");
			tree.replace(words, to.size(), to);
		} else {
			return;
		}
		found++;
	});
	if (found != 3)
		fail("the device tree has no /chosen as QEMU makes it");
	return tree;
}

// What a kernel is entered with: x0 is the device tree, x1 to x3 are 0.
struct [[gnu::packed]] Stub {
	uint32_t code[6] = {
		0x580000c0, // ldr x0, tree
		0x580000e4, // ldr x4, kernel
		0xaa1f03e1, // mov x1, xzr
		0xaa1f03e2, // mov x2, xzr
		0xaa1f03e3, // mov x3, xzr
		0xd61f0080, // br x4
	};
	uint64_t tree = tree_at;
	uint64_t kernel = kernel_at;
};

kexec_segment segment(const void *buffer, size_t bytes, uint64_t at, uint64_t room)
{
	constexpr uint64_t page = 65536;

	return {const_cast<void *>(buffer), bytes, reinterpret_cast<void *>(at),
		(std::max<uint64_t>(bytes, room) + page - 1) & ~(page - 1)};
}

} // namespace

int main(int argc, char **argv)
{
	if (argc != 5)
		fail("usage: kexec KERNEL INITRD FROM TO");

	const Bytes kernel = read_file(argv[1]), initrd = read_file(argv[2]);
	const Bytes tree = make_tree(initrd.size(), argv[3], argv[4]);
	const Stub stub;
	uint64_t image_bytes; // of the header: with what is zero to begin with

	if (kernel.size() < 64 || kernel.compare(56, 4, "ARMd"))
		fail("not an arm64 Image");
	std::memcpy(&image_bytes, kernel.data() + 16, sizeof(image_bytes));
	if (kernel_at + image_bytes > stub_at)
		fail("the kernel is too large");

	const kexec_segment segments[] = {
		segment(kernel.data(), kernel.size(), kernel_at, image_bytes),
		segment(&stub, sizeof(stub), stub_at, 0),
		segment(tree.data(), tree.size(), tree_at, 0),
		segment(initrd.data(), initrd.size(), initrd_at, 0),
	};

	if (syscall(SYS_kexec_load, stub_at, std::size(segments), segments, KEXEC_ARCH_DEFAULT))
		std::perror("kexec_load");
	else
		reboot(RB_KEXEC);
	return 1;
}
